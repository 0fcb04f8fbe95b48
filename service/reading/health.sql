-- name: owns_events
-- Whether the serving role could change what is append-only: then the guard is weaker.
SELECT pg_has_role(current_user, relation.relowner, 'USAGE') AS owns
  FROM pg_class AS relation
 WHERE relation.oid = CAST('ledger.events' AS regclass)
