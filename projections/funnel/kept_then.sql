-- The stays that had begun by a moment, as they are known now, by their way into a stage: the sums of
-- the days that had ended by then, and the stays that began or ended later. None if days were summed
-- in several time zones, or if the projection has moved on since the question was read. The bound of
-- 26 hours is for the index; which day a stay belongs to is the time zone's matter.
WITH live AS (
     SELECT generation, position, time_zone,
            CAST((CAST(:as_of AS timestamptz) + INTERVAL '1 microsecond') AT TIME ZONE time_zone
                 AS date) AS today
       FROM ledger.projections
       JOIN (SELECT generation, min(time_zone) AS time_zone
               FROM ledger.stage_lifecycles
              GROUP BY generation
             HAVING count(DISTINCT time_zone) = 1) AS summed_in USING (generation)
      WHERE name = 'stage_intervals' AND status = 'live'
        AND position = COALESCE(CAST(:known_at AS bigint), position)),
     moved AS (
     SELECT kind, stage, before, origin, channel, 1 AS entries, 1 AS standing, entered_at AS at
       FROM ledger.stage_stays
      WHERE generation = (SELECT generation FROM live)
        AND stage = ANY (ARRAY(SELECT DISTINCT stage
                                 FROM ledger.stage_counts
                                WHERE generation = (SELECT generation FROM live)
                                  AND breakdown = 'none'))
        AND entered_at > CAST(:as_of AS timestamptz) - INTERVAL '26 hours'
        AND entered_at <= CAST(:as_of AS timestamptz)
        AND known_to IS NULL
      UNION ALL
     SELECT kind, stage, before, origin, channel, 0, -1, left_at
       FROM ledger.stage_stays
      WHERE generation = (SELECT generation FROM live)
        AND left_at > CAST(:as_of AS timestamptz) - INTERVAL '26 hours'
        AND left_at <= CAST(:as_of AS timestamptz)
        AND known_to IS NULL
      UNION ALL
     SELECT kind, stage, before, origin, channel, 1, 1, entered_at
       FROM ledger.stage_standing
      WHERE generation = (SELECT generation FROM live)
        AND entered_at > CAST(:as_of AS timestamptz) - INTERVAL '26 hours'
        AND entered_at <= CAST(:as_of AS timestamptz)),
     kept AS (
     SELECT kind, stage, before, value,
            CAST(sum(entries) AS bigint) AS entries, CAST(sum(standing) AS bigint) AS standing
       FROM (SELECT kind, stage, before, value, entries, standing
               FROM live
               JOIN ledger.stage_sums USING (generation)
              WHERE breakdown = CAST(:breakdown AS text)
                AND begins < today
                AND span = CASE WHEN begins < date_trunc('month', today) THEN 'month' ELSE 'day' END
              UNION ALL
             SELECT kind, stage, before,
                    CASE CAST(:breakdown AS text)
                         WHEN 'origin' THEN COALESCE(origin, '')
                         WHEN 'channel' THEN COALESCE(channel, '')
                         ELSE '' END,
                    entries, standing
               FROM live
               JOIN moved
                 ON CAST(at AT TIME ZONE time_zone AS date) >= today
            ) AS changed
      GROUP BY kind, stage, before, value
     HAVING sum(entries) <> 0),
