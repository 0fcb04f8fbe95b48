-- Deadlines, those that run and those that are over: one row for each `deadline.started`.
-- `ledger` stands for the schema that the settings name.

CREATE TABLE ledger.deadlines (
    generation integer NOT NULL,
    started bigint NOT NULL,
    lead_id uuid NOT NULL,
    deadline text COLLATE "C" NOT NULL,
    stage text COLLATE "C",
    started_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    owner text COLLATE "C",
    team text COLLATE "C",
    breached bigint,
    outcome text COLLATE "C",
    settled bigint,
    settled_at timestamptz,
    CONSTRAINT deadlines_start_once PRIMARY KEY (generation, started),
    CONSTRAINT deadlines_have_an_outcome CHECK (outcome IN ('met', 'late', 'left')),
    CONSTRAINT deadlines_are_settled_with_an_outcome
        CHECK ((outcome IS NULL) = (settled IS NULL) AND (settled IS NULL) = (settled_at IS NULL))
) WITH (fillfactor = 70);

CREATE INDEX deadlines_by_due ON ledger.deadlines (generation, due_at, started);
CREATE INDEX deadlines_undecided ON ledger.deadlines (generation, due_at, started)
    WHERE outcome IS NULL;
CREATE INDEX deadlines_by_lead ON ledger.deadlines (generation, lead_id);

COMMENT ON COLUMN ledger.deadlines.breached IS
    'The event that says so. It stays where a later report has restated it: then it was met.';
COMMENT ON COLUMN ledger.deadlines.outcome IS
    'met: answered in time. late: answered after it was due. left: the stage was left otherwise.';
COMMENT ON COLUMN ledger.deadlines.owner IS
    'Who looks after the lead now; once it is settled, who did then.';
