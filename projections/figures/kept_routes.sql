-- The ways into stages that any first entry took.
     routes AS (
     SELECT DISTINCT kind, stage, before
       FROM kept
      WHERE stage <> 'unplaced' AND NOT stage = ANY (string_to_array(before, ' '))),
