-- The deals that are asked about, each in the stay of its lead at the moment that counts. If the lead had
-- been absorbed when the deal was created, that is a stay of the one that received the report; if it has
-- been since, its own last one.
     placed AS (
     SELECT asked.*, stay.value, stay.subject_id AS stays, stay.pass_number AS stays_in_pass
       FROM asked
       LEFT JOIN ledger.events AS event
         ON event.position = asked.created_by AND event.subject_id = asked.lead
        AND event.record LIKE '%"forwardedto":%'
       LEFT JOIN LATERAL (
            SELECT known.value, known.subject_id, known.pass_number
              FROM known
             WHERE known.subject_id = ANY (ARRAY[
                       COALESCE(asked.lead, asked.account),
                       CAST(CAST(event.record AS jsonb) ->> 'forwardedto' AS uuid)])
               AND known.entered_at <= asked.placed_at
             ORDER BY known.left_at >= asked.placed_at DESC,
                      known.subject_id = COALESCE(asked.lead, asked.account) DESC,
                      known.entered_at DESC, known.known_from DESC, known.number DESC
             LIMIT 1
            ) AS stay ON true),
