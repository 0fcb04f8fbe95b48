-- How far each projection has read. `ledger` is a placeholder for the schema named in the settings.

CREATE TABLE ledger.projections (
    name text COLLATE "C" NOT NULL,
    generation integer NOT NULL,
    version integer NOT NULL,
    status text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    recorded_at timestamptz,
    failure text,
    held_until timestamptz,
    CONSTRAINT projections_have_one_checkpoint PRIMARY KEY (name, generation),
    CONSTRAINT projections_have_a_status
        CHECK (status IN ('building', 'live', 'retired', 'removed')),
    CONSTRAINT projections_position_is_not_negative CHECK (position >= 0)
) WITH (fillfactor = 10);

CREATE UNIQUE INDEX projections_have_one_live_generation
    ON ledger.projections (name) WHERE status = 'live';

CREATE UNIQUE INDEX projections_have_one_generation_under_construction
    ON ledger.projections (name) WHERE status = 'building';

COMMENT ON COLUMN ledger.projections.held_until IS
    'Until when a process has a generation under construction to itself.';

COMMENT ON TABLE ledger.projections IS
    'Checkpoints. The runner locks its own in the transaction that writes the rows.';
