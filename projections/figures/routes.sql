-- The ways into stages that any first entry took.
     routes AS (
     SELECT DISTINCT kind, stage, before
       FROM known
      WHERE is_first_entry AND stage <> 'unplaced'),
