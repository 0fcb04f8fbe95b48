-- name: is_cluster
-- Whether the database is a Citus cluster; the tables that say where something is exist only there.
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')

-- name: read_node
-- The node with the tables of the ledger, and whether it is the one that answers this. No row if the
-- ledger is not distributed: then it is on the coordinator.
SELECT node.nodename AS host, node.nodeport AS port, node.groupid = answering.groupid AS is_here
  FROM pg_dist_shard AS shard
  JOIN pg_dist_placement AS placement USING (shardid)
  JOIN pg_dist_node AS node USING (groupid)
 CROSS JOIN pg_dist_local_group AS answering
 WHERE shard.logicalrelid = to_regclass('ledger.ledger_head')
   AND node.noderole = 'primary'

-- name: find_ledgers
-- Every schema with the head of a ledger, in order of name, and whether this role may read it.
SELECT namespace.nspname AS name,
       has_schema_privilege(namespace.oid, 'USAGE')
       AND has_table_privilege(head.oid, 'SELECT') AS is_readable
  FROM pg_class AS head
  JOIN pg_namespace AS namespace ON namespace.oid = head.relnamespace
 WHERE head.relname = 'ledger_head'
   AND namespace.nspname ~ '^[a-z][a-z0-9_]{0,47}$'
 ORDER BY namespace.nspname

-- name: read_position
-- Where the log ends. No row if the ledger has not been founded.
SELECT position FROM ledger.ledger_head

-- name: read_bytes
-- Bytes on disk: tables, indexes and everything else in the schema.
SELECT sum(pg_total_relation_size(relation.oid)) AS bytes
  FROM pg_class AS relation
 WHERE relation.relnamespace = CAST('{schema}' AS regnamespace)
   AND relation.relkind = 'r'

-- name: read_bytes_in_cluster
-- The same, on the node with the tables of the ledger; here they are empty.
SELECT sum(citus_total_relation_size(shard.logicalrelid, fail_on_error := false)) AS bytes
  FROM pg_dist_shard AS shard
  JOIN pg_class AS relation ON relation.oid = shard.logicalrelid
 WHERE relation.relnamespace = CAST('{schema}' AS regnamespace)
