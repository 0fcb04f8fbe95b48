-- Whom campaigns touched in the period: each person once for each campaign, at the first touch by which the
-- person was known, with where the person was just before. Leads that were merged are one person, as known
-- at that position; the touches of visitors count only once they are known.
     touches AS MATERIALIZED (
     SELECT touch.campaign, touch.lead, touch.touched_at, touch.position
       FROM ledger.business_touches AS touch
      CROSS JOIN live
      WHERE touch.generation = (SELECT generation
                                  FROM ledger.projections
                                 WHERE name = 'business' AND status = 'live')
        AND touch.campaign IS NOT NULL
        AND touch.known_from <= live.position
        AND (touch.voided_by IS NULL OR touch.voided_by > live.position)
        AND touch.touched_at <= CAST(:as_of AS timestamptz)
        AND touch.touched_at >= COALESCE(CAST(:since AS timestamptz), '-infinity')
        AND touch.touched_at < COALESCE(CAST(:until AS timestamptz), 'infinity')),
     people AS MATERIALIZED (
       WITH RECURSIVE chain AS (
            SELECT DISTINCT lead, lead AS person, 0 AS merges
              FROM touches
             UNION ALL
            SELECT chain.lead, merged.person, chain.merges + 1
              FROM chain
             CROSS JOIN LATERAL (
                   -- After a merge was taken back, a restatement says what the lead is.
                   SELECT CAST(COALESCE(effects ->> 'absorbed_by',
                                        effects #>> '{state,absorbed_by}') AS uuid) AS person
                     FROM ledger.whole_events AS event
                    CROSS JOIN live
                    CROSS JOIN LATERAL (
                          SELECT CAST(event.record AS jsonb) #> '{data,effects}' AS effects) AS its
                    WHERE event.subject_id = chain.person
                      AND event.type IN (CAST(:absorbed AS text), CAST(:restated AS text))
                      AND event.position <= live.position
                    ORDER BY event.position DESC
                    LIMIT 1
                   ) AS merged
             WHERE merged.person IS NOT NULL AND chain.merges < CAST(:merges_max AS integer))
     SELECT DISTINCT ON (lead) lead, person
       FROM chain
      ORDER BY lead, merges DESC),
     known_people AS MATERIALIZED (
     SELECT DISTINCT people.person, known.stage, known.subject_id, known.pass_number, known.value,
            known.entered_at, known.left_at, known.known_from, known.number, known.is_first_entry,
            known.entry_position, known.traits, known.changes,
            known.stage = ANY (CAST(:anonymous AS text[])) AS is_anonymous
       FROM people
       JOIN known ON known.subject_id IN (people.person, people.lead) AND known.kind = 'lead'),
     acquired AS (
     SELECT person, min(entered_at) AS acquired_at
       FROM known_people
      WHERE NOT is_anonymous
      GROUP BY person),
     contacts AS MATERIALIZED (
     SELECT DISTINCT ON (touches.campaign, people.person)
            touches.campaign, people.person, touches.lead, touches.touched_at, touches.position,
            acquired_at = touched_at AS is_new,
            touched_at + CAST(:within AS interval) AS matures_at
       FROM touches
       JOIN people USING (lead)
       JOIN acquired USING (person)
      WHERE acquired_at <= touched_at
      ORDER BY touches.campaign, people.person, touches.touched_at, touches.position),
     classed AS MATERIALIZED (
     SELECT contacts.*, standing.pass_number,
            CASE WHEN CAST(:first AS text) = 'campaign'
                 THEN concat_ws(chr(31), campaign,
                                CASE WHEN CAST(:second AS text) <> 'none'
                                     THEN split_part(standing.value, chr(31), 2) END)
                 WHEN CAST(:second AS text) = 'campaign'
                 THEN concat_ws(chr(31), split_part(standing.value, chr(31), 1), campaign)
                 ELSE standing.value END AS value,
            CASE WHEN is_new THEN 'newly'
                 WHEN before.stage = ANY (CAST(:won AS text[])) OR is_customers THEN 'customers'
                 WHEN before.stage = ANY (CAST(:disqualified AS text[])) THEN 'disqualified'
                 WHEN before.silence IS NOT NULL OR standing.pass_number > before.pass_number
                 THEN 'revived'
                 ELSE 'held' END AS class,
            is_new AND is_target AS is_new_target
       FROM contacts
      CROSS JOIN LATERAL (
            SELECT pass_number, value
              FROM known
             WHERE known.subject_id IN (contacts.person, contacts.lead) AND entered_at <= touched_at
             ORDER BY left_at > touched_at DESC, subject_id = contacts.person DESC,
                      entered_at DESC, known_from DESC, number DESC
             LIMIT 1
            ) AS standing
       LEFT JOIN LATERAL (
            SELECT stage, pass_number, its.traits ->> 'silence' AS silence,
                   its.traits ->> 'account' AS account
              FROM known
             CROSS JOIN LATERAL (
                   SELECT COALESCE(
                          (SELECT change -> 2
                             FROM jsonb_array_elements(changes) WITH ORDINALITY AS later (change, number)
                            WHERE CAST(change ->> 0 AS timestamptz) < touched_at
                              AND CAST(change ->> 1 AS bigint) <= (SELECT position FROM live)
                            ORDER BY number DESC
                            LIMIT 1),
                          known.traits) AS traits
                   ) AS its
             WHERE known.subject_id IN (contacts.person, contacts.lead) AND entered_at < touched_at
             ORDER BY left_at >= touched_at DESC, subject_id = contacts.person DESC,
                      entered_at DESC, known_from DESC, number DESC
             LIMIT 1
            ) AS before ON true
      CROSS JOIN LATERAL (
            SELECT EXISTS (SELECT
                             FROM known
                            WHERE known.subject_id = CAST(NULLIF(before.account, '') AS uuid)
                              AND known.kind = 'account'
                              AND known.stage = ANY (CAST(:customers AS text[]))
                              AND known.entered_at < touched_at AND known.left_at >= touched_at)
                   AS is_customers
            ) AS company
      CROSS JOIN LATERAL (
            -- A target after seven days: where the lead was then, or is if that is still to come.
            SELECT EXISTS (SELECT
                             FROM known
                            CROSS JOIN LATERAL (
                                  SELECT COALESCE(
                                         (SELECT change -> 2
                                            FROM jsonb_array_elements(changes)
                                                 WITH ORDINALITY AS later (change, number)
                                           WHERE CAST(change ->> 0 AS timestamptz)
                                                 <= touched_at + CAST(:target_after AS interval)
                                             AND CAST(change ->> 0 AS timestamptz)
                                                 <= CAST(:as_of AS timestamptz)
                                             AND CAST(change ->> 1 AS bigint)
                                                 <= (SELECT position FROM live)
                                           ORDER BY number DESC
                                           LIMIT 1),
                                         known.traits) AS traits
                                  ) AS its
                            WHERE known.subject_id IN (contacts.person, contacts.lead)
                              AND entered_at <= touched_at + CAST(:target_after AS interval)
                              AND left_at > LEAST(touched_at + CAST(:target_after AS interval),
                                                  CAST(:as_of AS timestamptz))
                              AND COALESCE(its.traits ->> 'market', '') <> '')
                   AS is_target
            ) AS aimed),
