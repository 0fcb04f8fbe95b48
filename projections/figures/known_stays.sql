-- The beginning of every figure about stages: the stays that had begun at a moment, as they were known
-- at a position, each with its value of the breakdown. An end that had not come or was not known is
-- at infinity; what followed it does not count either. Traits are those at the entry, or at a later
-- moment of the same stay: changes are in order, and so are the events that made them known. The unit
-- is what counts once: the pass, the person or the company, if one is known.
WITH live AS (
     SELECT generation, LEAST(position, CAST(:known_at AS bigint)) AS position
       FROM ledger.projections
      WHERE name = 'stage_intervals' AND status = 'live'),
     known AS NOT MATERIALIZED (
     SELECT concat_ws(
                chr(31),
                CASE CAST(:first AS text)
                     WHEN 'none' THEN ''
                     WHEN 'origin' THEN COALESCE(stay.origin, '')
                     WHEN 'channel' THEN COALESCE(stay.channel, '')
                     WHEN 'month' THEN stay.month
                     WHEN 'acquired' THEN COALESCE(stay.acquired, '')
                     WHEN 'pass' THEN CAST(stay.pass_number AS text)
                     WHEN 'department' THEN COALESCE(CAST(:departments AS jsonb) ->> stay.stage, '')
                     WHEN 'side' THEN COALESCE(CAST(:sides AS jsonb) ->> stay.origin, stay.origin, '')
                     ELSE COALESCE(valued.traits ->> CAST(:first AS text), '') END,
                CASE CAST(:second AS text)
                     WHEN 'none' THEN NULL
                     WHEN 'origin' THEN COALESCE(stay.origin, '')
                     WHEN 'channel' THEN COALESCE(stay.channel, '')
                     WHEN 'month' THEN stay.month
                     WHEN 'acquired' THEN COALESCE(stay.acquired, '')
                     WHEN 'pass' THEN CAST(stay.pass_number AS text)
                     WHEN 'department' THEN COALESCE(CAST(:departments AS jsonb) ->> stay.stage, '')
                     WHEN 'side' THEN COALESCE(CAST(:sides AS jsonb) ->> stay.origin, stay.origin, '')
                     ELSE COALESCE(valued.traits ->> CAST(:second AS text), '') END
            ) AS value,
            CASE WHEN stay.kind = 'account' OR CAST(:unit AS text) <> 'company' THEN stay.subject_id
                 ELSE CAST(NULLIF(valued.traits ->> 'account', '') AS uuid) END AS unit_id,
            CASE WHEN CAST(:unit AS text) = 'pass' THEN stay.pass_number ELSE 0 END AS unit_number,
            stay.subject_id, stay.kind, stay.pass_number, stay.stage, stay.before, stay.origin,
            stay.is_first_entry, stay.entered_at, stay.entry_position, stay.known_from,
            stay.number,
            CASE WHEN stay.exit_position <= (SELECT position FROM live)
                  AND stay.left_at <= CAST(:as_of AS timestamptz) THEN stay.left_at
                 ELSE 'infinity' END AS left_at,
            stay.exit_position, stay.exit_kind, stay.next_stage, stay.traits, stay.changes
       FROM ledger.stage_intervals AS stay
      CROSS JOIN LATERAL (
            SELECT CASE WHEN stay.changes IS NULL THEN stay.traits
                        ELSE COALESCE(
                             (SELECT change -> 2
                                FROM jsonb_array_elements(stay.changes)
                                     WITH ORDINALITY AS later (change, number)
                               WHERE CAST(change ->> 0 AS timestamptz)
                                     <= COALESCE(CAST(:valued_at AS timestamptz), stay.entered_at)
                                 AND CAST(change ->> 1 AS bigint) <= (SELECT position FROM live)
                               ORDER BY number DESC
                               LIMIT 1),
                             stay.traits) END AS traits
            ) AS valued
      WHERE stay.generation = (SELECT generation FROM live)
        AND stay.known_from <= (SELECT position FROM live)
        AND (stay.known_to IS NULL OR stay.known_to > (SELECT position FROM live))
        AND stay.entered_at <= CAST(:as_of AS timestamptz)),
