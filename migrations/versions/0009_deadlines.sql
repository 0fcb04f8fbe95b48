-- Deadlines, open and settled: one row for each `deadline.started`, and others for those that count
-- since a restatement. Rows that no longer count are closed, not removed.
-- `ledger` is a placeholder for the schema named in the settings.

CREATE TABLE ledger.deadlines (
    generation integer NOT NULL,
    lead_id uuid NOT NULL,
    known_from bigint NOT NULL,
    number integer NOT NULL,
    deadline text COLLATE "C" NOT NULL,
    stage text COLLATE "C",
    started bigint NOT NULL,
    started_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    owner text COLLATE "C",
    team text COLLATE "C",
    breached bigint,
    outcome text COLLATE "C",
    settled bigint,
    settled_at timestamptz,
    known_to bigint,
    CONSTRAINT deadlines_are_known_once PRIMARY KEY (generation, known_from, number),
    CONSTRAINT deadlines_have_an_outcome CHECK (outcome IN ('met', 'late', 'left')),
    CONSTRAINT deadlines_are_settled_with_an_outcome
        CHECK ((outcome IS NULL) = (settled IS NULL) AND (settled IS NULL) = (settled_at IS NULL))
) WITH (fillfactor = 70);

CREATE INDEX deadlines_by_due ON ledger.deadlines (generation, due_at, known_from, number)
    WHERE known_to IS NULL;
CREATE INDEX deadlines_undecided ON ledger.deadlines (generation, due_at, known_from, number)
    WHERE outcome IS NULL AND known_to IS NULL;
CREATE INDEX deadlines_by_lead ON ledger.deadlines (generation, lead_id);

COMMENT ON COLUMN ledger.deadlines.known_from IS
    'The event that started it, or the restatement that made it known.';
COMMENT ON COLUMN ledger.deadlines.number IS
    'Number, from 0, among the deadlines that became known at the same position.';
COMMENT ON COLUMN ledger.deadlines.known_to IS
    'The restatement from which it no longer counts, or the merge by which its lead became another.';
COMMENT ON COLUMN ledger.deadlines.started IS
    'The event that started it. After a restatement, the report from which that follows; the same '
    'applies to breached and settled.';
COMMENT ON COLUMN ledger.deadlines.outcome IS
    'met: answered in time. late: answered after it was due. left: the lead left the stage otherwise.';
COMMENT ON COLUMN ledger.deadlines.owner IS
    'The owner of the lead: the current one, or for a settled deadline the owner at that time.';
