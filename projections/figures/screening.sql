-- Contacts and meetings count in the period in which they took place. A pass that was screened counts once,
-- by its last completed screening, in the row of all and in that of the class. A pass that first entered
-- the base stage counts when it was first contacted, or as waiting while it is there.
     screened AS (
     SELECT DISTINCT ON (stays, pass_number) *
       FROM contacts
      WHERE what = 'completed'
      ORDER BY stays, pass_number, contacted_at DESC, position DESC),
     base AS (
     SELECT value, kind, subject_id, pass_number, entered_at, entry_position, number
       FROM known
      WHERE kind = 'lead' AND stage = CAST(:base AS text) AND is_first_entry),
     first_contacts AS (
     SELECT DISTINCT ON (base.subject_id, base.pass_number)
            base.*, what, contacted_at, position, counts
       FROM base
       LEFT JOIN contacts
         ON contacts.stays = base.subject_id AND contacts.pass_number = base.pass_number
        AND contacted_at >= entered_at AND what IN ('reached', 'unreached', 'completed')
      ORDER BY base.subject_id, base.pass_number, contacted_at, position),
     members AS (
     SELECT value, 'lead' AS kind, counted.in_row, counted.measures, lead AS subject_id, pass_number,
            contacted_at AS at, position, 0 AS number,
            CAST(NULL AS text) AS then_stage, CAST(NULL AS text) AS then_kind,
            CAST(NULL AS timestamptz) AS then_at, CAST(NULL AS bigint) AS then_position,
            CAST(NULL AS interval) AS length
       FROM contacts
      CROSS JOIN LATERAL (
            SELECT CASE WHEN what IN ('scheduled', 'held', 'missed') THEN 'meetings'
                        ELSE 'contacts' END,
                   CASE what WHEN 'completed' THEN 'reached' ELSE what END
            ) AS counted (in_row, measures)
      WHERE counts
      UNION ALL
     SELECT value, 'lead', counted.in_row, 'screened', lead, pass_number, contacted_at, position, 0,
            NULL, class, NULL, NULL, NULL
       FROM screened
      CROSS JOIN LATERAL (VALUES ('screened'), ('class.' || class)) AS counted (in_row)
      WHERE counts AND counted.in_row IS NOT NULL
      UNION ALL
     SELECT value, kind, 'first_contact', CASE WHEN what IS NULL THEN 'waiting' ELSE 'contacted' END,
            subject_id, pass_number, entered_at, entry_position, number,
            NULL, what, contacted_at, position,
            COALESCE(contacted_at, CAST(:as_of AS timestamptz)) - entered_at
       FROM first_contacts
      WHERE CASE WHEN what IS NULL
                 THEN EXISTS (SELECT
                                FROM known AS last
                               WHERE last.subject_id = first_contacts.subject_id
                                 AND last.pass_number = first_contacts.pass_number
                                 AND last.left_at = 'infinity'
                                 AND last.stage = CAST(:base AS text))
                 ELSE counts END)
