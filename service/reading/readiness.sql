-- name: clock_ahead
-- How far the ledger's clock has been turned: only the owner can, for tests and demonstrations.
SELECT clock_ahead
  FROM ledger.ledger_head

-- name: owns_events
-- Whether the serving role could change what is append-only: then the guard is weaker.
SELECT pg_has_role(current_user, relation.relowner, 'USAGE') AS owns
  FROM pg_class AS relation
 WHERE relation.oid = CAST('ledger.events' AS regclass)

-- name: count_set_aside
-- Leads that a fault of the service keeps from being brought up to date.
SELECT count(*)
  FROM ledger.leads_set_aside
