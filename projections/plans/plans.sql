-- name: differences
-- Rows that do not occur equally often in two generations at one position, as text.
WITH held AS (
     SELECT generation, 'targets' AS relation,
            CAST(ROW(position, occurred_at, department, figure, plan, currency, market, campaign,
                     owner, reseller, starts_on, ends_on) AS text) AS content
       FROM ledger.targets
      WHERE generation IN (:live, :built)
      UNION ALL
     SELECT generation, 'closings',
            CAST(ROW(position, occurred_at, figure, starts_on, ends_on, read_at) AS text)
       FROM ledger.closings
      WHERE generation IN (:live, :built))
-- include: engine/differing.sql

-- name: targets_then
-- The targets for some of these days as they were at a moment and known at a position, each with the
-- first plan for it. A plan for exactly the same days replaces the one before it, whenever that is
-- reported; no others overlap.
SELECT DISTINCT ON (department, figure, currency, market, campaign, owner, reseller, starts_on, ends_on)
       department, figure, currency, market, campaign, owner, reseller, starts_on, ends_on, plan,
       first_value(plan) OVER revisions AS original, target.position,
       row_number() OVER revisions AS revision
  FROM ledger.projections AS live
  JOIN ledger.targets AS target USING (generation)
 WHERE live.name = 'plans' AND live.status = 'live'
   AND target.position <= CAST(:known_at AS bigint)
   AND target.occurred_at <= CAST(:as_of AS timestamptz)
   AND (CAST(:first_day AS date) IS NULL OR target.ends_on >= CAST(:first_day AS date))
   AND (CAST(:last_day AS date) IS NULL OR target.starts_on <= CAST(:last_day AS date))
WINDOW revisions AS (
       PARTITION BY department, figure, currency, market, campaign, owner, reseller, starts_on,
                    ends_on
           ORDER BY occurred_at, target.position)
 ORDER BY department, figure, currency, market, campaign, owner, reseller, starts_on, ends_on,
          occurred_at DESC, target.position DESC
 LIMIT :limit

-- name: closings_then
-- The closed periods with some of these days as they were at a moment and known at a position. A
-- closing of exactly the same days replaces the one before it.
SELECT found.*
  FROM (SELECT DISTINCT ON (figure, starts_on, ends_on)
               figure, starts_on, ends_on, read_at, closing.position, occurred_at
          FROM ledger.projections AS live
          JOIN ledger.closings AS closing USING (generation)
         WHERE live.name = 'plans' AND live.status = 'live'
           AND closing.position <= CAST(:known_at AS bigint)
           AND closing.occurred_at <= CAST(:as_of AS timestamptz)
           AND (CAST(:first_day AS date) IS NULL OR closing.ends_on >= CAST(:first_day AS date))
           AND (CAST(:last_day AS date) IS NULL OR closing.starts_on <= CAST(:last_day AS date))
         ORDER BY figure, starts_on, ends_on, occurred_at DESC, closing.position DESC) AS found
 ORDER BY ends_on DESC, starts_on DESC, figure
 LIMIT :limit
