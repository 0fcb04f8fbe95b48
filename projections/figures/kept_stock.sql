-- What the ways count for, which is the same for all that came by them.
     counted AS (
     SELECT kind, stage AS in_row, value, 'standing' AS measures, standing AS members
       FROM kept
      UNION ALL
     SELECT kind, stage, value, 'entered', entries
       FROM kept
       JOIN routes USING (kind, stage, before)
      UNION ALL
     SELECT kind, reached, value, 'reached', entries
       FROM kept
       JOIN reaching USING (kind, stage, before))
