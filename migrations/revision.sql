-- name: has_table
-- Whether the schema is a ledger at all.
SELECT to_regclass('ledger.schema_version') IS NOT NULL;

-- name: read
-- The revision of the schema.
SELECT version_num FROM ledger.schema_version;
