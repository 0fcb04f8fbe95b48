"""The limits of what the service holds and waits for, in one place, each with its reason.

The limits of one event or one body are in `events.limits`, because every entry point needs them.
The limits here concern connections, requests and time. docs/limits.md describes both to senders.
"""

from datetime import timedelta
from typing import Final

from events import limits as of_events
from events.limits import KIB, MIB

DAY_S: Final = 24 * 60 * 60

# Connections that one process serves at once, unless the settings override it. Collectors behind a
# load balancer hold tens; a thousand cost some hundred megabytes in the worst case.
CONNECTIONS_MAX: Final = 1_000

# Connections above that limit that are still accepted, in order to answer 503 with Retry-After. Any
# further ones are closed without an answer, because even that takes a file descriptor and memory.
TURNED_AWAY_MAX: Final = 100

# Files and database connections in addition to those of clients.
OTHER_FILES: Final = 200

# A request head holds a key, a few names and a URL. Other servers allow 8 or 16 KiB in total.
HEAD_BYTES_MAX: Final = 64 * KIB
HEADERS_MAX: Final = 100

# Our longest URL names a hundred event types. Proxies do not accept longer ones.
URL_BYTES_MAX: Final = 8 * KIB

# From accepting a connection, or the first bytes of a later head, to the last byte: as long as a
# body may take to trickle in.
HEAD_WAIT_S: Final = 30.0

# Requests that wait on one connection behind the one being answered. Few clients pipeline, and one
# read from the socket may hold fourteen thousand of the shortest requests.
PIPELINED_MAX: Final = 16

# A body of 5 MiB in this time needs 1.4 Mbit/s; a slower one occupies a place that others need. A
# sender also has this time for the rest of a body after its answer.
BODY_WAIT_S: Final = 30.0

# A page of the feed is about a megabyte, so a reader at 300 kbit/s is never disconnected.
ANSWER_WAIT_S: Final = 30.0

# Longer than the minute for which proxies keep a connection, so that they close it first.
KEEP_ALIVE_S: Final = 65

# Bodies held in memory by one process, from their first byte to their answer, together with what is
# built from them. Three of the largest fit, each of 20 MiB, in addition to everything being
# recorded.
HELD_BYTES_MAX: Final = 96 * MIB

# The part of it that large bodies leave free: for small ones, and for what is built from any. It
# fits about ten thousand ordinary events, the most that ever wait to be recorded.
RESERVED_BYTES: Final = 32 * MIB

# The limit of a small body: the size of one event.
SMALL_BYTES_MAX: Final = of_events.EVENT_BYTES_MAX

# Bodies that contain their own key, until it is found, all together: three of the largest, or
# hundreds of the usual size.
STRANGERS_BYTES_MAX: Final = 16 * MIB

# One of them, decompressed. The client that puts its key after its events sends this much, and no
# client sends more.
STRANGER_BYTES_MAX: Final = of_events.BODY_BYTES_MAX

# A lifecycle: the most bytes that its characters can take.
LIFECYCLE_BYTES_MAX: Final = 2 * MIB

# The most that a process grows because of bodies: both memory budgets, plus what is briefly needed
# to assemble a body or read an item, which one request does at a time.
BODIES_BYTES_MAX: Final = HELD_BYTES_MAX + STRANGERS_BYTES_MAX + 48 * MIB

# What a connection holds in addition: a head, and the part of a body that arrived before it was
# asked for, which is one read from the socket and the remainder of the previous one.
CONNECTION_BYTES_MAX: Final = 512 * KIB

# Concurrent database lookups of keys that this process has not seen: other requests need the
# connections for their reports.
KEYS_ASKED_MAX: Final = 2

# What may be built at once from the items of a body, until they are recorded: several times what
# five hundred ordinary events take.
CHUNK_BUILT_BYTES_MAX: Final = 4 * MIB

# What may be built from an all-or-nothing batch: a thousand events with 250 values each.
STRICT_BUILT_BYTES_MAX: Final = 64 * MIB

# How long one request works before it yields to the others.
WORK_S: Final = 0.002

# Members of a gzip file per MiB. A file that was appended to has two or three, one that was made by
# several processors at once may have tens; each costs as much as a kilobyte of data.
GZIP_MEMBERS_MAX: Final = 16

