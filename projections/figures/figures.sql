-- name: reading
-- What is read: up to which position, when that was recorded, and which lifecycle was in force there.
SELECT live.position,
       (SELECT recorded_at FROM ledger.events WHERE position = live.position) AS recorded_at,
       (SELECT lifecycle.position
          FROM ledger.stage_lifecycles AS lifecycle
         WHERE lifecycle.generation = live.generation AND lifecycle.position <= live.position
         ORDER BY lifecycle.position DESC
         LIMIT 1) AS lifecycle_position
  FROM (SELECT stays.generation, LEAST(min(others.position), CAST(:known_at AS bigint)) AS position
          FROM ledger.projections AS stays
          JOIN ledger.projections AS others
            ON others.name = ANY (CAST(:reads AS text[])) AND others.status = 'live'
         WHERE stays.name = 'stage_intervals' AND stays.status = 'live'
         GROUP BY stays.generation
        HAVING count(*) = cardinality(CAST(:reads AS text[]))) AS live

-- name: generations
-- Which builds of the projections are read: a rebuilt one may answer differently.
SELECT string_agg(name || ' ' || generation, ' ' ORDER BY name) AS generations
  FROM ledger.projections
 WHERE name = ANY (CAST(:reads AS text[])) AND status = 'live'

-- name: read_lifecycle
-- The event that published a lifecycle, which contains its text.
SELECT record
  FROM ledger.whole_events
 WHERE position = :position

-- name: stays_of
-- All stays of some subjects that were ever known, with what bounds them: why members of two readings
-- differ. Of the changes of traits only when they were and by which event.
SELECT CAST(stay.subject_id AS text) AS subject_id, stay.entry_position, stay.number, stay.entered_at,
       stay.known_from, stay.known_to, stay.left_at, stay.exit_position,
       ARRAY(SELECT CAST(change ->> 0 AS timestamptz)
               FROM jsonb_array_elements(stay.changes) WITH ORDINALITY AS later (change, number)
              ORDER BY number) AS changed_at,
       ARRAY(SELECT CAST(change ->> 1 AS bigint)
               FROM jsonb_array_elements(stay.changes) WITH ORDINALITY AS later (change, number)
              ORDER BY number) AS changed_by
  FROM ledger.projections AS live
  JOIN ledger.stage_intervals AS stay USING (generation)
 WHERE live.name = 'stage_intervals' AND live.status = 'live'
   AND stay.subject_id = ANY (CAST(:subject_ids AS uuid[]))
 ORDER BY stay.subject_id, stay.known_from, stay.number, stay.entry_position

-- name: standing_of
-- Where these leads were at a moment, as known at a position, and the event by which they were there.
SELECT DISTINCT ON (stay.subject_id)
       CAST(stay.subject_id AS text) AS subject_id, stay.stage, stay.entered_at, event.position,
       event.type
  FROM ledger.projections AS live
  JOIN ledger.stage_intervals AS stay USING (generation)
  JOIN ledger.events AS event ON event.position = stay.entry_position
 WHERE live.name = 'stage_intervals' AND live.status = 'live'
   AND stay.subject_id = ANY (CAST(:subject_ids AS uuid[]))
   AND stay.known_from <= CAST(:known_at AS bigint)
   AND (stay.known_to IS NULL OR stay.known_to > CAST(:known_at AS bigint))
   AND stay.entered_at <= CAST(:as_of AS timestamptz)
 ORDER BY stay.subject_id, stay.known_from DESC, stay.number DESC

-- name: forwards_of
-- The leads that have absorbed these, as far as any have.
SELECT CAST(lead.subject_id AS text) AS subject_id,
       CAST(lead.state AS jsonb) ->> 'absorbed_by' AS absorbed_by
  FROM ledger.projections AS live
  JOIN ledger.directory_leads AS lead USING (generation)
 WHERE live.name = 'directory' AND live.status = 'live'
   AND lead.subject_id = ANY (CAST(:subject_ids AS uuid[]))
   AND lead.is_absorbed

-- name: types_of
-- What kind of events these are.
SELECT position, type
  FROM ledger.events
 WHERE position = ANY (CAST(:positions AS bigint[]))

-- name: count_stock
-- How many passes are in each stage, and how many ever got there. The stays are read once, and counted
-- by their way into the stage: whatever way it is, all that came by it reached the same stages.
-- include: figures/known_stays.sql
     kept AS (
     SELECT kind, stage, before, value,
            count(*) FILTER (WHERE is_first_entry AND stage <> 'unplaced') AS entries,
            count(*) FILTER (WHERE left_at = 'infinity') AS standing
       FROM known
      GROUP BY kind, stage, before, value),
