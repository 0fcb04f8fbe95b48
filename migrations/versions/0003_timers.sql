-- What happens by itself: leads are found by when something is due for them, and by the lifecycle
-- that decides them until they are reassessed. `ledger` stands for the schema of the settings.

ALTER TABLE ledger.ledger_head
    ADD COLUMN clock_ahead interval NOT NULL DEFAULT '0';

COMMENT ON COLUMN ledger.ledger_head.clock_ahead IS
    'Not 0 in a ledger for tests and demonstrations only: how far its clock has been turned.';

ALTER TABLE ledger.subjects
    ADD COLUMN due_at timestamptz,
    ADD COLUMN lifecycle integer;

UPDATE ledger.subjects SET lifecycle = 1 WHERE kind = 'lead';

COMMENT ON COLUMN ledger.subjects.due_at IS
    'When the first timer of the state is due: an index of what the state says.';
COMMENT ON COLUMN ledger.subjects.lifecycle IS
    'The version that decides this lead: an index of what the state says.';

CREATE INDEX subjects_by_due ON ledger.subjects (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX subjects_by_lifecycle ON ledger.subjects (lifecycle, subject_id) WHERE kind = 'lead';
