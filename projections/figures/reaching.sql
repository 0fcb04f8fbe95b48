-- Which stages a first entry reaches: its own and those that it passes over, unless the pass had got
-- to or past them before. That depends only on the stages entered before, and there are few routes.
     declared AS (
     SELECT kind, stage, string_to_array(beyond, ' ') AS beyond
       FROM unnest(CAST(:kinds AS text[]), CAST(:stages AS text[]), CAST(:beyond AS text[]))
            AS given (kind, stage, beyond)),
     reaching AS (
     SELECT routes.kind, routes.stage, routes.before, declared.stage AS reached
       FROM routes
       JOIN declared USING (kind)
      WHERE routes.stage = ANY (declared.beyond)
        AND NOT string_to_array(routes.before, ' ') && declared.beyond
      UNION ALL
     SELECT kind, stage, before, stage
       FROM routes
      WHERE NOT EXISTS (SELECT FROM declared WHERE (kind, stage) = (routes.kind, routes.stage))),
