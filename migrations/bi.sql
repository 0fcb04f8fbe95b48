-- Views for BI tools, and the role that reads them and nothing else. Created by `leadledger migrate
-- --bi`, and brought up to date by every later migration. The views read with the rights of their
-- owner, so the role needs none on the ledger. A migration that changes a column shown here drops the
-- view first; columns are only added at the end, so that what others have built on a view stays.
CREATE SCHEMA IF NOT EXISTS "{schema}_bi";

COMMENT ON SCHEMA "{schema}_bi" IS
    'What BI tools read of the ledger {schema}: no personal data, no records.';

-- If an administrator has made the role, its settings are the administrator's.
DO $role$
DECLARE
    reader text := quote_ident('{schema}_bi');
BEGIN
    IF to_regrole(reader) IS NULL THEN
        EXECUTE 'CREATE ROLE ' || reader || ' LOGIN CONNECTION LIMIT 20';
        -- The role may change nothing anyway. This keeps tools from trying, and from temporary tables.
        EXECUTE 'ALTER ROLE ' || reader || ' SET default_transaction_read_only = on';
        -- A report that takes longer keeps others from being answered.
        EXECUTE 'ALTER ROLE ' || reader || ' SET statement_timeout = ''60s''';
        -- A forgotten transaction keeps vacuum from clearing up behind the projections.
        EXECUTE 'ALTER ROLE ' || reader || ' SET idle_in_transaction_session_timeout = ''60s''';
        EXECUTE 'ALTER ROLE ' || reader || ' SET search_path = ' || reader;
    END IF;
    IF NOT has_database_privilege('{schema}_bi', current_database(), 'CONNECT') THEN
        EXECUTE 'GRANT CONNECT ON DATABASE ' || quote_ident(current_database()) || ' TO ' || reader;
    END IF;
END
$role$;

CREATE OR REPLACE VIEW "{schema}_bi".freshness AS
SELECT name AS projection, position, recorded_at
  FROM ledger.projections
 WHERE status = 'live';

CREATE OR REPLACE VIEW "{schema}_bi".leads AS
SELECT lead.subject_id AS lead_id, lead.account AS account_id, lead.stage, lead.pass_number,
       lead.entered_at, lead.acquired_at, lead.owner, lead.grade, lead.market, lead.priority,
       lead.origin, lead.channel, lead.screened_as, lead.revisit_on, lead.is_absorbed
  FROM ledger.directory_leads AS lead
  JOIN ledger.projections AS live USING (generation)
 WHERE live.name = 'directory' AND live.status = 'live';

CREATE OR REPLACE VIEW "{schema}_bi".accounts AS
SELECT account.subject_id AS account_id, account.stage, account.entered_at
  FROM ledger.directory_accounts AS account
  JOIN ledger.projections AS live USING (generation)
 WHERE live.name = 'directory' AND live.status = 'live';

-- As in the figures, the traits at an entry include what happened at that very instant.
CREATE OR REPLACE VIEW "{schema}_bi".stays AS
SELECT stay.kind, stay.subject_id, stay.pass_number, stay.stage, stay.is_first_entry,
       stay.entered_at, stay.entry_kind AS entered_as, stay.entry_position,
       stay.left_at, stay.exit_kind AS left_as, stay.exit_position, stay.next_stage,
       stay.origin, stay.channel, stay.month AS entered_month, stay.acquired AS acquired_month,
       entry.traits ->> 'campaign' AS campaign,
       entry.traits ->> 'acquired_by' AS acquired_by,
       entry.traits ->> 'entered_by' AS entered_by,
       entry.traits ->> 'owner' AS owner,
       entry.traits ->> 'market' AS market,
       entry.traits ->> 'priority' AS priority,
       CAST(entry.traits ->> 'account' AS uuid) AS account_id,
       entry.traits ->> 'product' AS product,
       entry.traits ->> 'business' AS business,
       entry.traits ->> 'reseller' AS reseller,
       entry.traits ->> 'screened_as' AS screened_as,
       entry.traits ->> 'segment' AS segment,
       entry.traits ->> 'key_role' AS key_role,
       entry.traits ->> 'industry' AS industry,
       entry.traits ->> 'job' AS job,
       entry.traits ->> 'position' AS position,
       entry.traits ->> 'region' AS region,
       entry.traits ->> 'company_size' AS company_size,
       stay.known_from, stay.number
  FROM ledger.stage_intervals AS stay
  JOIN ledger.projections AS live USING (generation)
 CROSS JOIN LATERAL (
       SELECT CASE WHEN stay.changes IS NULL THEN stay.traits
                   ELSE COALESCE(
                        (SELECT change -> 2
                           FROM jsonb_array_elements(stay.changes)
                                WITH ORDINALITY AS later (change, number)
                          WHERE CAST(change ->> 0 AS timestamptz) <= stay.entered_at
                          ORDER BY number DESC
                          LIMIT 1),
                        stay.traits) END AS traits
       ) AS entry
 WHERE live.name = 'stage_intervals' AND live.status = 'live'
   AND stay.known_to IS NULL;

