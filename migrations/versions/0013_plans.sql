-- Plans: one row for each report of a target, and for each closing of a period. A later report for the
-- same days replaces the earlier one, which is kept, so that both the original and the revised plan
-- can be read, and what was closed when.
-- `ledger` is a placeholder for the schema named in the settings.

CREATE TABLE ledger.targets (
    generation integer NOT NULL,
    position bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    department text COLLATE "C" NOT NULL,
    figure text COLLATE "C" NOT NULL,
    plan numeric NOT NULL,
    currency text COLLATE "C" NOT NULL,
    market text COLLATE "C" NOT NULL,
    campaign text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    reseller text COLLATE "C" NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    CONSTRAINT targets_are_set_once PRIMARY KEY (generation, position)
);

CREATE INDEX targets_by_day ON ledger.targets (generation, ends_on, starts_on);

COMMENT ON COLUMN ledger.targets.market IS
    'The market that it is for; empty: all. The same applies to campaign, owner and reseller.';
COMMENT ON COLUMN ledger.targets.currency IS 'Empty: the target is a number, not an amount.';

CREATE TABLE ledger.closings (
    generation integer NOT NULL,
    position bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    figure text COLLATE "C" NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    read_at bigint NOT NULL,
    CONSTRAINT closings_are_made_once PRIMARY KEY (generation, position)
);

CREATE INDEX closings_by_day ON ledger.closings (generation, ends_on, starts_on);

COMMENT ON COLUMN ledger.closings.figure IS 'The figure that is closed; empty: all of them.';
COMMENT ON COLUMN ledger.closings.read_at IS
    'The position at which the numbers were read that the closing confirms.';
