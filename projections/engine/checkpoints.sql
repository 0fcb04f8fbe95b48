-- name: limit_waits
-- Timeouts of this transaction only: a pooler may give the next one another session. Commits do not
-- wait for the disk: rows and checkpoint are in one transaction, so whatever a database crash loses
-- is folded again, and the disk is left to the writer, whose commits must be durable.
SELECT set_config('lock_timeout', '5s', true),
       set_config('synchronous_commit', 'off', true),
       set_config('statement_timeout', '60s', true),
       set_config('idle_in_transaction_session_timeout', '60s', true)

-- name: limit_long_waits
-- A comparison reads two whole generations.
SELECT set_config('lock_timeout', '60s', true),
       set_config('statement_timeout', '1h', true),
       set_config('idle_in_transaction_session_timeout', '5min', true)

-- name: create
-- The first generation of a projection that has none.
INSERT INTO ledger.projections (name, generation, version, status, position)
SELECT CAST(:name AS text), 1, CAST(:version AS integer), 'live', 0
 WHERE NOT EXISTS (SELECT FROM ledger.projections WHERE name = :name)
    ON CONFLICT DO NOTHING

-- name: take_live
-- Election and fencing in one: the process that holds a row projects until its transaction ends.
-- A checkpoint beyond the log is a failure: an older copy of the log was restored, and continuing
-- would skip the events recorded next.
SELECT projection.name, generation, version, projection.position,
-- include: engine/beyond.sql
  FROM ledger.projections AS projection
 WHERE name = ANY (:names) AND status = 'live'
 ORDER BY name
   FOR UPDATE SKIP LOCKED

-- name: hold_live
-- Like take_live, but for a rebuild, which waits for the row and stops at the end of the log.
SELECT generation, version,
       least(position, (SELECT head.position FROM ledger.ledger_head AS head)) AS position, failure
  FROM ledger.projections
 WHERE name = :name AND status = 'live'
   FOR UPDATE

-- name: hold_building
-- No row means that another rebuild has begun and retired this one, or has taken it over.
UPDATE ledger.projections
   SET held_until = statement_timestamp() + CAST(:held AS interval)
 WHERE name = :name AND generation = :generation AND status = 'building' AND position = :position

-- name: read_building
-- The generation under construction, and whether a process is at work on it. One that was killed
-- holds it no longer than it said.
SELECT generation, version, position, failure,
       held_until >= statement_timestamp() AS is_held
  FROM ledger.projections
 WHERE name = :name AND status = 'building'

-- name: read_live
-- How far projections have read, without waiting for the process that projects.
SELECT projection.name, generation, version, projection.position,
-- include: engine/beyond.sql
  FROM ledger.projections AS projection
 WHERE name = ANY (:names) AND status = 'live'

-- name: read_records
-- The log in order, after a checkpoint and up to a position.
SELECT position, record
  FROM ledger.whole_events
 WHERE position > :after AND position <= :upto
 ORDER BY position
 LIMIT :limit

-- name: read_head
-- Where the log ends.
SELECT position
  FROM ledger.ledger_head

-- name: move
-- In the same transaction as the rows, so that rows and checkpoint always agree. A stopped projection
-- that advances has been repaired.
UPDATE ledger.projections
   SET position = :position,
       failure = NULL,
       recorded_at = (SELECT recorded_at FROM ledger.events WHERE position = :position)
 WHERE name = :name AND generation = :generation AND position = :after

-- name: move_live
-- All projections that have folded the same page in this transaction, which holds their rows.
UPDATE ledger.projections
   SET position = :position,
       failure = NULL,
       recorded_at = (SELECT recorded_at FROM ledger.events WHERE position = :position)
 WHERE name = ANY (:names) AND status = 'live'

-- name: stop
-- Records the failure without any of the event's content.
UPDATE ledger.projections
   SET failure = :failure
 WHERE name = :name AND status = 'live' AND position = :position
   AND failure IS DISTINCT FROM :failure

-- name: retry
-- The cause has been fixed: the next runner resumes where the projection stopped.
UPDATE ledger.projections
   SET failure = NULL
 WHERE name = :name AND status = 'live' AND failure IS NOT NULL

-- name: lags
-- How far behind each projection is, in events and as the age of the first unprojected event.
SELECT projection.name, projection.version, projection.generation, projection.position,
-- include: engine/beyond.sql
     , head.position AS head_position, building.position AS rebuilt_position,
       CAST(COALESCE(GREATEST(extract(epoch FROM clock_timestamp() - next.recorded_at), 0), 0)
            AS double precision) AS seconds
  FROM ledger.projections AS projection
 CROSS JOIN ledger.ledger_head AS head
  LEFT JOIN ledger.events AS next
    ON next.position = projection.position + 1
  LEFT JOIN ledger.projections AS building
    ON building.name = projection.name AND building.status = 'building'
 WHERE projection.status = 'live'
 ORDER BY projection.name

-- name: retire_building
-- Retire a rebuild that was begun earlier.
UPDATE ledger.projections
   SET status = 'retired'
 WHERE name = :name AND status = 'building'

-- name: give_up
-- Retire a rebuild that did not go live, so that its rows are removed.
UPDATE ledger.projections
   SET status = 'retired'
 WHERE name = :name AND generation = :generation AND status = 'building'

-- name: begin_building
-- A new generation starts at the beginning of the log, alongside the live one. No process holds it
-- yet: Citus cannot insert the time of the statement from a query.
INSERT INTO ledger.projections (name, generation, version, status, position)
SELECT CAST(:name AS text), max(generation) + 1, CAST(:version AS integer), 'building', 0
  FROM ledger.projections
 WHERE name = :name
RETURNING generation

-- name: retire
-- Retire the replaced generation. Its rows are deleted afterwards, in batches.
UPDATE ledger.projections
   SET status = 'retired'
 WHERE name = :name AND generation = :generation

-- name: make_live
-- From now on queries read this generation.
UPDATE ledger.projections
   SET status = 'live'
 WHERE name = :name AND generation = :generation AND status = 'building'

-- name: read_retired
-- Generations whose rows are still to be deleted.
SELECT generation
  FROM ledger.projections
 WHERE name = :name AND status = 'retired'
 ORDER BY generation

-- name: close_retired
-- Runs last, so that after a crash the removal is resumed and no rows are left behind. The checkpoint
-- row stays, because generation numbers must never be reused: a superseded rebuild could mistake
-- another for its own.
UPDATE ledger.projections
   SET status = 'removed'
 WHERE name = :name AND generation = :generation AND status = 'retired'

-- name: columns_of
-- The columns of a table, in order.
SELECT array_agg(CAST(attribute.attname AS text) ORDER BY attribute.attnum)
  FROM pg_attribute AS attribute
  JOIN pg_class AS relation ON relation.oid = attribute.attrelid
 WHERE relation.relnamespace = CAST(CAST(:schema AS text) AS regnamespace)
   AND relation.relname = :relation
   AND attribute.attnum > 0 AND NOT attribute.attisdropped
