-- name: describe
-- Everything that a migration can create in a schema, one line each, in an order that depends
-- neither on the owner nor on the schema's name.
SELECT line
  FROM (
       SELECT 'table ' || relation.relname || ' ' || CAST(relation.relkind AS text)
              || CAST(relation.relpersistence AS text)
              || CASE WHEN relation.relrowsecurity THEN ' row security' ELSE '' END AS line
         FROM pg_class AS relation
        WHERE relation.relnamespace = CAST(CAST(:schema AS text) AS regnamespace)
          AND relation.relkind NOT IN ('i', 'I', 't')
        UNION ALL
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
              || ' ' || CAST(guard.tgenabled AS text) || ' '
              || substring(pg_get_triggerdef(guard.oid) FROM '[^. ]+\(.*\)$')
         FROM pg_trigger AS guard
         JOIN pg_class AS relation ON relation.oid = guard.tgrelid
        WHERE relation.relnamespace = CAST(CAST(:schema AS text) AS regnamespace) AND NOT guard.tgisinternal
        UNION ALL
       SELECT 'rule ' || relation.relname || '.' || rule.rulename || ' ' || CAST(rule.ev_enabled AS text)
         FROM pg_rewrite AS rule
         JOIN pg_class AS relation ON relation.oid = rule.ev_class
        WHERE relation.relnamespace = CAST(CAST(:schema AS text) AS regnamespace)
        UNION ALL
       SELECT 'view ' || relation.relname || ' ' || md5(pg_get_viewdef(relation.oid))
         FROM pg_class AS relation
        WHERE relation.relnamespace = CAST(CAST(:schema AS text) AS regnamespace)
          AND relation.relkind = 'v'
        UNION ALL
       SELECT 'function ' || proname || '(' || pg_get_function_identity_arguments(oid) || ') '
              || md5(prosrc)
         FROM pg_proc
        WHERE pronamespace = CAST(CAST(:schema AS text) AS regnamespace)
       ) AS described
 ORDER BY line COLLATE "C"

-- name: describe_rights
-- Rights beyond reading that roles other than the owner hold: one line for each right and place.
SELECT DISTINCT held.privilege_type || ' on ' || held.place AS line
  FROM (
       SELECT relation.relname AS place, granted.grantee, granted.privilege_type, relation.relowner
         FROM pg_class AS relation
        CROSS JOIN LATERAL aclexplode(relation.relacl) AS granted
        WHERE relation.relnamespace = CAST(CAST(:schema AS text) AS regnamespace)
        UNION ALL
       SELECT relation.relname || '.' || attribute.attname, granted.grantee,
              granted.privilege_type, relation.relowner
         FROM pg_attribute AS attribute
         JOIN pg_class AS relation ON relation.oid = attribute.attrelid
        CROSS JOIN LATERAL aclexplode(attribute.attacl) AS granted
        WHERE relation.relnamespace = CAST(CAST(:schema AS text) AS regnamespace)
       ) AS held
 WHERE held.grantee <> held.relowner AND held.privilege_type <> 'SELECT'
 ORDER BY line
