          AND NOT found.is_absorbed
          AND (CAST(:stage AS text) IS NULL OR found.stage = :stage)
          AND (CAST(:owner AS text) IS NULL OR found.owner = :owner)
          AND (CAST(:grade AS text) IS NULL OR found.grade = :grade)
          AND (CAST(:market AS text) IS NULL OR found.market = :market)
          AND (CAST(:origin AS text) IS NULL OR found.origin = :origin)
          AND (CAST(:account AS uuid) IS NULL OR found.account = CAST(:account AS uuid))
          AND (CAST(:list AS text) IS NULL OR found.lists @> ARRAY[CAST(:list AS text)])
          AND (CAST(:acquired_after AS timestamptz) IS NULL
               OR found.acquired_at > CAST(:acquired_after AS timestamptz))
          AND (CAST(:acquired_until AS timestamptz) IS NULL
               OR found.acquired_at <= CAST(:acquired_until AS timestamptz))
