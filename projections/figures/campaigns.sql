-- A contact counts by what the person was to us, and in the row of every stage that the pass got to, or past,
-- within the time from the touch, and not before it. Those newly acquired are the cohort of the campaign: for
-- them the touch is the acquisition. Business counts if it was won within the same time.
     reached AS (
     SELECT DISTINCT ON (person, subject_id, pass_number, in_row)
            person, in_row, stage AS then_stage, entered_at AS then_at, entry_position AS then_position
       FROM known_people
       JOIN unnest(CAST(:stages AS text[]), CAST(:beyond AS text[])) AS wanted (in_row, stages)
         ON stage = ANY (string_to_array(stages, ' '))
      WHERE is_first_entry
      ORDER BY person, subject_id, pass_number, in_row, entered_at, known_from, number),
     arrived AS (
     SELECT DISTINCT ON (campaign, person, position, in_row)
            classed.*, in_row, then_stage, then_at, then_position
       FROM classed
       JOIN reached USING (person)
      WHERE then_at BETWEEN touched_at AND matures_at
      ORDER BY campaign, person, position, in_row, then_at, then_position),
     bought AS (
     SELECT classed.*, won_by, won_at, row_number() OVER of_contact AS number
       FROM classed
      CROSS JOIN LATERAL (SELECT classed.person UNION SELECT classed.lead) AS own (id)
       JOIN unnest(CAST(:leads AS uuid[]), CAST(:won_at AS timestamptz[]), CAST(:won_by AS bigint[]))
            AS unit (lead, won_at, won_by)
         ON unit.lead = own.id AND won_at BETWEEN touched_at AND matures_at
     WINDOW of_contact AS (PARTITION BY classed.position ORDER BY won_at, won_by)),
     counts AS (
     SELECT value, person, pass_number, touched_at, position, 0 AS number, 'contacts' AS in_row,
            concat_ws(' ', class, CASE WHEN is_new_target THEN 'targets' END,
                      CASE WHEN is_new AND matures_at <= CAST(:as_of AS timestamptz) THEN 'mature' END)
            AS measures,
            CAST(NULL AS text) AS then_stage, CAST(NULL AS timestamptz) AS then_at,
            CAST(NULL AS bigint) AS then_position, CAST(NULL AS numeric) AS amount
       FROM classed
      UNION ALL
     SELECT DISTINCT ON (classed.campaign, touches.lead)
            classed.value, touches.lead, classed.pass_number, touches.touched_at, touches.position, 0,
            'contacts', 'duplicates', NULL, NULL, NULL, NULL
       FROM classed
       JOIN people ON people.person = classed.person AND people.lead <> people.person
       JOIN touches ON touches.lead = people.lead AND touches.campaign = classed.campaign
      UNION ALL
     SELECT value, person, pass_number, touched_at, position, 0, in_row,
            concat_ws(' ', 'touched', CASE WHEN is_new THEN 'acquired' END,
                      CASE WHEN is_new AND matures_at <= CAST(:as_of AS timestamptz) THEN 'mature' END),
            then_stage, then_at, then_position, NULL
       FROM arrived
      UNION ALL
     SELECT value, person, pass_number, won_at, position, CAST(number AS integer), entry.in_row,
            concat_ws(' ', 'touched', CASE WHEN is_new THEN 'acquired' END,
                      CASE WHEN is_new AND matures_at <= CAST(:as_of AS timestamptz) THEN 'mature' END),
            NULL, won_at, won_by, entry.amount
       FROM bought
       JOIN unnest(CAST(:entry_of AS bigint[]), CAST(:in_rows AS text[]), CAST(:amounts AS numeric[]))
            AS entry (won_by, in_row, amount)
      USING (won_by)),
     members AS (
     SELECT value, 'lead' AS kind, in_row, measures, person AS subject_id, pass_number,
            touched_at AS at, position, number, then_stage, CAST(NULL AS text) AS then_kind,
            then_at, then_position, 'lead' AS of_kind, amount
       FROM counts)
