-- Only business counts.
     members AS (
     SELECT * FROM credited)