# The most that is read and discarded when a sender is still sending after its answer. A sender that
# writes without reading sees the answer only then, and it usually sends a body that is a little too
# long.
DRAINED_BYTES_MAX: Final = 4 * of_events.BODY_BYTES_MAX

# Sources and origins of one key, as JSON. All of them are in the record of each change of the key,
# and a record has room for twice as much.
KEY_TERMS_BYTES_MAX: Final = 32 * KIB

# Events compared with the log at once: one query for the events, one for their leads.
COMPARED_EVENTS_MAX: Final = 500

# How long a stream, or the rest of a batch, waits for its next place in the queue.
TURN_WAIT_S: Final = 30.0

# After this pause, or at the end of a stream, its events are recorded without waiting for more.
STREAM_PAUSE_S: Final = 1.0

# A database that does not answer a small query for this long counts as unavailable. It is asked
# every second, so waiting requests and /readyz notice a second later.
SILENT_S: Final = 3.0

# The time for all checks of /readyz; together with SILENT_S, it reports within five seconds.
READY_WAIT_S: Final = 3.0

# The writer reports four times a second. If it has been silent for this long, it is dead or hangs.
WRITER_SILENT_S: Final = 2.0

# An append takes milliseconds. One that takes this long holds up all later ones.
APPEND_OVERDUE_S: Final = 4.0

# From a query (GET) to the first byte of its answer. No user waits longer for a page, nor does a
# proxy; and no statement of ours may take longer.
QUESTION_WAIT_S: Final = 60.0

# Further inside: few senders meet any of these, and docs/limits.md lists those few.

# bodies.chunks
CHUNK_ITEMS: Final = 500
"""Items submitted at once; the next ones wait for their answer."""
ITEM_BUILT_BYTES_MAX = 2 * of_events.EVENT_BYTES_MAX + of_events.VALUE_BYTES_MAX * (
    1 + of_events.EVENT_MEMBERS_MAX
)
"""The most that is kept of one item once it is read."""

# bodies.inflation
INFLATED_PIECE_BYTES_MAX: Final = 64 * 1024
"""Output produced at once, in a fraction of a millisecond; limits are checked after each piece."""
INFLATION_SLICE_BYTES: Final = 16 * 1024
"""Input passed at once: zlib copies the remainder, so larger input would be copied repeatedly."""

# composition
POOL_WAIT_S = 5.0
"""A request that finds no free connection for this long gets 503 with Retry-After."""
CONNECT_WAIT_S = 3.0
"""A healthy database accepts a connection within milliseconds."""
COMMAND_WAIT_S = 60.0
"""No statement of ours takes this long; one that does has lost its database."""

# feed.event_stream
STREAM_STALLED_S = 30.0
"""A reader that takes nothing for this long is disconnected: as long as a body may trickle."""

# feed.log
SCAN_POSITIONS = 10_000
"""Positions that one filtered request searches: some tens of milliseconds."""
PAGE_RECORDS = 1_000
"""Records read at once from a long history: about one megabyte."""

BACKWARDS_POSITIONS = 100_000
"""Positions that one page of the audit searches: a tenth of a second."""
ACTS_SEARCHED_MAX = 200
"""Events of one lead among which its latest acts are looked for: mails that were sent are most."""

# feed.tail
TAIL_READERS_MAX = 200
"""Streams of one process: each is a connection, a task and some hundred kilobytes."""
TAIL_EVENTS_MAX = 5_000
TAIL_CHARACTERS_MAX = 8_000_000
"""A few seconds of a busy ledger, about ten megabytes."""
TAIL_PAGE_EVENTS = 1_000
TAIL_LOOK_S = 0.2
"""The longest delay for seeing what another process appended."""
TAIL_GATHER_S = 0.02
"""Events that arrive one by one are read several at a time."""
TAIL_RETRY_S = 1.0

# http.cors
PREFLIGHT_REMEMBERED_S = 600
"""How long a browser does not ask again. A key whose origin was removed is refused in the meantime
all the same."""

# http.exact_route
NAME_SHOWN_CHARACTERS_MAX = 40

# http.problem
RETRY_AFTER_S = 2
"""How long a sender should wait when the cause is on our side: one restart of the database."""

# ingest.read_items
NAME_CHARACTERS_MAX = 255
"""Characters kept of a refused event's own names, for lookup; no valid event exceeds this."""

