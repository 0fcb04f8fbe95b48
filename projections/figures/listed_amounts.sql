-- The members of one cell, in the order of their ids, with keyset pagination, and what each adds to the
-- amount.
SELECT CAST(subject_id AS text) AS subject_id, position, number, of_kind AS kind, pass_number, at, value,
       then_stage, then_kind, then_at, then_position, amount
  FROM members
 WHERE kind = CAST(:track AS text)
   AND in_row = CAST(:in_row AS text)
   AND (CAST(:value AS text) IS NULL OR value = CAST(:value AS text))
   AND string_to_array(measures, ' ') && CAST(:measures AS text[])
   AND (subject_id, position, number)
       > (CAST(:after_id AS uuid), CAST(:after_position AS bigint), CAST(:after_number AS integer))
 ORDER BY subject_id, position, number
 LIMIT :limit
