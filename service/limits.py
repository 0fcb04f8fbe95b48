"""Bound what the service holds and waits for, in one place, each bound with its reason.

What one event or one body may measure stands in `events.limits`, because every door asks for it.
What stands here is about connections, requests and time. docs/limits.md tells senders of both.
"""

from typing import Final

from events import limits as of_events
from events.limits import KIB, MIB

# Connections that one process serves at once, unless the settings say otherwise. Collectors behind
# a load balancer hold tens; a thousand cost some hundred megabytes at the very worst.
CONNECTIONS_MAX: Final = 1_000

# Beyond those, so many more are let in to be told to come again. Whoever comes after them is hung
# up on unheard, because even telling takes a file descriptor and memory.
TURNED_AWAY_MAX: Final = 100

# Files and database connections beside the clients'.
OTHER_FILES: Final = 200

# A head holds a key, a few names and a URL. Other servers allow 8 or 16 KiB in all.
HEAD_BYTES_MAX: Final = 64 * KIB
HEADERS_MAX: Final = 100

# The longest URL of ours names a hundred event types. Proxies on the way take no longer ones.
URL_BYTES_MAX: Final = 8 * KIB

# From a connection, or a later head's first bytes, to the last: as long as a body may trickle.
HEAD_WAIT_S: Final = 30.0

# Requests that wait behind the one being answered, on one connection. Hardly a client pipelines,
# and one read from the socket may hold fourteen thousand of the shortest.
PIPELINED_MAX: Final = 16

# A body of 5 MiB in this time needs 1.4 Mbit/s; what trickles in slower holds a place that others
# need. It is also what a sender has for the rest of a body after its answer.
BODY_WAIT_S: Final = 30.0

# A page of the feed has about a megabyte, so that whoever reads at 300 kbit/s is never cut off.
ANSWER_WAIT_S: Final = 30.0

# Longer than the minute for which proxies keep a connection, so that they close it, not we.
KEEP_ALIVE_S: Final = 65

# Bodies held in memory by one process, from their first byte to their answer, with what is built of
# them, all together. Three of the largest fit, each of 20 MiB, beside all that is being recorded.
HELD_BYTES_MAX: Final = 96 * MIB

# Of that, what large bodies leave: to small ones, and to what is built of any. Some ten thousand
# ordinary events are as many as ever wait to be recorded.
RESERVED_BYTES: Final = 32 * MIB

# A body that is not large: as long as one event.
SMALL_BYTES_MAX: Final = of_events.EVENT_BYTES_MAX

# Bodies whose key is inside and not found yet, all together: three of the largest, or hundreds such
# as clients send.
STRANGERS_BYTES_MAX: Final = 16 * MIB

# One of them, decompressed. The client that puts its key behind its events sends as much, and none
# of them sends more.
STRANGER_BYTES_MAX: Final = of_events.BODY_BYTES_MAX

# A lifecycle: as many bytes as its characters may take.
LIFECYCLE_BYTES_MAX: Final = 2 * MIB

# By how much a process grows at most because of bodies: the two rooms, and what is used for a
# moment while a body is put together or an item is read, which one request does at a time.
BODIES_BYTES_MAX: Final = HELD_BYTES_MAX + STRANGERS_BYTES_MAX + 48 * MIB

# What a connection holds beside that: a head, and of a body what arrived before anyone asked for
# it, which is one reading of the socket and what was left of the one before.
CONNECTION_BYTES_MAX: Final = 512 * KIB

# Keys that are asked of the database at once, because nobody has seen them here: others need its
# connections for what they report.
KEYS_ASKED_MAX: Final = 2

# What is built of the items of a body at once, until they are recorded: several times what five
# hundred ordinary events take.
CHUNK_BUILT_BYTES_MAX: Final = 4 * MIB

# What is built of all events of a batch that is all or nothing: a thousand with 250 values each.
STRICT_BUILT_BYTES_MAX: Final = 64 * MIB

