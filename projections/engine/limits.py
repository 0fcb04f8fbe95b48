"""The bounds of projecting, in one place, each with its reason."""

from datetime import timedelta
from typing import Final

# Records folded in one transaction by a runner: about two megabytes and some tens of milliseconds.
# The checkpoint row is locked no longer than that, and a killed runner repeats no more than that.
BATCH_RECORDS: Final = 2_000

# No client waits for the next row of a rebuild, so it queries the database less often. About ten
# megabytes in memory, twice, because it reads ahead.
REBUILD_BATCH_RECORDS: Final = 10_000

# Maximum delay, plus one batch, until another process's events are found. People do not notice a
# fifth of a second, and reading one row five times a second costs nothing.
POLL_S: Final = 0.2

# After a batch that was not full the runner waits at least this long, so that single events are
# projected in small batches, and the database is left to the writer in between. It waits longer if
# the batch took long, because most of that time does not depend on the number of records.
GATHER_S: Final = 0.01
GATHER_S_MAX: Final = 0.03
GATHER_TIMES: Final = 1

# How long a process may assume that a projection is where it was last seen. The process checks
# every POLL_S. If it has not for this long, its database is unavailable, and queries should report
# that.
STANDING_TRUST_S: Final = 1.0

# Merges followed from a lead to the one that represents it. People merge two or three leads of a
# person: more would be a mistake in the data.
MERGES_FOLLOWED_MAX: Final = 100

# Polling interval while a client waits for a position that another process is projecting.
WATCH_S: Final = 0.005

# Delay when the database is unavailable or busy, similar to the writer's own delays.
RETRY_S: Final = 1.0

# Retry interval of a stopped projection: the faulty code may have been replaced in the meantime.
# Each failed retry wastes one batch of work.
RETRY_STOPPED_S: Final = 60.0

# Records decoded at a time in a rebuild. Decoded events that are dropped at once cost half as much
# as those kept until the end of a page, because the garbage collector never scans them.
REBUILD_SLICE_RECORDS: Final = 100

# Records after which a rebuild writes what has changed, so that it can be resumed from there. A
# lead's row is written each time, so fewer would make it slower. More would take more memory: these
# are about 200 MB, and some seconds of work that a crash loses.
REBUILD_SAVE_RECORDS: Final = 50_000

# How long a rebuild is left to its process after a sign of life, which it gives with every page:
# some seconds of work, on a busy machine ten times as long.
REBUILD_HELD: Final = timedelta(seconds=60)

# Interval at which a process looks for rows that an earlier version has built, or for a rebuild
# that another process has left.
REBUILD_LOOK_S: Final = 15.0

# Interval at which the log reports how far a rebuild is.
REBUILD_LOG_S: Final = 30.0

# Stays remembered between batches, so that they need not be read again: about 150 MB. This is more
# than one month's leads.
STANDING_KEPT: Final = 200_000

# Rows of an old generation deleted in one transaction: some tens of milliseconds of work, so that
# vacuum and the live projection keep pace.
DELETE_ROWS: Final = 10_000

# Differing rows that a comparison lists. It counts all of them.
DIFFERENCES_SHOWN: Final = 20

# Parsed lifecycles kept: those in force at the moments that people query.
LIFECYCLES_KEPT: Final = 16

# Leads and accounts of the directory remembered between batches: about 200 MB.
DIRECTORY_KEPT: Final = 200_000

# Leads whose deadlines are remembered between batches: about 100 MB.
DEADLINES_KEPT: Final = 100_000

# figures.queries
ANSWERS_KEPT = 200
"""Answers of figures about the past that each process keeps."""
KEPT_ROWS_MAX = 100
"""Rows of an answer that is kept. One takes about two kilobytes: forty megabytes at most."""
RUNS_SHOWN_MAX = 100
"""Selection runs of one answer, the newest: two years of weekly runs."""
COMPARED_MEMBERS_MAX = 50_000
"""Members of each list that one comparison reads: about thirty megabytes, and a second."""

# engine.replica
COPY_WAIT_S = 3_600.0
"""Time to copy one table of a large ledger. If it takes longer, the connection is lost."""
COPY_CHUNKS_MAX = 8
"""Chunks of a copy in flight, each some tens of kilobytes."""
