-- Every first pass that got to the base stage, or past it, in the period counts in the row of each
-- stage that it got to or past within its time. Its entries are taken in order: an entry reaches the
-- stages between the furthest one before it and its own, so no stage is reached twice, and none
-- without those before it.
     path AS (
     SELECT stage, rank
       FROM unnest(CAST(:path AS text[])) WITH ORDINALITY AS step (stage, rank)),
     entries AS (
     SELECT known.*, path.rank
       FROM known
       JOIN path USING (stage)
      WHERE kind = CAST(:kind AS text) AND is_first_entry AND pass_number = 1),
     base AS (
     SELECT *, entered_at + CAST(:within AS interval) AS matures_at
       FROM (SELECT DISTINCT ON (subject_id) *
               FROM entries
              ORDER BY subject_id, known_from, number) AS begun
      WHERE entered_at >= COALESCE(CAST(:since AS timestamptz), '-infinity')
        AND entered_at < COALESCE(CAST(:until AS timestamptz), 'infinity')),
     reaching AS (
     SELECT base.value, base.kind, base.subject_id, base.entered_at AS at,
            base.entry_position AS position, base.number, base.matures_at,
            found.stage, found.entered_at, found.entry_position, found.rank,
            COALESCE(max(found.rank) OVER (PARTITION BY base.subject_id
                                           ORDER BY found.known_from, found.number
                                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
                     0) AS furthest
       FROM base
       JOIN entries AS found
         ON found.subject_id = base.subject_id AND found.entered_at <= base.matures_at),
     members AS (
     SELECT reaching.value, reaching.kind, path.stage AS in_row,
            CASE WHEN matures_at <= CAST(:as_of AS timestamptz) THEN 'reached'
                 ELSE 'early' END AS measures,
            subject_id, 1 AS pass_number, at, position, number,
            reaching.stage AS then_stage, CAST(NULL AS text) AS then_kind,
            entered_at AS then_at, entry_position AS then_position
       FROM reaching
       JOIN path
         ON path.rank > reaching.furthest AND path.rank <= reaching.rank)
