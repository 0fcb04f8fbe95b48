-- name: count_rows
-- The size of a generation in one table, for the report of a rebuild.
SELECT count(*) AS rows
  FROM ledger.{table}
 WHERE generation = :generation

-- name: delete_rows
-- Delete a batch of a retired generation from one table.
WITH gone AS (
     DELETE FROM ledger.{table}
      WHERE ctid = ANY (ARRAY (SELECT ctid FROM ledger.{table}
                                WHERE generation = :generation LIMIT :limit))
     RETURNING 1)
SELECT count(*) AS deleted FROM gone
