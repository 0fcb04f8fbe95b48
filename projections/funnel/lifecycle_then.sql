-- Which publication was in force then.
       (SELECT lifecycle.position
          FROM ledger.stage_lifecycles AS lifecycle
         WHERE lifecycle.generation = live.generation AND lifecycle.position <= live.position
         ORDER BY lifecycle.position DESC
         LIMIT 1) AS lifecycle_position,
