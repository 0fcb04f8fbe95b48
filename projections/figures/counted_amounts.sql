-- As for every figure, and what their amounts come to in rows of amounts.
SELECT kind, in_row, value, measures, count(*) AS members, max(at) AS last_at, sum(amount) AS amount
  FROM members
 GROUP BY kind, in_row, value, measures
