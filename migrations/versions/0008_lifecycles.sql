-- What succession of lifecycles looks for: the newest publication, and the leads of a company whose
-- judgement changes. `ledger` stands for the schema of the settings.

CREATE INDEX events_by_publication ON ledger.events (position)
 WHERE type = 'lifecycle.published';

-- Computed by the database from the state's text, so that no writer can forget it. What it finds is
-- judged under the lock by the state itself, so that a find too many does no harm.
ALTER TABLE ledger.subjects
    ADD COLUMN account uuid GENERATED ALWAYS AS (
        CAST(substring(state FROM '"account":"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"') AS uuid)
    ) STORED;

COMMENT ON COLUMN ledger.subjects.account IS
    'The company of a lead: an index of what the state says.';

CREATE INDEX subjects_by_account ON ledger.subjects (account, subject_id) WHERE account IS NOT NULL;
