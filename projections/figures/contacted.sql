-- Every contact with a lead, in the stay in which the lead was just before it: what a contact leads to
-- comes after it, even at the same moment. If the lead had been absorbed, that is a stay of the one that
-- received the report, as for deals.
     contacts AS MATERIALIZED (
     SELECT contact.lead, contact.what, contact.class, contact.contacted_at, contact.position,
            contact.contacted_at >= COALESCE(CAST(:since AS timestamptz), '-infinity')
            AND contact.contacted_at < COALESCE(CAST(:until AS timestamptz), 'infinity') AS counts,
            COALESCE(stay.value, CAST(:no_values AS text)) AS value,
            COALESCE(stay.subject_id, contact.lead) AS stays,
            COALESCE(stay.pass_number, 1) AS pass_number
       FROM ledger.business_contacts AS contact
      CROSS JOIN live
       LEFT JOIN ledger.events AS event
         ON event.position = contact.position AND event.subject_id = contact.lead
        AND event.record LIKE '%"forwardedto":%'
       LEFT JOIN LATERAL (
            SELECT known.value, known.subject_id, known.pass_number
              FROM known
             WHERE known.subject_id = ANY (ARRAY[
                       contact.lead, CAST(CAST(event.record AS jsonb) ->> 'forwardedto' AS uuid)])
               AND known.entered_at <= contact.contacted_at
             ORDER BY known.left_at >= contact.contacted_at DESC,
                      known.subject_id = contact.lead DESC,
                      known.entered_at < contact.contacted_at DESC,
                      CASE WHEN known.entered_at < contact.contacted_at
                           THEN known.entered_at END DESC,
                      CASE WHEN known.entered_at < contact.contacted_at
                           THEN -known.known_from ELSE known.known_from END,
                      CASE WHEN known.entered_at < contact.contacted_at
                           THEN -known.number ELSE known.number END
             LIMIT 1
            ) AS stay ON true
      WHERE contact.generation = (SELECT generation
                                    FROM ledger.projections
                                   WHERE name = 'business' AND status = 'live')
        AND contact.known_from <= live.position
        AND (contact.voided_by IS NULL OR contact.voided_by > live.position)
        AND contact.contacted_at <= CAST(:as_of AS timestamptz)),
