-- The beginning of every query about the past: the stays as they were known at a position, each with
-- its value of the breakdown. An end that was not known yet is at infinity.
WITH live AS (
     SELECT generation, LEAST(position, COALESCE(:known_at, position)) AS position
       FROM ledger.projections
      WHERE name = 'stage_intervals' AND status = 'live'),
     known AS (
     SELECT CASE CAST(:breakdown AS text)
                 WHEN 'origin' THEN COALESCE(stay.origin, '')
                 WHEN 'channel' THEN COALESCE(stay.channel, '')
                 WHEN 'month' THEN stay.month
                 ELSE '' END AS value,
            stay.kind, stay.stage, stay.before, stay.is_first_entry, stay.entered_at,
            stay.exit_kind,
            CASE WHEN stay.exit_position <= (SELECT position FROM live) THEN stay.left_at
                 ELSE 'infinity' END AS left_at
       FROM ledger.stage_intervals AS stay
      WHERE stay.generation = (SELECT generation FROM live)
        AND stay.known_from <= (SELECT position FROM live)
        AND (stay.known_to IS NULL OR stay.known_to > (SELECT position FROM live))),
