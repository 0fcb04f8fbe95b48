-- Selection runs and declarations of capacity are found among the events about the ledger itself,
-- of which there may be many: orders that lead to nobody stand there too.
CREATE INDEX events_of_the_ledger ON ledger.events (type, position)
    WHERE subject_id = '00000000-0000-0000-0000-000000000000';
