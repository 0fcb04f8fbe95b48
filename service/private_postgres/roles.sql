-- The two roles and their database. Run once, in single-user mode, before the server has ever
-- listened. A statement ends with a semicolon and an empty line. The passwords are passed as
-- session settings, and the server quotes them.

-- The owner migrates: it owns all tables, so only the owner could change what is append-only.
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

-- Timeouts are set on the role, because behind a pool there is no session to set them in. A request
-- that waits longer than this for the ledger's head gets 503 with Retry-After.
ALTER ROLE leadledger_app SET lock_timeout = '5s';

-- No statement of ours takes this long; one that does has lost its client.
ALTER ROLE leadledger_app SET statement_timeout = '60s';

-- A transaction whose process hangs must not hold the head indefinitely.
ALTER ROLE leadledger_app SET idle_in_transaction_session_timeout = '60s';

CREATE DATABASE leadledger OWNER leadledger_owner;

-- Only the roles named here may connect.
REVOKE ALL ON DATABASE leadledger FROM PUBLIC;

GRANT CONNECT ON DATABASE leadledger TO leadledger_app;

