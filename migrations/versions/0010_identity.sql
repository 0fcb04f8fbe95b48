-- What counts can change: a restatement closes the known stays of a lead and makes others known at
-- one position. An index finds the contradictions that a person has to judge.
-- `ledger` is a placeholder for the schema named in the settings.

ALTER TABLE ledger.stage_stays
    ADD COLUMN number integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT stage_stays_are_known_once,
    ADD CONSTRAINT stage_stays_are_known_once
        PRIMARY KEY (generation, subject_id, known_from, entry_position, number);

ALTER TABLE ledger.stage_standing
    ADD COLUMN number integer NOT NULL DEFAULT 0;

COMMENT ON COLUMN ledger.stage_stays.number IS
    'Number, from 0, among the stays that one restatement made known. One report may cause several.';
COMMENT ON COLUMN ledger.stage_stays.known_to IS
    'The restatement from which the stay no longer counts. A stay that was open then ends here with '
    'it, so it was open for as long as it was known.';

-- Events that a person may have to judge: a small share of all events.
CREATE INDEX events_to_be_judged ON ledger.events (position)
    WHERE type IN ('identity.conflicted', 'account.conflicted', 'lead.restated');
