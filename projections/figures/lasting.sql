-- Percentiles of how long members last, each with the case that lasted that long: of n cases in order,
-- the p-th percentile is number p × n ÷ 100, rounded up. They are not additive, so they are taken of
-- all members of a row, and of those of each value.
SELECT wanted.name, kind, in_row, value, length, CAST(subject_id AS text) AS subject_id, position
  FROM (SELECT *, row_number() OVER (in_order) AS place,
               count(*) OVER (PARTITION BY kind, in_row, measures, value) AS members
          FROM (SELECT kind, in_row, measures, length, subject_id, position, number, part.value
                  FROM members
                 CROSS JOIN LATERAL (
                       SELECT CAST(NULL AS text)
                        UNION ALL
                       SELECT members.value WHERE CAST(:first AS text) <> 'none'
                       ) AS part (value)
               ) AS parted
        WINDOW in_order AS (PARTITION BY kind, in_row, measures, value
                            ORDER BY length, subject_id, position, number)
       ) AS placed
  JOIN unnest(CAST(:names AS text[]), CAST(:measures AS text[]), CAST(:percents AS integer[]))
       AS wanted (name, measure, percent)
    ON placed.measures = wanted.measure
   AND placed.place = (placed.members * wanted.percent + 99) / 100
