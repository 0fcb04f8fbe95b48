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
    'Leads that a fault of the service keeps from being brought up to date: everybody else goes on.';
COMMENT ON COLUMN ledger.leads_set_aside.position IS
    'Where the log ended when the lead was set aside.';
COMMENT ON COLUMN ledger.leads_set_aside.place IS
    'Where in the code the error was raised. Its words are not kept: they may be personal.';

CREATE INDEX leads_set_aside_by_retry ON ledger.leads_set_aside (retry_at);
CREATE INDEX leads_set_aside_by_position ON ledger.leads_set_aside (position, lead_id);

CREATE INDEX subjects_by_due ON ledger.subjects (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX subjects_by_lifecycle ON ledger.subjects (lifecycle, subject_id) WHERE kind = 'lead';
