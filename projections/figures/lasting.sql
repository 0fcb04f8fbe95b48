-- Percentiles of how long members last, each with a case that lasted that long, the earliest recorded:
-- of n cases in order, the p-th percentile is number p × n ÷ 100, rounded up. They are not additive, so
-- they are taken of all members of a row, and of those of each value. Only lengths are sorted: to sort
-- the members would take five times as long.
   , wanted AS (
     SELECT *
       FROM unnest(CAST(:names AS text[]), CAST(:measures AS text[]), CAST(:percents AS integer[]))
            WITH ORDINALITY AS given (name, measure, percent, place)),
     brief AS MATERIALIZED (
     SELECT kind, in_row, measures, length, subject_id, position, number,
            CASE WHEN CAST(:first AS text) <> 'none' THEN value END AS value
       FROM members),
     parted AS NOT MATERIALIZED (
     SELECT kind, in_row, measures, CAST(NULL AS text) AS value, length, subject_id, position, number
       FROM brief
      UNION ALL
     SELECT kind, in_row, measures, value, length, subject_id, position, number
       FROM brief
      WHERE CAST(:first AS text) <> 'none'),
     lasting AS (
     SELECT kind, in_row, measures, value,
            percentile_disc((SELECT array_agg(CAST(percent AS double precision) / 100 ORDER BY place)
                               FROM wanted)) WITHIN GROUP (ORDER BY length) AS lengths
       FROM parted
      GROUP BY in_row, measures, value, kind),
     found AS (
     SELECT name, kind, in_row, measures, value, lengths[place] AS length
       FROM lasting
       JOIN wanted ON measure = measures),
     earliest AS (
     SELECT kind, in_row, measures, parted.value, length, min(position) AS position
       FROM parted
       JOIN (SELECT DISTINCT kind, in_row, measures, value, length FROM found) AS lasted
            USING (kind, in_row, measures, length)
      WHERE parted.value IS NOT DISTINCT FROM lasted.value
      GROUP BY kind, in_row, measures, parted.value, length),
     cases AS (
     SELECT DISTINCT ON (kind, in_row, measures, parted.value, length)
            kind, in_row, measures, parted.value, length, parted.subject_id, position
       FROM parted
       JOIN earliest USING (kind, in_row, measures, length, position)
      WHERE parted.value IS NOT DISTINCT FROM earliest.value
      ORDER BY kind, in_row, measures, parted.value, length, subject_id)
SELECT name, kind, in_row, found.value, length, CAST(subject_id AS text) AS subject_id, position
  FROM found
  JOIN cases USING (kind, in_row, measures, length)
 WHERE found.value IS NOT DISTINCT FROM cases.value
