-- name: is_read_only
-- Whether the database answers, and whether it accepts writes: a replica, or a ledger that was made
-- read-only, answers every query and records nothing.
SELECT current_setting('transaction_read_only') = 'on'

-- name: spill_early
-- Make the next statement write to disk what it would otherwise keep in memory.
SELECT set_config('work_mem', '64kB', true)

-- name: need_space
-- Write half a megabyte to a temporary file, which is removed at once. A full disk refuses it as it
-- refuses new pages of a table, whereas an update of one row may still find room in an old page;
-- and it needs no log, no flush and no write privilege.
SELECT count(*)
  FROM unnest(array_fill(repeat('x', 1000), ARRAY[500])) AS spilled
