-- The rights of the serving role. It owns nothing, so it can neither change an event nor drop the
-- trigger that prevents that. Granted again after every migration.
DO $grants$
DECLARE
    projected text;
    shown text;
    serving text := quote_ident(current_setting('leadledger.serving_role'));
BEGIN
    EXECUTE 'GRANT USAGE ON SCHEMA ' || quote_ident('{schema}') || ' TO ' || serving;
    EXECUTE 'REVOKE ALL ON ALL TABLES IN SCHEMA ' || quote_ident('{schema}') || ' FROM ' || serving;
    EXECUTE 'GRANT SELECT ON ALL TABLES IN SCHEMA ' || quote_ident('{schema}') || ' TO ' || serving;
    -- Views one by one: Citus passes rights on all tables on to its nodes, but not those on views.
    FOR shown IN
        SELECT quote_ident(schemaname) || '.' || quote_ident(viewname)
          FROM pg_views
         WHERE schemaname = '{schema}'
    LOOP
        EXECUTE 'GRANT SELECT ON ' || shown || ' TO ' || serving;
    END LOOP;
    EXECUTE 'GRANT INSERT ON ledger.events, ledger.event_personal, ledger.event_actors, '
            'ledger.identifiers TO ' || serving;
    -- Not clock_ahead: a ledger whose clock can be moved proves nothing.
    EXECUTE 'GRANT UPDATE (position, recorded_at, chain) ON ledger.ledger_head TO ' || serving;
    EXECUTE 'GRANT INSERT, UPDATE ON ledger.subjects TO ' || serving;
    -- A key's terms can change, and a key can be revoked. Its secret and whether it is the
    -- founder's are fixed when it is created.
    EXECUTE 'GRANT INSERT ON ledger.api_keys TO ' || serving;
    EXECUTE 'GRANT UPDATE (name, sources, department, scopes, events_per_second, origins, '
            'expires_at, revoked_at) ON ledger.api_keys TO ' || serving;
    -- A refusal's content stays as received; only its outcome changes.
    EXECUTE 'GRANT INSERT, DELETE ON ledger.refusals TO ' || serving;
    EXECUTE 'GRANT UPDATE (last_received_at, times, reason, problem, status, retries, position, '
            'settled_at, settled_by, dismissal, state_seal) ON ledger.refusals TO ' || serving;
    -- Counts only grow.
    EXECUTE 'GRANT INSERT ON ledger.intake_counts TO ' || serving;
    EXECUTE 'GRANT UPDATE (items, last_at) ON ledger.intake_counts TO ' || serving;
    -- A session is used until it ends; what it was opened with stays.
    EXECUTE 'GRANT INSERT, DELETE ON ledger.page_sessions TO ' || serving;
    EXECUTE 'GRANT UPDATE (last_seen_at) ON ledger.page_sessions TO ' || serving;
    -- A read of personal data is recorded for good.
    EXECUTE 'GRANT INSERT ON ledger.personal_reads TO ' || serving;
    EXECUTE 'GRANT INSERT, DELETE ON ledger.page_searches TO ' || serving;
    EXECUTE 'GRANT INSERT, DELETE ON ledger.page_log_in_failures TO ' || serving;
    EXECUTE 'GRANT INSERT, UPDATE, DELETE ON ledger.webhooks, ledger.webhook_secrets, '
         || 'ledger.webhook_deliveries TO ' || serving;
    FOR projected IN
        SELECT quote_ident(schemaname) || '.' || quote_ident(tablename)
          FROM pg_tables
         WHERE schemaname = '{schema}'
           AND tablename NOT IN ('ledger_head', 'events', 'event_personal', 'event_actors',
                                 'subjects', 'identifiers', 'refusals', 'api_keys', 'schema_version',
                                 'webhooks', 'webhook_secrets', 'webhook_deliveries', 'page_sessions',
                                 'page_log_in_failures', 'personal_reads', 'page_searches',
                                 'intake_counts')
    LOOP
        -- Checkpoints and projections: everything that can be dropped and rebuilt.
        EXECUTE 'GRANT INSERT, UPDATE, DELETE ON ' || projected || ' TO ' || serving;
    END LOOP;
    EXECUTE 'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ' || quote_ident('{schema}') || ' TO ' || serving;
END
$grants$;
