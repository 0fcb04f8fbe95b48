-- name: position_at
-- The last position recorded by a time, by bisection: recorded time never runs backwards and
-- positions have no gaps, so some twenty look-ups by key find it in any log, without an index.
WITH RECURSIVE search (low, high) AS (
     SELECT CAST(0 AS bigint), position
       FROM ledger.ledger_head
      UNION ALL
     SELECT CASE WHEN event.recorded_at <= :recorded_by THEN event.position ELSE search.low END,
            CASE WHEN event.recorded_at <= :recorded_by THEN search.high
                 ELSE event.position - 1 END
       FROM search
       JOIN ledger.events AS event
         ON event.position = (search.low + search.high + 1) / 2
      WHERE search.low < search.high)
SELECT low AS position
  FROM search
 WHERE low = high

-- name: counts_now
-- The current funnel: one row for each route into a stage, whatever the size of the log.
SELECT live.position,
       (SELECT lifecycle.position
          FROM ledger.stage_lifecycles AS lifecycle
         WHERE lifecycle.generation = live.generation
         ORDER BY lifecycle.position DESC
         LIMIT 1) AS lifecycle_position,
       counted.value, counted.kind, counted.stage, counted.before, counted.entries,
       counted.standing
  FROM ledger.projections AS live
  LEFT JOIN ledger.stage_counts AS counted
    ON counted.generation = live.generation AND counted.breakdown = :breakdown
 WHERE live.name = 'stage_intervals' AND live.status = 'live'

-- name: sums_then
-- The same figures as of a moment, as they are known now; no row if days were summed in several time
-- zones.
-- include: funnel/kept_then.sql
     counted AS (
     SELECT value, kind, stage, before, entries, standing
       FROM kept)
SELECT live.position,
-- include: funnel/lifecycle_then.sql
       counted.value, counted.kind, counted.stage, counted.before, counted.entries,
       counted.standing
  FROM live
  LEFT JOIN counted
    ON true

-- name: counts_then
-- The same figures as of a moment, as known at a position: a stay was known from its entry on, and
-- its end from its exit on. Without a moment, everything known at the position counts.
-- include: funnel/known_stays.sql
     counted AS (
     SELECT value, kind, stage, before, count(*) AS entries,
            count(*) FILTER (
                WHERE left_at = 'infinity'
                   OR left_at > COALESCE(CAST(:as_of AS timestamptz), 'infinity')
            ) AS standing
       FROM known
      WHERE entered_at <= COALESCE(CAST(:as_of AS timestamptz), 'infinity')
      GROUP BY 1, 2, 3, 4)
SELECT live.position,
-- include: funnel/lifecycle_then.sql
       counted.value, counted.kind, counted.stage, counted.before, counted.entries,
       counted.standing
  FROM live
  LEFT JOIN counted
    ON true

-- name: flow
-- Entries and exits from one moment until before another. The stock is taken just before each of the
-- two, so that an event at a boundary belongs to the period that starts there.
-- include: funnel/known_stays.sql
     counted AS (
     SELECT value, kind, stage,
            CASE WHEN left_at >= :since AND left_at < :until THEN exit_kind END AS exit_kind,
            count(*) FILTER (WHERE entered_at < :since AND left_at >= :since) AS before,
            count(*) FILTER (WHERE entered_at >= :since AND is_first_entry) AS entries,
            count(*) FILTER (WHERE entered_at >= :since AND NOT is_first_entry) AS reentries,
            count(*) FILTER (WHERE left_at >= :since AND left_at < :until) AS exits,
            count(*) FILTER (WHERE left_at >= :until) AS after
       FROM known
      WHERE entered_at < :until
      GROUP BY 1, 2, 3, 4)
SELECT live.position,
-- include: funnel/lifecycle_then.sql
       counted.value, counted.kind, counted.stage, counted.exit_kind, counted.before,
       counted.entries, counted.reentries, counted.exits, counted.after
  FROM live
  LEFT JOIN counted
    ON true

-- name: stays_of
-- The latest stays of one lead as they are known now, the last first.
SELECT stay.stage, stay.pass_number, stay.entered_at, stay.entry_position, stay.left_at,
       stay.exit_kind
  FROM ledger.projections AS live
  JOIN ledger.stage_intervals AS stay
    ON stay.generation = live.generation
 WHERE live.name = 'stage_intervals' AND live.status = 'live'
   AND stay.subject_id = CAST(:subject_id AS uuid)
   AND stay.known_to IS NULL
 ORDER BY stay.entered_at DESC, stay.entry_position DESC, stay.number DESC
 LIMIT :limit

-- name: read_lifecycle
-- The event that published a lifecycle, which contains its text.
SELECT record
  FROM ledger.whole_events
 WHERE position = :position
