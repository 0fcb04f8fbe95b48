-- Why a projection has stopped, or cannot continue because its checkpoint is beyond the log's end.
       coalesce(projection.failure,
                (SELECT 'the log ends at position ' || log.position || ', before the checkpoint, '
                        || projection.position || ': an older copy was restored; rebuild'
                   FROM ledger.ledger_head AS log
                  WHERE log.position < projection.position)) AS failure
