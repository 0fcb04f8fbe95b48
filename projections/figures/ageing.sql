-- Every stay that has not ended counts in the band of its age among the stays that ended in the same
-- stage before.
     usual AS (
     SELECT kind, stage,
            percentile_disc(ARRAY[0.5, 0.85, 0.95]) WITHIN GROUP (ORDER BY left_at - entered_at)
            AS lengths
       FROM known
      WHERE left_at >= CAST(:since AS timestamptz) AND left_at < 'infinity'
      GROUP BY kind, stage),
     members AS (
     SELECT value, kind, stage AS in_row,
            CASE WHEN lengths IS NULL THEN 'unknown'
                 WHEN age < lengths[1] THEN 'below_p50'
                 WHEN age <= lengths[2] THEN 'to_p85'
                 WHEN age <= lengths[3] THEN 'to_p95'
                 ELSE 'above' END AS measures,
            subject_id, pass_number, entered_at AS at, entry_position AS position, number,
            CAST(NULL AS text) AS then_stage, CAST(NULL AS text) AS then_kind,
            CAST(NULL AS timestamptz) AS then_at, CAST(NULL AS bigint) AS then_position
       FROM (SELECT *, CAST(:as_of AS timestamptz) - entered_at AS age
               FROM known
              WHERE left_at = 'infinity' AND stage <> 'unplaced') AS standing
       LEFT JOIN usual USING (kind, stage))
