-- Every deadline counts once, in the row of its name: by its answer, or by what there is instead of one.
     members AS (
     SELECT value, 'lead' AS kind, deadline AS in_row, state AS measures, subject_id, pass_number,
            due_at AS at, started AS position, number,
            CAST(NULL AS text) AS then_stage, outcome AS then_kind, settled_at AS then_at,
            settled AS then_position
       FROM due)
