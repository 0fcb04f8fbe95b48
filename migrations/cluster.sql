-- On a Citus cluster, a ledger is a schema on one node: the schema is created as such, and the
-- triggers that keep events from being changed are allowed, which on one node they safely are.
-- Elsewhere nothing happens.
DO $cluster$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        PERFORM set_config('citus.enable_schema_based_sharding', 'on', true),
                set_config('citus.enable_unsafe_triggers', 'on', true);
    END IF;
END
$cluster$;
