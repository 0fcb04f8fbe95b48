-- Finds selection runs and declarations of capacity among the events about the ledger itself.
-- There may be many of those: orders without a lead are among them.
CREATE INDEX events_of_the_ledger ON ledger.events (type, position)
    WHERE subject_id = '00000000-0000-0000-0000-000000000000';