CREATE OR REPLACE VIEW "{schema}_bi".passes AS
SELECT subject_id AS lead_id, pass_number,
       min(entered_at) AS began_at,
       array_agg(stage ORDER BY known_from, number)
           FILTER (WHERE is_first_entry AND stage <> 'unplaced') AS stages,
       (array_agg(stage ORDER BY known_from DESC, number DESC))[1] AS last_stage,
       (array_agg(entered_at ORDER BY known_from DESC, number DESC))[1] AS last_entered_at,
       (array_agg(left_at ORDER BY known_from DESC, number DESC))[1] AS ended_at,
       (array_agg(left_as ORDER BY known_from DESC, number DESC))[1] AS ended_as,
       (array_agg(origin ORDER BY known_from DESC, number DESC))[1] AS origin,
       (array_agg(channel ORDER BY known_from DESC, number DESC))[1] AS channel,
       (array_agg(campaign ORDER BY known_from DESC, number DESC))[1] AS campaign,
       (array_agg(owner ORDER BY known_from DESC, number DESC))[1] AS owner,
       (array_agg(account_id ORDER BY known_from DESC, number DESC))[1] AS account_id,
       (array_agg(acquired_month ORDER BY known_from DESC, number DESC))[1] AS acquired_month
  FROM "{schema}_bi".stays
 WHERE kind = 'lead'
 GROUP BY subject_id, pass_number;

-- The end of every stay, and the beginning of those that follow none.
CREATE OR REPLACE VIEW "{schema}_bi".moves AS
SELECT kind, subject_id, pass_number, stage AS from_stage, next_stage AS to_stage, left_as AS move,
       left_at AS moved_at, exit_position AS position, owner
  FROM "{schema}_bi".stays
 WHERE left_at IS NOT NULL
 UNION ALL
SELECT kind, subject_id, pass_number, NULL, stage, entered_as, entered_at, entry_position, owner
  FROM (SELECT *, lag(next_stage) OVER (PARTITION BY subject_id ORDER BY known_from, number)
               AS after_stage
          FROM "{schema}_bi".stays) AS begun
 WHERE after_stage IS NULL;

-- Up to the day of the last event: what is later has not been reported yet.
CREATE OR REPLACE VIEW "{schema}_bi".stock_by_day AS
WITH live AS (
     SELECT generation, zone, CAST(recorded_at AT TIME ZONE zone AS date) AS last_day
       FROM ledger.projections AS stays
      CROSS JOIN LATERAL (
            SELECT COALESCE((SELECT time_zone
                               FROM ledger.stage_lifecycles AS lifecycle
                              WHERE lifecycle.generation = stays.generation
                              ORDER BY position DESC
                              LIMIT 1), 'UTC')
            ) AS lifecycle (zone)
      WHERE name = 'stage_intervals' AND status = 'live'),
     known AS (
     SELECT kind, stage, CAST(entered_at AT TIME ZONE zone AS date) AS entered_on,
            CAST(left_at AT TIME ZONE zone AS date) AS left_on
       FROM ledger.stage_intervals
       JOIN live USING (generation)
      WHERE known_to IS NULL),
     changed AS (
     SELECT kind, stage, day, sum(entries) AS entries, sum(exits) AS exits
       FROM (SELECT kind, stage, entered_on AS day, 1 AS entries, 0 AS exits
               FROM known
              UNION ALL
             SELECT kind, stage, left_on, 0, 1
               FROM known
              WHERE left_on IS NOT NULL) AS change
      GROUP BY kind, stage, day),
     span AS (
     SELECT kind, stage, CAST(day AS date) AS day
       FROM (SELECT kind, stage, min(day) AS first_day FROM changed GROUP BY kind, stage) AS begun
      CROSS JOIN live
      CROSS JOIN LATERAL generate_series(
            CAST(first_day AS timestamp), CAST(last_day AS timestamp), '1 day') AS day)
