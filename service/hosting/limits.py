"""The limits of the processes that serve, in one place, each with its reason."""

from typing import Final

from events.limits import KIB

# address
BACKLOG = 2_048
"""Connections that may wait while a worker restarts; the kernel refuses more."""

# connections
LARGE_READ_BYTES = 64 * KIB
"""A sender that sends this much at once probably has more."""
QUICKLY_PARSED_S = 0.001
"""Several times as long as parsing such a piece takes, unless it consists of tiny chunks."""

# garbage
GARBAGE_LOOK_S: Final = 1.0
YOUNG_MAX: Final = 10_000
"""New objects that one collection examines, in a few milliseconds. More new objects per second are
what a busy writer keeps in memory."""
GROWTH_BYTES_MAX: Final = 256 * 1024 * 1024
"""How much a process may grow, in addition to doubling, before all of its memory is examined in a
quiet second. That takes one second per gigabyte, so requests wait for it only when the growth must
come from cycles: what is remembered of a ledger is bounded."""
GARBAGE_CALM_SHARE = 0.05
"""A process that used this little of a second delays hardly any request by collecting. The number
of new objects would not show that: a writer whose memory is full forgets one for each new one."""
GARBAGE_BUSY_TIMES = 3
"""In a busy second, everything is examined only above this multiple of the limit."""

# the writer's socket
WRITER_BACKLOG = 128
"""More than there are processes."""

# serving
KEEP_EVERY_S = 0.1
"""How soon a dead worker is replaced."""
WATCH_EVERY_S = 0.5
"""How soon a private PostgreSQL that died is restarted."""
WATCH_END_WAIT_S = 5.0

# worker
DRAIN_S = 10
"""The time that in-flight requests get when the service stops."""
WORKER_POLL_S = 0.01
THREAD_SWITCH_S = 0.0005
"""How long a thread that reads a lifecycle keeps the interpreter once the loop asks for it. Each
digest releases it, so a request asks about ten times: with the default of 5 ms it would take 50 ms
longer."""
LARGE_BLOCK_BYTES = 256 * KIB
"""Blocks of memory of this size or more are requested from the system and returned to it."""

# workers
DRAIN_WAIT_S = 20.0
"""The time that a worker gets to finish: its own limit for in-flight requests, and the queue."""
WORKER_READY_WAIT_S = 120.0
"""A starting worker reads what the ledger remembers; one that takes longer has failed."""
WORKER_SETTLED_S = 10.0
"""A worker that lived this long had started well, and is replaced at once when it dies."""
RESTART_PAUSE_S = 1.0
RESTART_PAUSE_S_MAX = 30.0
SUPERVISOR_POLL_S = 0.05
