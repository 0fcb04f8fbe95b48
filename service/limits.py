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