# How long one request works before all others have their turn.
WORK_S: Final = 0.002

# Members of a gzip file in each MiB of it. A file that was appended to has two or three, one that
# was made by several processors at once may have tens; each costs as much as a kilobyte of data.
GZIP_MEMBERS_MAX: Final = 16

# Read and thrown away of what a sender still sends after its answer. A sender that writes without
# reading sees the answer only then, and what it writes is at most a body that is somewhat too long.
DRAINED_BYTES_MAX: Final = 4 * of_events.BODY_BYTES_MAX

# Sources and origins of one key, as JSON. All of them are in the record of each of its changes, and
# a record has room for twice as much.
KEY_TERMS_BYTES_MAX: Final = 32 * KIB

# Events that are compared at once with what is recorded: one query for them, one for their leads.
COMPARED_EVENTS_MAX: Final = 500

# How long a stream, or the rest of a batch, waits for its next place in the queue.
TURN_WAIT_S: Final = 30.0

# Events of a stream that ends or pauses are recorded without waiting for more, after so long.
STREAM_PAUSE_S: Final = 1.0

# A database that answers no small question for so long counts as away. It is asked every second, so
# that everybody who waits for it, and /readyz, knows a second later.
SILENT_S: Final = 3.0

# What /readyz takes to look at everything; together with SILENT_S it knows within five seconds.
READY_WAIT_S: Final = 3.0

# An append takes milliseconds. One that is under way for so long holds up all that come after it.
APPEND_OVERDUE_S: Final = 4.0

# From a question (GET) to the first byte of its answer. No page of a person waits for longer, nor
# does a proxy; and no statement of ours may take more.
QUESTION_WAIT_S: Final = 60.0

# Further inside: few senders meet one of these, and docs/limits.md lists those few.

# bodies.chunks
CHUNK_ITEMS: Final = 500
"""Items that are submitted at once; the next ones wait for their answer."""

# bodies.inflation
INFLATED_PIECE_BYTES_MAX: Final = 64 * 1024
"""Output made at once, in a fraction of a millisecond; after each piece bounds are looked at."""
INFLATION_SLICE_BYTES: Final = 16 * 1024
"""Input handed over at once: zlib copies what it leaves, so that more would be copied often."""

# composition
POOL_WAIT_S = 5.0
"""A request that finds every connection taken for so long is told to come again."""
CONNECT_WAIT_S = 3.0
"""A database that is well takes a connection within milliseconds."""
COMMAND_WAIT_S = 60.0
"""No statement of ours takes so long; one that does has lost its database."""

# feed.event_stream
STREAM_STALLED_S = 30.0
"""A reader that takes nothing for so long is cut off: as long as a body may trickle."""

# feed.log
SCAN_POSITIONS = 10_000
"""Positions that one request with a filter looks through: some tens of milliseconds."""
PAGE_RECORDS = 1_000
"""Records read at once from a long history: about one megabyte."""

# feed.tail
TAIL_READERS_MAX = 200
"""Streams of one process: each is a connection, a task and some hundred kilobytes."""
TAIL_EVENTS_MAX = 5_000
TAIL_CHARACTERS_MAX = 8_000_000
"""Some seconds of a busy ledger, some ten megabytes."""
TAIL_PAGE_EVENTS = 1_000
TAIL_LOOK_S = 0.2
"""What another process appended is seen this late at most."""
TAIL_GATHER_S = 0.02
"""Events that come one by one are read some at a time."""
TAIL_RETRY_S = 1.0

# hosting.connections
LARGE_READ_BYTES = 64 * KIB
"""A sender of so much at once is likely to have more."""
QUICKLY_PARSED_S = 0.001
"""Several times what such a piece takes to parse unless it consists of tiny chunks."""

# hosting.garbage
GARBAGE_LOOK_S: Final = 1.0
YOUNG_MAX: Final = 10_000
"""New objects that are looked through, in some milliseconds. More of them in a second are what a
busy writer remembers."""
GROWTH_BYTES_MAX: Final = 256 * 1024 * 1024
"""How much a process may grow, beside doubling, before all of it is looked through in a second that
is calm. That takes a second for a gigabyte, so somebody is held up for it only where cycles must be
what grows: what is remembered of a ledger has its bounds."""