# ingest.retry
RETRIED_MAX = 200
"""Refusals per call: a submission that does not delay others for long."""

# ingest.stream
STREAM_CHUNKS_IN_FLIGHT_MAX = 2
"""One being written and one waiting behind it: more would only use memory."""

# ingest.tally
REFUSALS_SHOWN_MAX = 1_000
IGNORED_SHOWN_MAX = 100
"""Kinds of ignored identifiers, each with a reason: a sender may invent any number of systems."""

# ingest.wait_for_queue
QUEUE_PAUSE_S = 0.05

# keys.checking
KEY_SOURCES_MAX = 100
KEY_ORIGINS_MAX = 100
KEY_RATE_MAX = 1_000_000

# keys.directory
KEYS_REFRESH_S = 1.0
KEYS_TRUST_S = 4.0
"""Revocation is promised within 5 s; reading the keys takes some time as well."""
KEYS_MAX = 10_000
"""Keys remembered: about five megabytes."""
ORIGINS_MAX = 10_000
"""Page origins that are remembered; above this a browser may be refused."""
UNKNOWN_KEYS_MAX = 1_000
"""Unknown key ids remembered for a second, so that a wrong key rarely reaches the database."""

# keys.key_search
SPACE_MAX: Final = 8
"""Spaces between the member's name and its value: clients write none, or one."""
KEY_CHARACTERS_MAX = 100
"""Kept of a body in case a key begins there; ours are shorter."""

# keys.rates
BURST_S = 5.0
"""How long unused allowance is kept: senders come in bursts."""

# reading.contributions
BUSINESS_SHOWN_MAX = 1_000
"""Pieces of business listed in one answer; the totals count all."""

# reading.leads
FAMILY_MAX = 1_000
"""Leads absorbed by one lead, directly or through others."""

# reading.readiness
FAILURE_HOLDS_S = 10.0
"""A failed append is reported for this long, even if the database looks healthy again. Otherwise a
failure that occurs once and is retried could be missed between two checks."""
LAG_S_MAX = 60.0
"""A projection that is a minute behind still answers, but needs attention."""
PENDING_WITHIN: Final = timedelta(minutes=2)
"""How soon a lead with the longest history is decided again that can be."""
PENDING_LOOKED_AT_MAX: Final = 10_000
"""States that one scrape of the metrics reads: some milliseconds."""
DISK_FREE_BYTES_LOW = 1024 * MIB
DISK_FREE_BYTES_MIN = 64 * MIB
"""Four segments of PostgreSQL's write-ahead log. Without room for the next one the server does not
refuse an event: it stops, and cannot start until there is room."""

# reading.replays
REPLAY_ROUNDS_MAX = 1_000
"""Leads that forward to each other, read one after another."""

# refusals.describing
INDEX_DIGITS_MAX = 4
"""Digits of an array index; a longer number may be personal data."""

# refusals.purging
PURGE_EVERY_S = 60.0
PURGED_ROWS = 1_000
"""Refusals deleted in one transaction: a refusal received again in the meantime waits for it."""

# refusals.store
SCAN_ROWS = 10_000
"""Refusals that one request searches: some tens of milliseconds."""

# routes.contribution
CURRENCY_CHARACTERS_MAX = 16
"""A code has three letters; a word for a currency, such as 日本円, is hardly longer."""

# routes.feed
FEED_WAIT_S_MAX = 30
FEED_LOOK_S = 0.2
"""The longest delay for seeing what another process appended."""

# reading.figures
TARGETS_MAX = 500
"""Targets in one answer: those of a year by month for forty figures of departments."""
CLOSINGS_MAX = 24
"""Closed periods in one answer: two years by month. Each compares a dozen lists of leads."""
TARGET_DAYS_MAX = 3_700
"""Days whose business days are counted for one target: ten years."""
FIGURE_PARTS_MAX = 200
"""Values of a breakdown in one answer: each takes ten kilobytes, and people compare fewer."""
WITHIN_DAYS_DEFAULT = 90
"""A quarter: long enough for most steps of a funnel, and mature soon enough to act on."""
WITHIN_DAYS_MAX = 3_650

# tables
TABLE_ROWS_MAX = 50_000
"""Rows of one CSV or workbook: two seconds to write. The answer says where a list continues."""

