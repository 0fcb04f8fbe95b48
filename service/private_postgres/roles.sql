-- The two roles and their database. Run once, in single-user mode, before the server has ever
-- listened. A statement ends with a semicolon and an empty line. The passwords come as settings of
-- the session, and are quoted by the server.

-- The owner migrates: all tables are his, so he alone could change what is append-only.
DO $$
BEGIN
  EXECUTE format(
    'CREATE ROLE leadledger_owner LOGIN PASSWORD %L',
    current_setting('leadledger.owner_password')
  );
END
$$;

-- The serving role owns nothing; migrations grant it what it needs.
DO $$
BEGIN
  EXECUTE format(
    'CREATE ROLE leadledger_app LOGIN PASSWORD %L',
    current_setting('leadledger.app_password')
  );
END
$$;

-- Timeouts belong to the role, because behind a pool there is no session to set them in. Whoever
-- waits for the ledger's head longer than this is told to come again.
ALTER ROLE leadledger_app SET lock_timeout = '5s';

-- No request of ours takes this long; one that does has lost its client.
ALTER ROLE leadledger_app SET statement_timeout = '60s';

-- A transaction whose process hangs must not hold the head for ever.
ALTER ROLE leadledger_app SET idle_in_transaction_session_timeout = '60s';

CREATE DATABASE leadledger OWNER leadledger_owner;

-- Nobody connects who is not named.
REVOKE ALL ON DATABASE leadledger FROM PUBLIC;

GRANT CONNECT ON DATABASE leadledger TO leadledger_app;