# hosting.serving
KEEP_EVERY_S = 0.1
"""How soon a worker that died is replaced."""
WATCH_EVERY_S = 0.5
"""How soon a private PostgreSQL that died is started again."""
WATCH_END_WAIT_S = 5.0

# hosting.worker
DRAIN_S = 10
"""What requests under way get when the service stops."""
WORKER_POLL_S = 0.01

# hosting.workers
DRAIN_WAIT_S = 20.0
"""What a worker gets to finish: its own bound for requests under way, and the queue behind them."""
WORKER_READY_WAIT_S = 120.0
"""A worker that starts reads what the ledger remembers; more than this is no start any more."""
WORKER_SETTLED_S = 10.0
"""A worker that lived so long had started well, and is replaced at once when it dies."""
RESTART_PAUSE_S = 1.0
RESTART_PAUSE_S_MAX = 30.0
SUPERVISOR_POLL_S = 0.05

# http.cors
PREFLIGHT_REMEMBERED_S = 600
"""How long a browser goes without asking again: a key whose origin was taken away is refused
meanwhile all the same."""

# http.exact_route
NAME_SHOWN_CHARACTERS_MAX = 40

# http.problem
RETRY_AFTER_S = 2
"""How long a sender should wait when we are the ones who cannot: one restart of the database."""

# ingest.read_items
NAME_CHARACTERS_MAX = 255
"""Of what a refused event called itself, to be found again by; no valid event exceeds it."""

# ingest.retry
RETRIED_MAX = 200
"""Refusals of one call: a submission that holds up nobody for long."""

# ingest.stream
STREAM_CHUNKS_IN_FLIGHT_MAX = 2
"""One being written, one waiting behind it: more would only take memory."""

# ingest.tally
REFUSALS_SHOWN_MAX = 1_000
IGNORED_SHOWN_MAX = 100
"""Kinds of identifiers, each with a reason: a sender may make up as many outside systems."""

# ingest.wait_for_queue
QUEUE_PAUSE_S = 0.05

# keys.checking
KEY_SOURCES_MAX = 100
KEY_ORIGINS_MAX = 100
KEY_RATE_MAX = 1_000_000

# keys.directory
KEYS_REFRESH_S = 1.0
KEYS_TRUST_S = 4.0
"""Revocation is promised within 5 s; a reading takes its time as well."""
KEYS_MAX = 10_000
"""Keys remembered: some five megabytes."""
ORIGINS_MAX = 10_000
"""Origins of pages that are remembered; beyond that a browser may be told no."""
UNKNOWN_KEYS_MAX = 1_000
"""Ids remembered for a second as nobody's, so that a wrong key asks the database rarely."""

# keys.key_search
SPACE_MAX: Final = 8
"""Between the member's name and its value: clients write none, or one."""

# keys.rates
BURST_S = 5.0
"""What was not used is kept for so long: senders come in bursts."""

# reading.contributions
BUSINESS_SHOWN_MAX = 1_000
"""Pieces of business that one answer lists; the figures count all."""

# reading.histories
FAMILY_MAX = 1_000
"""Leads absorbed by one lead, directly or by way of others."""

# reading.leads
FORWARDS_MAX = 64
"""Leads absorbed one by the other: more would be a circle."""

# reading.readiness
FAILURE_HOLDS_S = 10.0
"""A failed append is reported for so long even if the database looks well again: what fails once
in that time, and is retried, is not to be missed between two looks."""
LAG_S_MAX = 60.0
"""A projection that is a minute behind still answers, but somebody should look."""
DISK_FREE_BYTES_LOW = 1024 * MIB
DISK_FREE_BYTES_MIN = 64 * MIB
"""Four segments of PostgreSQL's log. Without room for the next one the server does not refuse an
event: it stops, and cannot start until there is room."""