# reading.figures.files
COMPARED_ROWS_MAX = 20_000
"""Rows of a file that is compared: more than a person has in a list, and a second's work."""
POINTERS_ASKED = 5_000
"""Identifiers looked up at once."""

# tables.detection
DETECTED_LINES_MAX = 1_000
"""Lines with non-ASCII characters that are examined: enough to distinguish the encodings."""
DETECTED_LINE_BYTES_MAX = 65_536
"""Only the beginning of a longer line is examined."""
SAMPLE_LINES = 20
"""Lines searched for the delimiter."""

# tables.apart
CHILD_MEMORY_BYTES_MAX: Final = 512 * MIB
"""Address space of a process that reads a table: enough for one of 20,000 rows and 100 columns."""
CHILD_CPU_S_MAX: Final = 5
CHILD_WAIT_S: Final = 10.0
CHILD_ANSWER_BYTES_MAX: Final = 16 * MIB
"""A table with the rows that are compared, of 800 bytes each."""

# routes.health
KEY_WAIT_S = 1.0
"""The answer does not depend on the key, and must not wait for it."""

# routes.keys
KEY_OVERLAP_S_MAX = 90 * DAY_S
"""A season: anything longer is no longer a rotation."""

# routes.lifecycle
LIFECYCLE_VERSION_MAX = 1_000_000
STAGE_MAPPINGS_MAX = 100
"""Stages that one publication may move leads out of: more than any funnel has."""

# routes.parameters
PAGE_MAX = 1_000
PAGE_DEFAULT = 100
PARAMETER_NAME_MAX = 255
PARAMETER_NAMES_MAX = 100
PROJECTION_WAIT_S = 10.0
"""How long `wait_for` waits: a projection that needs longer is in trouble, which is reported."""

# routes.refusals
CURSOR_CHARACTERS_MAX = 100

# routes.rosters
WORK_LEADS_MAX = 5_000
"""Leads of one person that a worklist reads."""

# routes.stream
STREAM_PAGE_EVENTS = 100
"""Events sent at once: some hundred kilobytes, all that a stream holds in memory."""
HEARTBEAT_S = 15.0
"""Proxies close a connection that is silent for thirty seconds or more."""
STREAM_LOOK_S = 1.0
"""How often a stream with nothing to send checks whether it may continue."""

# sessions.arrival, pages
SESSION_S: Final = 12 * 3_600
"""A session ends after a working day at the latest."""
SESSION_IDLE_S: Final = 3_600
SESSION_SEEN_EVERY_S: Final = 60.0
"""How often a session's use is noted: not with every page, because that is a write."""
SESSIONS_PER_KEY_MAX: Final = 50
"""A person has a few devices; a script that logs in again and again ends its own oldest ones."""
SESSIONS_SHOWN_MAX: Final = 200
LOG_INS_FAILED_PER_S: Final = 1
"""Failed log-ins that one process examines and logs, after a burst of five. A right key is admitted
all the same."""
LOG_IN_FAILURES_DAYS: Final = 90
LOG_IN_FAILURES_MAX: Final = 10_000
"""Failed log-ins that are kept: two hours of guessing at full speed, which is enough to see it."""
LOG_IN_FAILURES_SHOWN_MAX: Final = 20
LOG_IN_BYTES_MAX: Final = 4 * KIB
"""A key, and the address of a page."""
REPORT_FORM_BYTES_MAX: Final = 64 * KIB
"""The largest event, as a form."""
UPLOAD_BYTES_MAX: Final = 4 * MIB
"""A list of leads from a CRM: as many rows as are compared, of 200 bytes each."""
ACCOUNT_EVENTS_MAX: Final = 200
"""The latest events of a company among which its page looks for changes of segment and owner."""
DEALING_REPORTS_MAX: Final = 500
"""The latest reports of deals and orders that a company's page puts together."""
PAGE_ROWS: Final = 100
"""Rows of one page: more than fits on a screen, and less than 100 kB of HTML."""
WORK_ROWS: Final = 50
"""Leads of a worklist on one page: more than a person gets done in a day."""
UNOWNED_ROWS: Final = 25
"""Leads without an owner in each list below it: with more, the page exceeds 100 kB."""
AUDIT_ROWS: Final = 50
CONFLICTS_SHOWN: Final = 50
REFUSALS_ON_PAGE: Final = 50
OWNERS_MAX: Final = 1_000
STAYS_DRAWN_MAX: Final = 500
"""A drawing of more would be a solid block."""
STATIC_S: Final = 31_536_000