SELECT day, kind, stage,
       CAST(COALESCE(entries, 0) AS bigint) AS entries, CAST(COALESCE(exits, 0) AS bigint) AS exits,
       CAST(sum(COALESCE(entries, 0) - COALESCE(exits, 0))
            OVER (PARTITION BY kind, stage ORDER BY day) AS bigint) AS standing
  FROM span
  LEFT JOIN changed USING (kind, stage, day);

CREATE OR REPLACE VIEW "{schema}_bi".deadlines AS
SELECT due.lead_id, due.deadline, due.stage, due.started_at, due.due_at, due.owner, due.team,
       due.outcome, due.settled_at, due.started AS started_position, due.settled AS settled_position
  FROM ledger.deadlines AS due
  JOIN ledger.projections AS live USING (generation)
 WHERE live.name = 'deadlines' AND live.status = 'live'
   AND due.known_to IS NULL;

-- What happened last counts, in whatever order it was reported.
CREATE OR REPLACE VIEW "{schema}_bi".deals AS
WITH reports AS (
     SELECT report.*, report.occurred_at AS at
       FROM ledger.business_reports AS report
       JOIN ledger.projections AS live USING (generation)
      WHERE live.name = 'business' AND live.status = 'live'
        AND report.voided_by IS NULL
        AND report.opportunity IS NOT NULL
        AND report.what IN ('opened', 'updated', 'reopened', 'won', 'lost'))
SELECT opportunity AS deal_id,
       (array_agg(lead ORDER BY what <> 'opened', at, position))[1] AS lead_id,
       (array_agg(account ORDER BY what <> 'opened', at, position))[1] AS account_id,
       (array_agg(pass_number ORDER BY what <> 'opened', at, position))[1] AS pass_number,
       (array_agg(at ORDER BY what <> 'opened', at, position))[1] AS created_at,
       NULLIF((array_agg(what ORDER BY at DESC, position DESC)
                   FILTER (WHERE what IN ('won', 'lost', 'reopened')))[1], 'reopened') AS outcome,
       CASE WHEN (array_agg(what ORDER BY at DESC, position DESC)
                      FILTER (WHERE what IN ('won', 'lost', 'reopened')))[1] <> 'reopened'
            THEN (array_agg(at ORDER BY at DESC, position DESC)
                      FILTER (WHERE what IN ('won', 'lost', 'reopened')))[1] END AS decided_at,
       (array_agg(value ORDER BY at DESC, position DESC) FILTER (WHERE value IS NOT NULL))[1] AS value,
       (array_agg(currency ORDER BY at DESC, position DESC)
            FILTER (WHERE currency IS NOT NULL))[1] AS currency,
       (array_agg(business ORDER BY at DESC, position DESC)
            FILTER (WHERE business IS NOT NULL))[1] AS business,
       (array_agg(product ORDER BY at DESC, position DESC)
            FILTER (WHERE product IS NOT NULL))[1] AS product,
       (array_agg(expected_close ORDER BY at DESC, position DESC)
            FILTER (WHERE expected_close IS NOT NULL))[1] AS expected_close,
       max(at) AS reported_at,
       (array_agg(gross_profit ORDER BY at DESC, position DESC)
            FILTER (WHERE gross_profit IS NOT NULL))[1] AS gross_profit
  FROM reports
 GROUP BY opportunity;

DO $grants$
DECLARE
    reader text := quote_ident('{schema}_bi');
    shown text;
BEGIN
    EXECUTE 'GRANT USAGE ON SCHEMA ' || reader || ' TO ' || reader;
    FOR shown IN
        SELECT quote_ident(schemaname) || '.' || quote_ident(viewname)
          FROM pg_views
         WHERE schemaname = '{schema}_bi'
    LOOP
        EXECUTE 'GRANT SELECT ON ' || shown || ' TO ' || reader;
    END LOOP;
END
$grants$;
