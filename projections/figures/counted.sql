-- How many members count for the same measures in the same row, and when the last of them did.
SELECT kind, in_row, value, measures, count(*) AS members, max(at) AS last_at
  FROM members
 GROUP BY kind, in_row, value, measures
