-- The end of every projection's `differences`: of the rows that `held` names, those that two generations
-- do not hold equally often, and how many those are.
SELECT relation, content, live_rows, built_rows, count(*) OVER () AS differing
  FROM (SELECT relation, content,
               count(*) FILTER (WHERE generation = :live) AS live_rows,
               count(*) FILTER (WHERE generation = :built) AS built_rows
          FROM held
         GROUP BY relation, content) AS counted
 WHERE live_rows <> built_rows
 ORDER BY relation, content
 LIMIT :shown
