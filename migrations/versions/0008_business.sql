-- Reports of deals and orders, and marketing touches, from which contribution is computed; contacts with
-- leads; and what campaigns cost.
-- `ledger` is a placeholder for the schema named in the settings.

CREATE TABLE ledger.business_reports (
    generation integer NOT NULL,
    position bigint NOT NULL,
    known_from bigint NOT NULL,
    what text COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    lead uuid,
    pass_number integer,
    account uuid,
    opportunity text COLLATE "C",
    order_id text COLLATE "C",
    value numeric,
    gross_profit numeric,
    currency text COLLATE "C",
    business text COLLATE "C",
    product text COLLATE "C",
    origin text COLLATE "C",
    expected_close date,
    reason text COLLATE "C",
    voided_by bigint,
    CONSTRAINT business_reports_are_known_once PRIMARY KEY (generation, position, known_from)
);

CREATE INDEX business_reports_by_account ON ledger.business_reports (generation, account)
 WHERE account IS NOT NULL;
CREATE INDEX business_reports_by_lead ON ledger.business_reports (generation, lead)
 WHERE lead IS NOT NULL;

COMMENT ON COLUMN ledger.business_reports.known_from IS
    'The position from which this is known: its own, or that of the event that corrected or '
    'restated it.';
COMMENT ON COLUMN ledger.business_reports.expected_close IS
    'When a deal is expected to be decided, as this report says.';
COMMENT ON COLUMN ledger.business_reports.reason IS
    'Why a deal was lost or an order cancelled, as this report says.';
COMMENT ON COLUMN ledger.business_reports.voided_by IS
    'The event that voided, corrected or restated this one. What was known before that position '
    'stays as it was.';

CREATE TABLE ledger.business_touches (
    generation integer NOT NULL,
    position bigint NOT NULL,
    known_from bigint NOT NULL,
    lead uuid NOT NULL,
    touched_at timestamptz NOT NULL,
    origin text COLLATE "C",
    is_touch boolean NOT NULL,
    campaign text COLLATE "C",
    voided_by bigint,
    CONSTRAINT business_touches_are_known_once PRIMARY KEY (generation, position, known_from)
);

CREATE INDEX business_touches_by_lead ON ledger.business_touches (generation, lead, touched_at);
-- For the figure about campaigns: what they touched in a period.
CREATE INDEX business_touches_of_campaigns ON ledger.business_touches (generation, touched_at)
    WHERE campaign IS NOT NULL;

CREATE TABLE ledger.business_contacts (
    generation integer NOT NULL,
    position bigint NOT NULL,
    known_from bigint NOT NULL,
    lead uuid NOT NULL,
    contacted_at timestamptz NOT NULL,
    what text COLLATE "C" NOT NULL,
    class text COLLATE "C",
    voided_by bigint,
    CONSTRAINT business_contacts_are_known_once PRIMARY KEY (generation, position, known_from)
);

COMMENT ON COLUMN ledger.business_contacts.class IS
    'What a completed screening found.';

CREATE TABLE ledger.business_costs (
    generation integer NOT NULL,
    position bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    campaign text COLLATE "C" NOT NULL,
    channel text COLLATE "C",
    currency text COLLATE "C" NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    cost numeric NOT NULL,
    CONSTRAINT business_costs_are_recorded_once PRIMARY KEY (generation, position),
    CONSTRAINT business_costs_end_after_they_begin CHECK (ends_on >= starts_on)
);

COMMENT ON TABLE ledger.business_costs IS
    'What campaigns cost in a period. The last report known for the same campaign, channel, currency '
    'and days counts; the ledger refuses periods that overlap.';
