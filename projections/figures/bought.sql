-- The won business that counts, as contribution combines it: each piece once, in the stay of its lead when
-- it was won.
     asked AS (
     SELECT *, won_by AS created_by, won_at AS placed_at
       FROM unnest(CAST(:leads AS uuid[]), CAST(:accounts AS uuid[]), CAST(:pass_numbers AS integer[]),
                   CAST(:won_at AS timestamptz[]), CAST(:won_by AS bigint[]))
            AS unit (lead, account, pass_number, won_at, won_by)),
