-- Every pass that first entered the base stage in the period counts in each row: whether it reached
-- the target, or entered it. It is mature once its time is up, whatever it did: if those that have
-- already converted were mature too, quick successes would count and slow failures would not. A person
-- or a company begins with its first entry in the period, and arrives with that of any of its passes.
     base AS (
     SELECT DISTINCT ON (unit_id, unit_number)
            unit_id, unit_number, value, kind, subject_id, pass_number, entered_at, entry_position,
            number, entered_at + CAST(:within AS interval) AS matures_at
       FROM known
      WHERE kind = CAST(:kind AS text)
        AND stage = CAST(:base AS text)
        AND is_first_entry
        AND unit_id IS NOT NULL
        AND entered_at >= COALESCE(CAST(:since AS timestamptz), '-infinity')
        AND entered_at < COALESCE(CAST(:until AS timestamptz), 'infinity')
      ORDER BY unit_id, unit_number, entered_at, known_from, number),
     arrived AS (
     SELECT DISTINCT ON (wanted.in_row, base.unit_id, base.unit_number)
            wanted.in_row, base.unit_id, base.unit_number, found.stage, found.entered_at,
            found.entry_position
       FROM unnest(CAST(:in_rows AS text[]), CAST(:targets AS text[])) AS wanted (in_row, stage)
       JOIN known AS found
         ON found.stage = wanted.stage AND found.kind = CAST(:kind AS text) AND found.is_first_entry
       JOIN base
         ON base.unit_id = found.unit_id AND base.unit_number = found.unit_number
        AND found.entered_at BETWEEN base.entered_at AND base.matures_at
      ORDER BY wanted.in_row, base.unit_id, base.unit_number,
               found.entered_at, found.known_from, found.number),
     members AS (
     SELECT base.value, base.kind, asked.in_row,
            concat_ws(' ', 'base',
                      CASE WHEN base.matures_at <= CAST(:as_of AS timestamptz)
                           THEN concat_ws(' ', 'mature',
                                          CASE WHEN arrived.stage IS NOT NULL THEN 'hits so_far' END,
                                          CASE WHEN arrived.stage IS NOT NULL
                                                AND entered.stage IS NULL THEN 'passed_over' END)
                           ELSE concat_ws(' ', 'immature',
                                          CASE WHEN arrived.stage IS NOT NULL THEN 'so_far'
                                               ELSE 'possible' END) END
            ) AS measures,
            base.subject_id, base.pass_number, base.entered_at AS at,
            base.entry_position AS position, base.number,
            arrived.stage AS then_stage, CAST(NULL AS text) AS then_kind,
            arrived.entered_at AS then_at, arrived.entry_position AS then_position
       FROM base
      CROSS JOIN (VALUES ('reach'), ('enter')) AS asked (in_row)
       LEFT JOIN arrived
         ON arrived.in_row = asked.in_row AND arrived.unit_id = base.unit_id
        AND arrived.unit_number = base.unit_number
       LEFT JOIN arrived AS entered
         ON entered.in_row = 'enter' AND entered.unit_id = base.unit_id
        AND entered.unit_number = base.unit_number)
