-- name: describe
-- Everything that a migration can make in a schema, one line each, in an order of its own.
SELECT line
  FROM (
       SELECT 'column ' || relation.relname || '.' || attribute.attname || ' '
              || format_type(attribute.atttypid, attribute.atttypmod)
              || CASE WHEN attribute.attnotnull THEN ' not null' ELSE '' END
              || coalesce(' default ' || pg_get_expr(given.adbin, given.adrelid), '') AS line
         FROM pg_attribute AS attribute
         JOIN pg_class AS relation ON relation.oid = attribute.attrelid
         LEFT JOIN pg_attrdef AS given
           ON given.adrelid = relation.oid AND given.adnum = attribute.attnum
        WHERE relation.relnamespace = CAST(CAST(:schema AS text) AS regnamespace)
          AND relation.relkind = 'r' AND attribute.attnum > 0 AND NOT attribute.attisdropped
        UNION ALL
       SELECT 'constraint ' || relation.relname || '.' || guard.conname || ' '
              || pg_get_constraintdef(guard.oid)
         FROM pg_constraint AS guard
         JOIN pg_class AS relation ON relation.oid = guard.conrelid
        WHERE guard.connamespace = CAST(CAST(:schema AS text) AS regnamespace) AND guard.contype <> 'n'
        UNION ALL
       SELECT 'index ' || indexname || ' ' || substring(indexdef FROM ' USING .*')
         FROM pg_indexes
        WHERE schemaname = CAST(:schema AS text)
        UNION ALL
       SELECT 'trigger ' || relation.relname || '.' || guard.tgname || ' '
              || substring(pg_get_triggerdef(guard.oid) FROM '(BEFORE|AFTER) ') || guard.tgtype
         FROM pg_trigger AS guard
         JOIN pg_class AS relation ON relation.oid = guard.tgrelid
        WHERE relation.relnamespace = CAST(CAST(:schema AS text) AS regnamespace) AND NOT guard.tgisinternal
        UNION ALL
       SELECT 'function ' || proname || '(' || pg_get_function_identity_arguments(oid) || ') '
              || md5(prosrc)
         FROM pg_proc
        WHERE pronamespace = CAST(CAST(:schema AS text) AS regnamespace)
       ) AS described
 ORDER BY line COLLATE "C"