# reading.replays
REPLAY_ROUNDS_MAX = 1_000
"""Leads that forward to each other, one read after the other."""

# refusals.describing
INDEX_DIGITS_MAX = 4
"""Of a place in an array; a longer number may be somebody's."""

# refusals.purging
PURGE_EVERY_S = 60.0
PURGED_ROWS = 1_000
"""Refusals that one transaction removes: a refusal that comes again meanwhile waits for that."""

# refusals.store
SCAN_ROWS = 10_000
"""Refusals that one request looks through: some tens of milliseconds."""

# routes.contribution
CURRENCY_CHARACTERS_MAX = 16
"""A code has three letters; a word for one, such as 日本円, hardly more."""

# routes.feed
FEED_WAIT_S_MAX = 30
FEED_LOOK_S = 0.2
"""What another process appended is seen this late at most."""

# routes.health
KEY_WAIT_S = 1.0
"""The answer does not depend on the key, and must not wait for it."""

# routes.keys
KEY_OVERLAP_S_MAX = 90 * 24 * 60 * 60
"""A season: what takes longer than that is no rotation any more."""

# routes.lifecycle
LIFECYCLE_VERSION_MAX = 1_000_000
STAGE_MAPPINGS_MAX = 100
"""Stages that one publication may move people out of: more than any funnel has."""

# routes.parameters
PAGE_MAX = 1_000
PAGE_DEFAULT = 100
PARAMETER_NAME_MAX = 255
PARAMETER_NAMES_MAX = 100
PROJECTION_WAIT_S = 10.0
"""How long `wait_for` waits: a projection that needs longer is in trouble, and is told of."""

# routes.refusals
CURSOR_CHARACTERS_MAX = 100

# routes.rosters
WORK_LEADS_MAX = 5_000
"""Leads of one person that a work list looks through."""

# routes.stream
STREAM_PAGE_EVENTS = 100
"""Sent at once: some hundred kilobytes, which is all that a stream holds in memory."""
HEARTBEAT_S = 15.0
"""Proxies close a connection on which nothing comes for thirty seconds and more."""
STREAM_LOOK_S = 1.0
"""How often a stream with nothing to send looks whether it may go on."""

# verifying.scratch
SCRATCH_REMOVE_WAIT_S = 10.0
SCRATCH_REMOVE_POLL_S = 0.02

# watch
ASK_EVERY_S = 1.0
ASK_AGAIN_S = 0.2
"""Between attempts while something is wrong, so that service resumes soon after it is not."""
WATCH_TICK_S = 0.25
"""Silence is counted in turns of the event loop: a process that was itself held up for longer has
not yet read the answer that is waiting for it."""
SPACE_EVERY_S = 2.0
"""How often the disk is tried; the question itself costs next to nothing."""

# private_postgres.binaries
POSTGRES_VERSION_WAIT_S = 30

# private_postgres.identity
POSTGRES_PROBE_WAIT_S = 30

# private_postgres.initialise
INITDB_WAIT_S = 300
"""It takes a second; a slow disk may take many, a hanging one must not hang us."""

# private_postgres.postmaster
POSTGRES_LOG_BYTES_MAX = 10 * 1024 * 1024
"""A busy server writes some kilobytes an hour; twice this is the most that is ever kept."""
POSTGRES_LOG_TAIL_LINES = 20
"""What of the log an error quotes: a failed start says why in its last lines."""
POSTGRES_START_WAIT_S = 300
"""Recovery reads at most max_wal_size: a minute on a slow disk. A server that gives up ends, and
that is seen at once; this bounds only one that hangs."""
POSTGRES_POLL_S = 0.005
POSTGRES_DYING_WAIT_S = 10.0
"""A server whose supervisor was killed has been told to stop at once, which takes milliseconds, or
5 s if a process of its own does not listen."""

# private_postgres.socket_directory
SOCKET_PATH_BYTES_MAX = 107
