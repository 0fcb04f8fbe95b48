-- What counts can change: a restatement closes what was known of a lead's stays and makes others
-- known at one position; and whoever has to judge a contradiction finds it without a search.
-- `ledger` stands for the schema that the settings name.

ALTER TABLE ledger.stage_stays
    ADD COLUMN number integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT stage_stays_are_known_once,
    ADD CONSTRAINT stage_stays_are_known_once
        PRIMARY KEY (generation, subject_id, known_from, entry_position, number);

ALTER TABLE ledger.stage_standing
    ADD COLUMN number integer NOT NULL DEFAULT 0;

COMMENT ON COLUMN ledger.stage_stays.number IS
    'Which of the stays it is that one restatement made known, from 0. One report may cause several.';
COMMENT ON COLUMN ledger.stage_stays.known_to IS
    'The restatement since which the stay counts no longer. One that was open then ends with it here, '
    'so that it was open as long as it was known.';

-- What a person may have to judge: few of all events.
CREATE INDEX events_to_be_judged ON ledger.events (position)
    WHERE type IN ('identity.conflicted', 'account.conflicted', 'lead.restated');
