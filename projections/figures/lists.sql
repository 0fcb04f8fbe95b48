-- Who is on which list as it was known: every entry that had not been followed by an exit. Limits of time are
-- compared with the moment. A lead has the values of the stage in which it is; it may be on many lists.
     declared AS (
     SELECT *
       FROM unnest(CAST(:lists AS text[]), CAST(:within_days AS integer[]),
                   CAST(:before_days AS integer[])) AS given (list, within_days, before_days)),
     standing AS MATERIALIZED (
     SELECT DISTINCT ON (subject_id) subject_id, value, pass_number
       FROM known
      WHERE kind = 'lead' AND left_at = 'infinity'
      ORDER BY subject_id, known_from DESC, number DESC),
     members AS (
     SELECT COALESCE(standing.value, CAST(:no_values AS text)) AS value, 'lead' AS kind,
            stay.list AS in_row, 'leads' AS measures, stay.subject_id,
            COALESCE(standing.pass_number, 1) AS pass_number, event.occurred_at AS at,
            stay.known_from AS position, 0 AS number,
            CAST(NULL AS text) AS then_stage, CAST(NULL AS text) AS then_kind,
            CAST(NULL AS timestamptz) AS then_at, CAST(NULL AS bigint) AS then_position
       FROM ledger.directory_lists AS stay
      CROSS JOIN live
       JOIN declared USING (list)
       JOIN ledger.events AS event ON event.position = stay.known_from
       LEFT JOIN standing ON standing.subject_id = stay.subject_id
      WHERE stay.generation = (SELECT generation
                                 FROM ledger.projections
                                WHERE name = 'directory' AND status = 'live')
        AND stay.known_from <= live.position
        AND (stay.known_to IS NULL OR stay.known_to > live.position)
        AND ((within_days IS NULL AND before_days IS NULL)
             OR stay.acquired_at <= CAST(:as_of AS timestamptz))
        AND (within_days IS NULL
             OR stay.acquired_at > CAST(:as_of AS timestamptz) - within_days * INTERVAL '24 hours')
        AND (before_days IS NULL
             OR stay.acquired_at <= CAST(:as_of AS timestamptz) - before_days * INTERVAL '24 hours'))