# people
CARD_EVENTS_MAX: Final = 50
"""Reports of one lead from which its name and number are put together: the latest have them."""
CARD_EVENTS_SEARCHED_MAX: Final = 2_000
"""Events of one lead among which these are looked for: a tenth of a second at the worst."""
CARD_FIELD_CHARACTERS_MAX: Final = 200
SEARCH_S: Final = 3_600
"""How long a token stands for what was searched for."""
SEARCHES_PER_SESSION_MAX: Final = 100
SEARCH_TERM_CHARACTERS_MAX: Final = 200
SEARCH_FORM_BYTES_MAX: Final = 4 * KIB
SEARCH_FOUND_MAX: Final = 100
"""Leads that a search shows: whoever finds more needs a longer part of the name."""
INDEX_PAGE_ROWS: Final = 5_000
INDEX_CHARACTERS_MAX: Final = 100_000_000
"""A million leads, in some hundred megabytes; beyond that, the oldest reports are left out."""
INDEX_FORGOTTEN_S: Final = 600
READS_SEALED_EVERY_S: Final = 3_600

# verifying.scratch
SCRATCH_REMOVE_WAIT_S = 10.0
SCRATCH_REMOVE_POLL_S = 0.02

# intake
INTAKE_WRITTEN_EVERY_S: Final = 1.0
"""How long a count is only in the memory of its process, if its item is answered without the
ledger. A process that is killed loses no more than that."""
INTAKE_UNWRITTEN_MAX: Final = 1_000
"""Different counts that are held meanwhile. Beyond that, further sources are counted together."""
INTAKE_DAYS_DEFAULT: Final = 28
"""Four weeks: the same days of the week, four times each."""
INTAKE_DAYS_MAX: Final = 100
"""A quarter in one answer."""
SOURCE_LOOKED_BACK_DAYS: Final = 120
"""A source that has sent nothing for longer is no longer called silent: it was given up."""
SOURCE_GAPS_DAYS: Final = 28
"""The days up to its last one from which the usual gap of a source is found."""
SOURCE_GAPS_MIN: Final = 3
"""With fewer gaps, no gap is usual: an import that came twice is not late."""

# watch
ASK_EVERY_S = 1.0
ASK_AGAIN_S = 0.2
"""Between attempts during a fault, so that service resumes soon after it ends."""
WATCH_TICK_S = 0.25
"""Silence is counted in turns of the event loop: a process that was itself held up has not yet read
the answer that is waiting for it."""
WATCH_CONNECTIONS = 2
"""For a query and its repetition."""
SPACE_EVERY_S = 2.0
"""How often the disk is tested; the test costs next to nothing."""

# private_postgres.binaries
POSTGRES_VERSION_WAIT_S = 30

# private_postgres.identity
POSTGRES_PROBE_WAIT_S = 30

# private_postgres.initialise
INITDB_WAIT_S = 300
"""It takes a second; a slow disk may take many, and a hanging one must not block us."""

# private_postgres.postmaster
POSTGRES_LOG_BYTES_MAX = 10 * 1024 * 1024
"""A busy server writes a few kilobytes an hour; at most twice this is kept."""
POSTGRES_LOG_TAIL_LINES = 20
"""Log lines quoted in an error: a failed start gives its reason in the last ones."""
POSTGRES_START_WAIT_S = 300
"""Recovery reads at most max_wal_size: a minute on a slow disk. A server that gives up ends, which
is noticed at once; this limit is for one that hangs."""
POSTGRES_POLL_S = 0.005
POSTGRES_DYING_WAIT_S = 10.0
"""A server whose supervisor was killed was signalled to stop at once, which takes milliseconds, or
5 s if a process of its own ignores the signal."""

# private_postgres.socket_directory
SOCKET_PATH_BYTES_MAX = 107

# ledgers
NODE_EVERY_S: Final = 30.0
"""How soon a service follows its ledger to another node. Until then it works, but more slowly."""
NODE_END_WAIT_S: Final = 5.0
