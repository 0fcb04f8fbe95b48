-- Reads of personal data: who saw which leads, and when. Each row is chained to the one before, and
-- the end of the chain enters the log every hour, so that no row can be removed or changed unnoticed.
-- `ledger` is a placeholder for the schema named in the settings.

CREATE TABLE ledger.personal_reads (
    number bigint NOT NULL,
    read_at timestamptz NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    page text COLLATE "C" NOT NULL,
    leads uuid[] NOT NULL,
    chain bytea NOT NULL,
    CONSTRAINT personal_reads_are_numbered PRIMARY KEY (number),
    CONSTRAINT personal_reads_begin_with_one CHECK (number > 0),
    CONSTRAINT personal_reads_are_of_someone CHECK (cardinality(leads) > 0),
    CONSTRAINT personal_reads_chain_is_sha256 CHECK (octet_length(chain) = 32)
);

COMMENT ON COLUMN ledger.personal_reads.chain IS
    'SHA-256 of 0x06, the chain of the row before (32 zero bytes for the first) and this row as JSON.';

CREATE INDEX personal_reads_by_time ON ledger.personal_reads (read_at);

CREATE TRIGGER personal_reads_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.personal_reads
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- What was searched for is personal, so it never is part of a URL: a token stands for it.
CREATE TABLE ledger.page_searches (
    token_digest bytea NOT NULL,
    session_id uuid NOT NULL,
    term text NOT NULL,
    searched_at timestamptz NOT NULL,
    CONSTRAINT page_searches_have_their_own_token PRIMARY KEY (token_digest),
    CONSTRAINT page_searches_end_with_their_session
        FOREIGN KEY (session_id) REFERENCES ledger.page_sessions (session_id) ON DELETE CASCADE
);

CREATE INDEX page_searches_by_time ON ledger.page_searches (searched_at);
CREATE INDEX page_searches_of_a_session ON ledger.page_searches (session_id);
