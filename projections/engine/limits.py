"""Bound what projecting takes, in one place, each bound with its reason."""

from typing import Final

# Records folded in one transaction by a runner: some two megabytes, some tens of milliseconds. The
# checkpoint row is locked no longer than that, and a killed runner repeats no more than that.
BATCH_RECORDS: Final = 2_000

# A rebuild has nobody waiting for its next row, and asks the database less often. Some ten
# megabytes in memory, twice, because it reads ahead.
REBUILD_BATCH_RECORDS: Final = 10_000

# What another process appended is found this late at most, plus one batch. A person does not see a
# fifth of a second, and five look-ups a second of one row cost nothing.
POLL_S: Final = 0.2

# After a batch that was not full the runner waits this long, so that events that come one by one
# are projected some at a time, and the database is left to the writer in between.
GATHER_S: Final = 0.05

# How long a process may take for granted that a projection stands where it last saw it. It looks
# every POLL_S; if it has not for so long, its database is away, and whoever asks should be told.
STANDING_TRUST_S: Final = 1.0

# When somebody waits for a position that another process is projecting, look this often.
WATCH_S: Final = 0.02

# The database is away or busy. The writer's own pauses are of this order.
RETRY_S: Final = 1.0

# A projection that has stopped is tried again this often: the code that fails may have been
# replaced meanwhile. Each try folds one batch in vain.
RETRY_STOPPED_S: Final = 60.0

# Records decoded at once in a rebuild. Decoded events that are dropped at once cost half of those
# that are kept until the end of a page, because the garbage collector never comes to see them.
REBUILD_SLICE_RECORDS: Final = 100

# Stays remembered from batch to batch, so that they need not be read again: some 150 MB. A month's
# leads are fewer.
STANDING_KEPT: Final = 200_000

# Ended stays that a rebuild holds before it writes them: some 20 MB, one COPY.
ENDED_KEPT: Final = 20_000

# Rows of an old generation deleted in one transaction: some tens of milliseconds of work, so that
# vacuum and the live projection keep pace.
DELETE_ROWS: Final = 10_000

# Differing rows that a comparison names; it counts them all.
DIFFERENCES_SHOWN: Final = 20

# Lifecycles kept parsed: those in force at the moments that people ask about.
LIFECYCLES_KEPT: Final = 16

# Leads and accounts of the directory that are remembered from batch to batch: some 200 MB.
DIRECTORY_KEPT: Final = 200_000

# Leads whose deadlines are remembered from batch to batch: some 100 MB.
DEADLINES_KEPT: Final = 100_000

# business.projection
BUSINESS_ROWS_KEPT = 20_000
"""Rows that a rebuild holds before it writes them: some ten megabytes, one COPY."""

# engine.replica
COPY_WAIT_S = 3_600.0
"""One table of a large ledger; more is a connection that is gone."""
