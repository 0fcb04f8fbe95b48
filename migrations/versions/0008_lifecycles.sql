-- Indexes for the succession of lifecycles: the newest publication, and the leads of a company
-- whose judgement changes. `ledger` is a placeholder for the schema named in the settings.

CREATE INDEX events_by_publication ON ledger.events (position)
 WHERE type = 'lifecycle.published';

-- The database computes it from the state's text, so no writer can forget it. Matches are checked
-- against the state itself under the lock, so a false match does no harm.
ALTER TABLE ledger.subjects
    ADD COLUMN account uuid GENERATED ALWAYS AS (
        CAST(substring(state FROM '"account":"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"') AS uuid)
    ) STORED;

COMMENT ON COLUMN ledger.subjects.account IS
    'The company of a lead: an index of the state.';

CREATE INDEX subjects_by_account ON ledger.subjects (account, subject_id) WHERE account IS NOT NULL;
