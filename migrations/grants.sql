-- What the serving role may do. It owns nothing, so that it can neither change an event nor take
-- away the trigger that would stop it. Granted anew after every migration.
DO $grants$
DECLARE
    projected text;
    serving text := quote_ident(current_setting('leadledger.serving_role'));
BEGIN
    EXECUTE 'GRANT USAGE ON SCHEMA ' || quote_ident('{schema}') || ' TO ' || serving;
    EXECUTE 'REVOKE ALL ON ALL TABLES IN SCHEMA ' || quote_ident('{schema}') || ' FROM ' || serving;
    EXECUTE 'GRANT SELECT ON ALL TABLES IN SCHEMA ' || quote_ident('{schema}') || ' TO ' || serving;
    EXECUTE 'GRANT INSERT ON ledger.events, ledger.event_personal, ledger.identifiers TO ' || serving;
    -- Not its clock: a ledger in which that can be turned proves nothing.
    EXECUTE 'GRANT UPDATE (position, recorded_at, chain) ON ledger.ledger_head TO ' || serving;
    EXECUTE 'GRANT INSERT, UPDATE ON ledger.subjects TO ' || serving;
    -- A key is given other terms and revoked. It gets no other secret, and does not become the
    -- founder's: that is decided when it is made.
    EXECUTE 'GRANT INSERT ON ledger.api_keys TO ' || serving;
    EXECUTE 'GRANT UPDATE (name, sources, department, scopes, events_per_second, origins, '
            'expires_at, revoked_at) ON ledger.api_keys TO ' || serving;
    -- What was refused stays as it came; what becomes of it changes.
    EXECUTE 'GRANT INSERT, DELETE ON ledger.refusals TO ' || serving;
    EXECUTE 'GRANT UPDATE (last_received_at, times, reason, problem, status, retries, position, '
            'settled_at, settled_by, dismissal, standing_seal) ON ledger.refusals TO ' || serving;
    EXECUTE 'GRANT INSERT, UPDATE, DELETE ON ledger.webhooks, ledger.webhook_secrets, '
         || 'ledger.webhook_deliveries TO ' || serving;
    FOR projected IN
        SELECT quote_ident(schemaname) || '.' || quote_ident(tablename)
          FROM pg_tables
         WHERE schemaname = '{schema}'
           AND tablename NOT IN ('ledger_head', 'events', 'event_personal', 'subjects',
                                 'identifiers', 'refusals', 'api_keys', 'schema_version',
                                 'webhooks', 'webhook_secrets', 'webhook_deliveries')
    LOOP
        -- Checkpoints and projections: whatever can be thrown away and built again.
        EXECUTE 'GRANT INSERT, UPDATE, DELETE ON ' || projected || ' TO ' || serving;
    END LOOP;
    EXECUTE 'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ' || quote_ident('{schema}') || ' TO ' || serving;
END
$grants$;
