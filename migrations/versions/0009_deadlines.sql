-- Deadlines, open and settled: one row for each `deadline.started`.
-- `ledger` is a placeholder for the schema named in the settings.

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
    'The event that reported the breach. It is kept if a later report restates the deadline as met.';
COMMENT ON COLUMN ledger.deadlines.outcome IS
    'met: answered in time. late: answered after it was due. left: the lead left the stage otherwise.';
COMMENT ON COLUMN ledger.deadlines.owner IS
    'The owner of the lead: the current one, or for a settled deadline the owner at that time.';