-- include: figures/kept_routes.sql
-- include: figures/reaching.sql
-- include: figures/kept_stock.sql
SELECT kind, in_row, value, measures, CAST(sum(members) AS bigint) AS members,
       CAST(NULL AS timestamptz) AS last_at
  FROM counted
 GROUP BY kind, in_row, value, measures

-- name: count_stock_of_units
-- How many people or companies are in each stage, and how many ever got there.
-- include: figures/known_stays.sql
-- include: figures/routes.sql
-- include: figures/reaching.sql
-- include: figures/stock_of_units.sql
-- include: figures/counted.sql

-- name: list_stock_of_units
-- The leads by which people or companies count, one for each.
-- include: figures/known_stays.sql
-- include: figures/routes.sql
-- include: figures/reaching.sql
-- include: figures/stock_of_units.sql
-- include: figures/listed.sql

-- name: count_stock_now
-- The same for the present, from the counts that the projection keeps: one row for each route into a
-- stage, whatever the size of the log. If it has moved on since the question was read, no row.
WITH live AS (
     SELECT generation, position
       FROM ledger.projections
      WHERE name = 'stage_intervals' AND status = 'live' AND position = :known_at),
     kept AS (
     SELECT counted.*
       FROM live
       JOIN ledger.stage_counts AS counted USING (generation)
      WHERE counted.breakdown = :first),
-- include: figures/kept_routes.sql
-- include: figures/reaching.sql
-- include: figures/kept_stock.sql
SELECT kind, in_row, value, measures, CAST(sum(members) AS bigint) AS members,
       CAST(NULL AS timestamptz) AS last_at, live.position
  FROM live
  LEFT JOIN counted ON true
 GROUP BY live.position, kind, in_row, value, measures

-- name: count_stock_then
-- The same for a moment, as it is known now.
-- include: funnel/kept_then.sql
-- include: figures/kept_routes.sql
-- include: figures/reaching.sql
-- include: figures/kept_stock.sql
SELECT kind, in_row, value, measures, CAST(sum(members) AS bigint) AS members,
       CAST(NULL AS timestamptz) AS last_at, live.position
  FROM live
  LEFT JOIN counted ON true
 GROUP BY live.position, kind, in_row, value, measures

-- name: list_stock
-- The leads and accounts behind one number of the stock.
-- include: figures/known_stays.sql
-- include: figures/routes.sql
-- include: figures/reaching.sql
-- include: figures/stock.sql
-- include: figures/listed.sql

-- name: count_flow
-- Who entered and left each stage in a period.
-- include: figures/known_stays.sql
-- include: figures/flow.sql
-- include: figures/counted.sql

-- name: list_flow
-- The leads and accounts behind one number of the flow.
-- include: figures/known_stays.sql
-- include: figures/flow.sql
-- include: figures/listed.sql

-- name: count_conversion
-- How many of a cohort got to another stage in time, and how many may still.
-- include: figures/known_stays.sql
-- include: figures/conversion.sql
-- include: figures/counted.sql

-- name: list_conversion
-- The leads and accounts behind one number of a conversion.
-- include: figures/known_stays.sql
-- include: figures/conversion.sql
-- include: figures/listed.sql

-- name: count_yield
-- How far the leads acquired in a period got in time.
-- include: figures/known_stays.sql
-- include: figures/yield.sql
-- include: figures/counted.sql

-- name: list_yield
-- The leads and accounts behind one number of a yield.
-- include: figures/known_stays.sql
-- include: figures/yield.sql
-- include: figures/listed.sql

-- name: count_fates
-- What has become of a cohort.
-- include: figures/known_stays.sql
-- include: figures/fates.sql
-- include: figures/counted.sql

-- name: list_fates
-- The leads and accounts that shared a fate.
-- include: figures/known_stays.sql
-- include: figures/fates.sql
-- include: figures/listed.sql

-- name: count_time_in_stage
-- How many stays ended in a period, and how many have not ended.
-- include: figures/known_stays.sql
-- include: figures/time_in_stage.sql
-- include: figures/counted.sql

-- name: list_time_in_stage
-- The leads and accounts behind one number of the time in a stage.
-- include: figures/known_stays.sql
-- include: figures/time_in_stage.sql
-- include: figures/listed.sql

-- name: measure_time_in_stage
-- How long these stays last.
-- include: figures/known_stays.sql
-- include: figures/time_in_stage.sql
-- include: figures/lasting.sql

-- name: count_lead_time
-- How many got from one stage to another in a period, and how many are on their way.
-- include: figures/known_stays.sql
-- include: figures/lead_time.sql
-- include: figures/counted.sql

-- name: list_lead_time
-- The leads and accounts behind one number of a lead time.
-- include: figures/known_stays.sql
-- include: figures/lead_time.sql
-- include: figures/listed.sql

