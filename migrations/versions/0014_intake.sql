-- How much came in from each source on each day, and what became of it. The log cannot show what was
-- sent twice or refused. `ledger` is a placeholder for the schema named in the settings.

-- A busy source changes its row with every batch. The room left on each page keeps the new version
-- of a row next to the old one, so that neither the table nor its index grows.
CREATE TABLE ledger.intake_counts (
    day date NOT NULL,
    source text COLLATE "C" NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL,
    items bigint NOT NULL,
    last_at timestamptz NOT NULL,
    CONSTRAINT intake_counts_are_unique PRIMARY KEY (day, source, outcome, reason),
    CONSTRAINT intake_counts_have_an_outcome
        CHECK (outcome IN ('recorded', 'duplicate', 'refused', 'ignored')),
    CONSTRAINT intake_counts_of_refusals_have_a_reason
        CHECK ((outcome IN ('refused', 'ignored')) = (reason <> '')),
    CONSTRAINT intake_counts_are_positive CHECK (items > 0)
) WITH (fillfactor = 50);

COMMENT ON TABLE ledger.intake_counts IS
    'How many items came in, by day, source and outcome. Written with the batch that answers them.';
COMMENT ON COLUMN ledger.intake_counts.day IS
    'The day of the answer, in the time zone of the lifecycle then in force.';
COMMENT ON COLUMN ledger.intake_counts.source IS
    'Empty for all sources together that have no row of their own on that day.';
COMMENT ON COLUMN ledger.intake_counts.outcome IS
    'refused: kept, and listed with the refusals. ignored: only the sender got the reason.';
COMMENT ON COLUMN ledger.intake_counts.last_at IS
    'When the last of them was answered, by the clock of the ledger.';

-- Add to the counts of a day. A source has rows of its own only if it is in the log, or a key lists
-- it: in refused input it may be any text, which counts are not to show. The rows are bounded: once
-- a day has `sources_max` sources, new ones share one row. The arguments arrive in the order of the key, so that two transactions that add to
-- the same rows never wait for each other in a circle.
CREATE FUNCTION ledger.count_intake(
    counted_day date, sources text[], outcomes text[], reasons text[], counted text[],
    answered_at timestamptz, sources_max integer
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    known text[];
BEGIN
    known := ARRAY(SELECT DISTINCT kept.source
                     FROM ledger.intake_counts AS kept
                    WHERE kept.day = counted_day AND kept.source <> '');
    IF NOT sources <@ known THEN
        known := known || ARRAY(
            SELECT DISTINCT given.source
              FROM unnest(sources) AS given (source)
             WHERE given.source <> ALL (known) AND given.source <> ''
               AND (EXISTS (SELECT FROM ledger.events AS event WHERE event.source = given.source)
                    OR EXISTS (SELECT FROM ledger.api_keys AS key
                                WHERE given.source = ANY (key.sources)))
             ORDER BY given.source
             LIMIT greatest(0, sources_max - cardinality(known)));
    END IF;
    INSERT INTO ledger.intake_counts AS kept (day, source, outcome, reason, items, last_at)
    SELECT counted_day,
           CASE WHEN given.source = ANY (known) THEN given.source ELSE '' END,
           given.outcome, given.reason, sum(CAST(given.items AS bigint)), answered_at
      FROM unnest(sources, outcomes, reasons, counted)
           AS given (source, outcome, reason, items)
     GROUP BY 2, 3, 4
     ORDER BY 2, 3, 4
        ON CONFLICT (day, source, outcome, reason) DO UPDATE
       SET items = kept.items + excluded.items,
           last_at = greatest(kept.last_at, excluded.last_at);
END
$$;
