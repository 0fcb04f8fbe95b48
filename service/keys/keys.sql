-- name: insert_key
-- Store a new key.
INSERT INTO ledger.api_keys (key_id, name, secret_digest, sources, department, scopes,
                             events_per_second, origins, person, created_at, expires_at,
                             is_founder)
VALUES (:key_id, :name, :secret_digest, :sources, :department, :scopes,
        :events_per_second, :origins, :person, :created_at, :expires_at, :is_founder)

-- name: any_key
-- A ledger gets its first key only once, whatever became of that key.
SELECT EXISTS (SELECT 1 FROM ledger.api_keys)

-- name: find_keys
-- What a process must know to recognise keys: all those it asks for, in one query.
SELECT key_id, name, secret_digest, sources, department, scopes, events_per_second,
       origins, person, created_at, expires_at, revoked_at, is_founder
  FROM ledger.api_keys
 WHERE key_id = ANY (CAST(:key_ids AS text[]))

-- name: list_keys
-- Every key without its secret, paged by id.
SELECT key_id, name, secret_digest, sources, department, scopes, events_per_second,
       origins, person, created_at, expires_at, revoked_at, is_founder
  FROM ledger.api_keys
 WHERE key_id > :after
 ORDER BY key_id
 LIMIT :limit

-- name: revoke_key
-- A key is revoked once, permanently.
UPDATE ledger.api_keys
   SET revoked_at = :revoked_at
 WHERE key_id = :key_id

-- name: change_key
-- Everything except the key itself, its person, and its revocation, which is permanent.
UPDATE ledger.api_keys
   SET name = :name, sources = :sources, department = :department, scopes = :scopes,
       events_per_second = :events_per_second, origins = :origins, expires_at = :expires_at
 WHERE key_id = :key_id

-- name: list_origins
-- The page origins of valid keys: what a browser asks for before it sends a key.
SELECT DISTINCT origin
  FROM ledger.api_keys, unnest(origins) AS listed (origin)
 WHERE cardinality(origins) > 0
   AND revoked_at IS NULL
   AND (expires_at IS NULL OR expires_at > :at)
 LIMIT :limit
