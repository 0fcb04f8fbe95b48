-- name: insert_head
-- The one row of a ledger; a second start finds it.
INSERT INTO ledger.ledger_head (ledger_id, position, recorded_at, secret_check, chain)
VALUES (:ledger_id, 0, :recorded_at, :secret_check, :chain)
    ON CONFLICT DO NOTHING

-- name: read_secret_check
-- What the secret of the first start left behind.
SELECT secret_check FROM ledger.ledger_head
