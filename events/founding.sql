-- name: insert_head
-- The ledger's only row. Later starts find it and insert nothing.
INSERT INTO ledger.ledger_head (ledger_id, position, recorded_at, secret_check, chain)
VALUES (:ledger_id, 0, :recorded_at, :secret_check, :chain)
    ON CONFLICT DO NOTHING

-- name: read_secret_check
-- The check value derived from the secret at the first start.
SELECT secret_check FROM ledger.ledger_head

-- name: read_ledger_id
-- The name that the ledger got when it was founded.
SELECT ledger_id FROM ledger.ledger_head

-- name: read_first
-- The event that states the format of all others.
SELECT type, record
  FROM ledger.events
 WHERE position = 1
