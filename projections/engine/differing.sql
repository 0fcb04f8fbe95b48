-- The end of every projection's `differences`: the rows of `held` that do not occur equally often in
-- the two generations, and their number.
SELECT relation, content, live_rows, built_rows, count(*) OVER () AS differing
  FROM (SELECT relation, content,
               count(*) FILTER (WHERE generation = :live) AS live_rows,
               count(*) FILTER (WHERE generation = :built) AS built_rows
          FROM held
         GROUP BY relation, content) AS counted
 WHERE live_rows <> built_rows
 ORDER BY relation, content
 LIMIT :shown
