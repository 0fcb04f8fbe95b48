-- Timers and reassessment: leads are indexed by the time of their next timer, and by the lifecycle
-- that decides them until they are reassessed. `ledger` is a placeholder for the schema named in
-- the settings.

ALTER TABLE ledger.ledger_head
    ADD COLUMN clock_ahead interval NOT NULL DEFAULT '0';

COMMENT ON COLUMN ledger.ledger_head.clock_ahead IS
    'How far the clock has been moved ahead. Only ledgers for tests and demonstrations have one '
    'other than 0.';

ALTER TABLE ledger.subjects
    ADD COLUMN due_at timestamptz,
    ADD COLUMN lifecycle integer;

UPDATE ledger.subjects SET lifecycle = 1 WHERE kind = 'lead';

COMMENT ON COLUMN ledger.subjects.due_at IS
    'When the first timer in the state is due: an index of the state.';
COMMENT ON COLUMN ledger.subjects.lifecycle IS
    'The version that decides this lead: an index of the state.';

CREATE TABLE ledger.leads_set_aside (
    lead_id uuid NOT NULL,
    position bigint NOT NULL,
    since timestamptz NOT NULL,
    tries bigint NOT NULL,
    retry_at timestamptz NOT NULL,
    error text NOT NULL,
    place text NOT NULL,
    CONSTRAINT leads_set_aside_are_listed_once PRIMARY KEY (lead_id)
);

COMMENT ON TABLE ledger.leads_set_aside IS
    'Leads that a fault of the service keeps from being brought up to date. All others proceed.';
COMMENT ON COLUMN ledger.leads_set_aside.position IS
    'Where the log ended when the lead was set aside.';
COMMENT ON COLUMN ledger.leads_set_aside.place IS
    'Where in the code the error was raised. Its message is not kept: it may be personal data.';

CREATE INDEX leads_set_aside_by_retry ON ledger.leads_set_aside (retry_at);
CREATE INDEX leads_set_aside_by_position ON ledger.leads_set_aside (position, lead_id);

CREATE INDEX subjects_by_due ON ledger.subjects (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX subjects_by_lifecycle ON ledger.subjects (lifecycle, subject_id) WHERE kind = 'lead';