-- name: measure_lead_time
-- How long they took, or have taken so far.
-- include: figures/known_stays.sql
-- include: figures/lead_time.sql
-- include: figures/lasting.sql

-- name: count_ageing
-- How old open stays are, compared with those that have ended.
-- include: figures/known_stays.sql
-- include: figures/ageing.sql
-- include: figures/counted.sql

-- name: list_ageing
-- The leads and accounts in one band.
-- include: figures/known_stays.sql
-- include: figures/ageing.sql
-- include: figures/listed.sql

-- name: measure_ageing
-- Where the bands end: how long the stays that have ended lasted.
-- include: figures/known_stays.sql
-- include: figures/time_in_stage.sql
-- include: figures/lasting.sql

-- name: count_deadlines
-- How many deadlines were met, late or not answered.
-- include: figures/known_stays.sql
-- include: figures/due.sql
-- include: figures/deadlines.sql
-- include: figures/counted.sql

-- name: list_deadlines
-- The leads behind one number of the deadlines.
-- include: figures/known_stays.sql
-- include: figures/due.sql
-- include: figures/deadlines.sql
-- include: figures/listed.sql

-- name: count_acceptance
-- What was decided about those whose time was up.
-- include: figures/known_stays.sql
-- include: figures/due.sql
-- include: figures/acceptance.sql
-- include: figures/counted.sql

-- name: list_acceptance
-- The leads about which that was decided.
-- include: figures/known_stays.sql
-- include: figures/due.sql
-- include: figures/acceptance.sql
-- include: figures/listed.sql

-- name: count_win_rate
-- How many deals were won.
-- include: figures/known_stays.sql
-- include: figures/dealt.sql
-- include: figures/win_rate.sql
-- include: figures/placed.sql
-- include: figures/won.sql
-- include: figures/counted.sql

-- name: list_win_rate
-- The leads and companies of these deals.
-- include: figures/known_stays.sql
-- include: figures/dealt.sql
-- include: figures/win_rate.sql
-- include: figures/placed.sql
-- include: figures/won.sql
-- include: figures/listed.sql

-- name: count_losses
-- How many deals were lost, and why.
-- include: figures/known_stays.sql
-- include: figures/dealt.sql
-- include: figures/lost.sql
-- include: figures/placed.sql
-- include: figures/losses.sql
-- include: figures/counted.sql

-- name: list_losses
-- The leads and companies of these deals.
-- include: figures/known_stays.sql
-- include: figures/dealt.sql
-- include: figures/lost.sql
-- include: figures/placed.sql
-- include: figures/losses.sql
-- include: figures/listed.sql

-- name: count_revival
-- How many leads that were silent for long came back.
-- include: figures/known_stays.sql
-- include: figures/revival.sql
-- include: figures/counted.sql

-- name: list_revival
-- The leads that were silent for long.
-- include: figures/known_stays.sql
-- include: figures/revival.sql
-- include: figures/listed.sql

-- name: count_deals
-- How many of a cohort brought a deal in time, and which deals came another way.
-- include: figures/known_stays.sql
-- include: figures/dealt.sql
-- include: figures/dealt_in_time.sql
-- include: figures/placed.sql
-- include: figures/deals.sql
-- include: figures/counted.sql

-- name: list_deals
-- The leads and companies behind one number of the deals.
-- include: figures/known_stays.sql
-- include: figures/dealt.sql
-- include: figures/dealt_in_time.sql
-- include: figures/placed.sql
-- include: figures/deals.sql
-- include: figures/listed.sql

-- name: count_pipeline
-- How many deals are open, and when they are expected to be decided.
-- include: figures/known_stays.sql
-- include: figures/dealt.sql
-- include: figures/open_deals.sql
-- include: figures/placed.sql
-- include: figures/pipeline.sql
-- include: figures/counted.sql

-- name: list_pipeline
-- The leads and companies of these open deals.
-- include: figures/known_stays.sql
-- include: figures/dealt.sql
-- include: figures/open_deals.sql
-- include: figures/placed.sql
-- include: figures/pipeline.sql
-- include: figures/listed.sql

-- name: count_customers
-- How many companies became customers, and how many are no longer.
-- include: figures/known_stays.sql
-- include: figures/customers.sql
-- include: figures/counted.sql

-- name: list_customers
-- The companies behind one number of the customers.
-- include: figures/known_stays.sql
-- include: figures/customers.sql
-- include: figures/listed.sql

-- name: count_funnel_by_side
-- How many entered each stage by whose work brought them, and what was bought.
-- include: figures/known_stays.sql
-- include: figures/bought.sql
-- include: figures/placed.sql
-- include: figures/credited.sql
-- include: figures/funnel_by_side.sql
-- include: figures/counted_amounts.sql

