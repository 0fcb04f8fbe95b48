-- What people decided about leads, and what waits for that: merges that still stand, merges that were taken
-- back, and conflicts of identifiers, one for each lead that a report contradicts, with when each was
-- settled. A merge that the service derived has a cause: its visitor has a stay that ended by it.
     asked AS (
     SELECT event.type, event.subject_id AS lead, CAST(NULL AS uuid) AS account,
            event.position AS created_by, event.occurred_at AS placed_at, 0 AS place,
            CAST(NULL AS timestamptz) AS settled_at, CAST(NULL AS bigint) AS settled_by
       FROM ledger.whole_events AS event
      CROSS JOIN live
      CROSS JOIN LATERAL (SELECT CAST(event.record AS jsonb) AS record) AS its
      WHERE event.type IN ('identity.merged', 'identity.unmerged')
        AND event.position <= live.position
        AND event.occurred_at <= CAST(:as_of AS timestamptz)
        AND its.record ->> 'cause' IS NULL
        AND its.record #>> '{data,effects,already}' IS NULL
        AND (event.type = 'identity.unmerged'
             OR NOT EXISTS (
                SELECT
                  FROM ledger.events AS later
                 WHERE later.subject_id = CAST(its.record #>> '{data,effects,absorbs}' AS uuid)
                   AND later.type = 'identity.unmerged'
                   AND later.position > event.position AND later.position <= live.position
                   AND later.occurred_at <= CAST(:as_of AS timestamptz)))
      UNION ALL
     SELECT event.type, event.subject_id, NULL, event.position, event.occurred_at,
            CAST(other.number AS integer), settled.at, settled.position
       FROM ledger.whole_events AS event
      CROSS JOIN live
      CROSS JOIN LATERAL jsonb_array_elements_text(
            CAST(event.record AS jsonb) #> '{data,effects,conflicts}') WITH ORDINALITY AS other (id, number)
       LEFT JOIN LATERAL (
            SELECT later.occurred_at AS at, later.position
              FROM ledger.whole_events AS later
             CROSS JOIN LATERAL (SELECT CAST(later.record AS jsonb) #> '{data,effects}' AS effects) AS its
             WHERE later.subject_id = event.subject_id
               AND later.position > event.position AND later.position <= live.position
               AND later.occurred_at <= CAST(:as_of AS timestamptz)
               AND (jsonb_exists(effects -> 'dismissed', other.id)
                    OR jsonb_exists(effects -> 'apart', other.id)
                    OR effects ->> 'absorbs' = other.id
                    OR effects ->> 'absorbed_by' IS NOT NULL)
             ORDER BY later.position
             LIMIT 1
            ) AS settled ON true
      WHERE event.type = 'identity.conflicted'
        AND event.position <= live.position
        AND event.occurred_at <= CAST(:as_of AS timestamptz)),
