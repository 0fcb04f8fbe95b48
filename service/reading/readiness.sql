-- name: clock_ahead
-- How far the ledger's clock is ahead: only the owner can set it, for tests and demonstrations.
SELECT clock_ahead
  FROM ledger.ledger_head

-- name: owns_events
-- Whether the serving role could change append-only tables: the guard is weaker then.
SELECT pg_has_role(current_user, relation.relowner, 'USAGE') AS owns
  FROM pg_class AS relation
 WHERE relation.oid = CAST('ledger.events' AS regclass)

-- name: count_set_aside
-- Leads that a fault of the service prevents from being brought up to date.
SELECT count(*)
  FROM ledger.leads_set_aside

-- name: count_pending
-- Leads that wait to be decided again because of late reports, among those that are looked at next: a
-- lead waits for some minutes at most, and one that is set aside for longer. An attribute of this name
-- does not hold a list.
SELECT count(*)
  FROM (SELECT subject.state
          FROM ledger.subjects AS subject
         WHERE subject.wake_at <= (
               SELECT clock_timestamp() + head.clock_ahead + CAST(:within AS interval)
                 FROM ledger.ledger_head AS head)
         ORDER BY subject.wake_at
         LIMIT :limit) AS soon
 WHERE strpos(soon.state, '"pending":[') > 0