-- name: list_funnel_by_side
-- The leads and companies behind one number of the funnel by side.
-- include: figures/known_stays.sql
-- include: figures/bought.sql
-- include: figures/placed.sql
-- include: figures/credited.sql
-- include: figures/funnel_by_side.sql
-- include: figures/listed_amounts.sql

-- name: count_merges
-- How many leads and companies were merged, and which conflicts are open.
-- include: figures/known_stays.sql
-- include: figures/judged.sql
-- include: figures/placed.sql
-- include: figures/merges.sql
-- include: figures/counted.sql

-- name: list_merges
-- The leads and companies behind one number of the merges.
-- include: figures/known_stays.sql
-- include: figures/judged.sql
-- include: figures/placed.sql
-- include: figures/merges.sql
-- include: figures/listed.sql

-- name: count_screening
-- How many contacts reached somebody, what screenings found, and how many meetings came of them.
-- include: figures/known_stays.sql
-- include: figures/contacted.sql
-- include: figures/screening.sql
-- include: figures/counted.sql

-- name: list_screening
-- The leads behind one number of the screening.
-- include: figures/known_stays.sql
-- include: figures/contacted.sql
-- include: figures/screening.sql
-- include: figures/listed.sql

-- name: measure_screening
-- How long leads waited for the first contact, or have waited so far.
-- include: figures/known_stays.sql
-- include: figures/contacted.sql
-- include: figures/screening.sql
-- include: figures/lasting.sql

-- name: count_contribution
-- How much of the won business is marketing's, by every policy.
-- include: figures/known_stays.sql
-- include: figures/bought.sql
-- include: figures/placed.sql
-- include: figures/credited.sql
-- include: figures/contribution.sql
-- include: figures/counted_amounts.sql

-- name: list_contribution
-- The leads and companies behind one number of contribution.
-- include: figures/known_stays.sql
-- include: figures/bought.sql
-- include: figures/placed.sql
-- include: figures/credited.sql
-- include: figures/contribution.sql
-- include: figures/listed_amounts.sql

-- name: count_campaigns
-- Whom campaigns touched, how far they got, and what they bought.
-- include: figures/known_stays.sql
-- include: figures/touched.sql
-- include: figures/campaigns.sql
-- include: figures/counted_amounts.sql

-- name: list_campaigns
-- The leads behind one number of a campaign.
-- include: figures/known_stays.sql
-- include: figures/touched.sql
-- include: figures/campaigns.sql
-- include: figures/listed_amounts.sql

-- name: costs_campaigns
-- What campaigns cost, as known at a position: the last report for the same campaign, channel, currency and
-- days.
SELECT DISTINCT ON (cost.campaign, cost.channel, cost.currency, cost.starts_on, cost.ends_on)
       cost.campaign, cost.currency, cost.starts_on, cost.ends_on, cost.cost
  FROM ledger.projections AS live
  JOIN ledger.business_costs AS cost USING (generation)
 WHERE live.name = 'business' AND live.status = 'live'
   AND cost.position <= CAST(:known_at AS bigint)
   AND cost.occurred_at <= CAST(:as_of AS timestamptz)
 ORDER BY cost.campaign, cost.channel, cost.currency, cost.starts_on, cost.ends_on, cost.position DESC

-- name: count_capacity
-- How many leads selections chose and deferred, next to the places that each run was given. Those have no
-- members: they were recorded as a number. In the order of the runs, which is that of the rows.
-- include: figures/known_stays.sql
-- include: figures/ranked.sql
-- include: figures/capacity.sql
SELECT kind, in_row, value, measures, members, last_at
  FROM (SELECT kind, in_row, value, measures, count(*) AS members, max(at) AS last_at, position
          FROM members
         GROUP BY kind, in_row, value, measures, position
         UNION ALL
        SELECT 'lead', 'run.' || run, '', 'capacity', capacity, ran_at, position
          FROM runs) AS counted
 ORDER BY position, measures

-- name: list_capacity
-- The leads behind one number of a selection.
-- include: figures/known_stays.sql
-- include: figures/ranked.sql
-- include: figures/capacity.sql
-- include: figures/listed.sql

-- name: measure_capacity
-- How long deferred leads waited after the run, or have waited so far.
-- include: figures/known_stays.sql
-- include: figures/ranked.sql
-- include: figures/capacity.sql
-- include: figures/lasting.sql

-- name: count_lists
-- How many leads are on each list.
-- include: figures/known_stays.sql
-- include: figures/lists.sql
-- include: figures/counted.sql

-- name: list_lists
-- The leads on a list.
-- include: figures/known_stays.sql
-- include: figures/lists.sql
-- include: figures/listed.sql
