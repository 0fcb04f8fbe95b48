-- The runs of the period, the newest of them if there are more than an answer shows, and every lead that each
-- of them ranked, in the stay in which it was at that time. A run that selected n leads selected the first n.
     runs AS MATERIALIZED (
     SELECT event.position, event.occurred_at AS ran_at, its.data ->> 'selection' AS run,
            CAST(its.data ->> 'capacity' AS bigint) AS capacity,
            CAST(its.data ->> 'selected' AS bigint) AS selected
       FROM ledger.whole_events AS event
      CROSS JOIN live
      CROSS JOIN LATERAL (SELECT CAST(event.record AS jsonb) -> 'data' AS data) AS its
      WHERE event.subject_id = '00000000-0000-0000-0000-000000000000'
        AND event.type = 'selection.run'
        AND event.position <= live.position
        AND event.occurred_at <= CAST(:as_of AS timestamptz)
        AND event.occurred_at >= COALESCE(CAST(:since AS timestamptz), '-infinity')
        AND event.occurred_at < COALESCE(CAST(:until AS timestamptz), 'infinity')
      ORDER BY event.position DESC
      LIMIT CAST(:runs_max AS integer)),
     pages AS MATERIALIZED (
     SELECT event.position, CAST(event.record AS jsonb) -> 'data' AS data
       FROM ledger.whole_events AS event
      CROSS JOIN live
      WHERE event.subject_id = '00000000-0000-0000-0000-000000000000'
        AND event.type = 'selection.ranked'
        AND event.position > (SELECT min(position) FROM runs)
        AND event.position <= live.position),
     skipped AS MATERIALIZED (
     SELECT runs.run, CAST(lead.pair ->> 0 AS uuid) AS lead
       FROM ledger.whole_events AS event
      CROSS JOIN live
       JOIN runs ON event.id = 'selection.' || runs.run || '.completed'
      CROSS JOIN LATERAL jsonb_array_elements(
            CAST(event.record AS jsonb) #> '{data,skipped}') AS lead (pair)
      WHERE event.source = 'leadledger' AND event.position <= live.position),
     ranked AS MATERIALIZED (
     SELECT runs.*, CAST(lead.pair ->> 0 AS uuid) AS lead,
            row_number() OVER (PARTITION BY runs.run ORDER BY pages.position, lead.place) AS rank
       FROM runs
       JOIN pages ON pages.data ->> 'selection' = runs.run
      CROSS JOIN LATERAL jsonb_array_elements(pages.data -> 'ranking')
            WITH ORDINALITY AS lead (pair, place)),
     screenings AS MATERIALIZED (
     SELECT contact.lead, contact.contacted_at, contact.class, contact.position
       FROM ledger.business_contacts AS contact
      CROSS JOIN live
      WHERE contact.generation = (SELECT generation
                                    FROM ledger.projections
                                   WHERE name = 'business' AND status = 'live')
        AND contact.position > (SELECT min(position) FROM runs)
        AND contact.what = 'completed'
        AND contact.known_from <= live.position
        AND (contact.voided_by IS NULL OR contact.voided_by > live.position)
        AND contact.contacted_at <= CAST(:as_of AS timestamptz)),
     screened AS MATERIALIZED (
     SELECT DISTINCT ON (ranked.run, ranked.lead)
            ranked.run, ranked.lead, contacted_at, class, screenings.position
       FROM ranked
       JOIN screenings ON screenings.lead = ranked.lead AND contacted_at >= ranked.ran_at
      WHERE ranked.rank <= ranked.selected
      ORDER BY ranked.run, ranked.lead, contacted_at, screenings.position),
