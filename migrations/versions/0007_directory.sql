-- The current leads and accounts: the source of lists, work lists and searches.
-- `ledger` is a placeholder for the schema named in the settings.

CREATE TABLE ledger.directory_leads (
    generation integer NOT NULL,
    subject_id uuid NOT NULL,
    position bigint NOT NULL,
    lifecycle integer NOT NULL,
    stage text COLLATE "C",
    pass_number integer NOT NULL,
    entered_at timestamptz,
    acquired_at timestamptz,
    owner text COLLATE "C",
    grade text COLLATE "C",
    market text COLLATE "C",
    priority text COLLATE "C",
    origin text COLLATE "C",
    channel text COLLATE "C",
    account uuid,
    revisit_on date,
    screened_as text COLLATE "C",
    is_absorbed boolean NOT NULL,
    lists text[] NOT NULL,
    state text NOT NULL,
    CONSTRAINT directory_leads_stand_once PRIMARY KEY (generation, subject_id)
) WITH (fillfactor = 70);

CREATE INDEX directory_leads_by_stage ON ledger.directory_leads (generation, stage, subject_id);
CREATE INDEX directory_leads_by_owner ON ledger.directory_leads (generation, owner, subject_id)
    WHERE owner IS NOT NULL;
CREATE INDEX directory_leads_by_account ON ledger.directory_leads (generation, account, subject_id)
    WHERE account IS NOT NULL;
CREATE INDEX directory_leads_by_list ON ledger.directory_leads USING gin (lists);

COMMENT ON COLUMN ledger.directory_leads.lists IS
    'Lists that the lead is on, ignoring time limits: queries compare acquired_at with the moment.';

CREATE TABLE ledger.directory_accounts (
    generation integer NOT NULL,
    subject_id uuid NOT NULL,
    position bigint NOT NULL,
    stage text COLLATE "C",
    entered_at timestamptz,
    segment text COLLATE "C",
    key_role text COLLATE "C",
    owner text COLLATE "C",
    state text NOT NULL,
    CONSTRAINT directory_accounts_stand_once PRIMARY KEY (generation, subject_id)
) WITH (fillfactor = 70);

CREATE INDEX directory_accounts_by_stage
    ON ledger.directory_accounts (generation, stage, subject_id);
CREATE INDEX directory_accounts_by_segment
    ON ledger.directory_accounts (generation, segment, subject_id) WHERE segment IS NOT NULL;
CREATE INDEX directory_accounts_by_key_role
    ON ledger.directory_accounts (generation, key_role, subject_id) WHERE key_role IS NOT NULL;
CREATE INDEX directory_accounts_by_owner
    ON ledger.directory_accounts (generation, owner, subject_id) WHERE owner IS NOT NULL;

-- How long a lead was known to be on a list: the log cut at any position has the same rows.
CREATE TABLE ledger.directory_lists (
    generation integer NOT NULL,
    subject_id uuid NOT NULL,
    list text COLLATE "C" NOT NULL,
    known_from bigint NOT NULL,
    acquired_at timestamptz,
    known_to bigint,
    CONSTRAINT directory_lists_are_entered_once
        PRIMARY KEY (generation, subject_id, list, known_from),
    CONSTRAINT directory_lists_are_left_later CHECK (known_to > known_from)
) WITH (fillfactor = 70);

COMMENT ON COLUMN ledger.directory_lists.known_from IS
    'The event that put the lead on the list, ignoring time limits.';
COMMENT ON COLUMN ledger.directory_lists.known_to IS
    'The event that took it off, or that changed since when the lead counts as acquired.';
