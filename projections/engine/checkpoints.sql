-- name: limit_waits
-- Timeouts of this transaction only: a pooler may give the next one another session. And nobody waits
-- for the disk: rows and checkpoint are in one transaction, so that what a crash of the database
-- takes back is folded again, and the writer, whose commits must be on disk, has the disk to itself.
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
-- Election and fencing in one: who holds this row projects, until its transaction ends. A checkpoint
-- beyond the log is a failure: an older copy of the log was restored, and to go on would skip what
-- is recorded next.
SELECT generation, version, projection.position,
-- include: engine/beyond.sql
  FROM ledger.projections AS projection
 WHERE name = :name AND status = 'live'
   FOR UPDATE SKIP LOCKED

-- name: hold_live
-- Like take_live, for a rebuild, which waits for its turn and goes no further than the log.
SELECT generation, version,
       least(position, (SELECT head.position FROM ledger.ledger_head AS head)) AS position, failure
  FROM ledger.projections
 WHERE name = :name AND status = 'live'
   FOR UPDATE

-- name: hold_building
-- No row: another rebuild has begun and retired this one.
SELECT generation, version, position, failure
  FROM ledger.projections
 WHERE name = :name AND generation = :generation AND status = 'building'
   FOR UPDATE

-- name: read_live
-- How far a projection is, without waiting for whoever projects.
SELECT generation, version, projection.position,
-- include: engine/beyond.sql
  FROM ledger.projections AS projection
 WHERE name = :name AND status = 'live'

-- name: read_records
-- The log in order, after a checkpoint, at most to a position.
SELECT position, record
  FROM ledger.events
 WHERE position > :after AND position <= :upto
 ORDER BY position
 LIMIT :limit

-- name: read_head
-- Where the log ends.
SELECT position
  FROM ledger.ledger_head

-- name: move
-- In the same transaction as the rows: they and the checkpoint are never apart. What had stopped and
-- gets further has been mended.
UPDATE ledger.projections
   SET position = :position,
       failure = NULL,
       recorded_at = (SELECT recorded_at FROM ledger.events WHERE position = :position)
 WHERE name = :name AND generation = :generation AND position = :after

-- name: stop
-- Says what is wrong without a word of the event's content.
UPDATE ledger.projections
   SET failure = :failure
 WHERE name = :name AND status = 'live' AND position = :position
   AND failure IS DISTINCT FROM :failure

-- name: retry
-- The cause is mended: the next runner goes on from where it stopped.
UPDATE ledger.projections
   SET failure = NULL
 WHERE name = :name AND status = 'live' AND failure IS NOT NULL

-- name: lags
-- How far behind, in events and as the age of the first event that is not projected yet.
SELECT projection.name, projection.version, projection.generation, projection.position,
-- include: engine/beyond.sql
     , head.position AS head_position,
       CAST(COALESCE(GREATEST(extract(epoch FROM clock_timestamp() - next.recorded_at), 0), 0)
            AS double precision) AS seconds
  FROM ledger.projections AS projection
 CROSS JOIN ledger.ledger_head AS head
  LEFT JOIN ledger.events AS next
    ON next.position = projection.position + 1
 WHERE projection.status = 'live'
 ORDER BY projection.name

-- name: retire_building
-- A rebuild that was begun earlier gives way.
UPDATE ledger.projections
   SET status = 'retired'
 WHERE name = :name AND status = 'building'

-- name: give_up
-- A rebuild that did not go live leaves nothing behind.
UPDATE ledger.projections
   SET status = 'retired'
 WHERE name = :name AND generation = :generation AND status = 'building'

-- name: begin_building
-- A new generation starts from the beginning of the log, beside the live one.
INSERT INTO ledger.projections (name, generation, version, status, position)
SELECT CAST(:name AS text), max(generation) + 1, CAST(:version AS integer), 'building', 0
  FROM ledger.projections
 WHERE name = :name
RETURNING generation

-- name: retire
-- The generation that has been replaced; its rows are deleted afterwards, in parts.
UPDATE ledger.projections
   SET status = 'retired'
 WHERE name = :name AND generation = :generation

-- name: make_live
-- From now on questions are answered from this generation.
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
-- Last, so that a crash before it is noticed and no rows are left behind. The checkpoint stays: a
-- generation's number is never used again, or a rebuild that has given way could take another for
-- its own.
UPDATE ledger.projections
   SET status = 'removed'
 WHERE name = :name AND generation = :generation AND status = 'retired'

-- name: columns_of
-- What a table is made of, in its order.
SELECT array_agg(CAST(attribute.attname AS text) ORDER BY attribute.attnum)
  FROM pg_attribute AS attribute
  JOIN pg_class AS relation ON relation.oid = attribute.attrelid
 WHERE relation.relnamespace = CAST(CAST(:schema AS text) AS regnamespace)
   AND relation.relname = :relation
   AND attribute.attnum > 0 AND NOT attribute.attisdropped
