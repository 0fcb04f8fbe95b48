-- Every deadline that a decision answers, and that has been due, counts as such and by what was decided.
-- A rejection counts once more by its reason. `deadline.met` names the decision as its cause.
     decided AS (
     SELECT due.*,
            CASE WHEN state NOT IN ('met', 'late') THEN 'undecided'
                 WHEN decision.type = ANY (CAST(:accepting AS text[])) THEN 'accepted'
                 ELSE 'rejected' END AS answer,
            'reason.' || COALESCE(CAST(decision.record AS jsonb) #>> '{data,reason}', '') AS reason
       FROM due
       LEFT JOIN ledger.events AS answer ON answer.position = due.settled
       LEFT JOIN ledger.events AS decision
         ON decision.position
            = COALESCE(CAST(CAST(answer.record AS jsonb) ->> 'cause' AS bigint), answer.position)
      WHERE deadline = ANY (CAST(:deadlines AS text[]))
        AND due_at <= CAST(:as_of AS timestamptz)
        AND state <> 'left'),
     members AS (
     SELECT value, 'lead' AS kind, counted.in_row, 'leads' AS measures, subject_id, pass_number,
            due_at AS at, started AS position, number,
            CAST(NULL AS text) AS then_stage, outcome AS then_kind, settled_at AS then_at,
            settled AS then_position
       FROM decided
      CROSS JOIN LATERAL (
            VALUES ('due'), (answer), (CASE WHEN answer = 'rejected' THEN reason END)
            ) AS counted (in_row)
      WHERE counted.in_row IS NOT NULL)
