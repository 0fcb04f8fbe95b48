"""Bound what the service holds and waits for, in one place, each bound with its reason.

What one event or one body may measure stands in `events.limits`, because every door asks for it.
What stands here is about connections, requests and time. docs/limits.md tells senders of both.
"""

from typing import Final

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

# Bodies held in memory by one process, from their first byte to their answer, all together. Read
# and checked, JSON takes up to ten times its size. The largest single body has 25 MiB: 5 as it
# came, 20 decompressed.
HELD_BYTES_MAX: Final = 64 * MIB

# Events that are compared at once with what is recorded: one query for them, one for their leads.
COMPARED_EVENTS_MAX: Final = 500

# How long a stream, or the rest of a batch, waits for its next place in the queue.
TURN_WAIT_S: Final = 30.0

# Events of a stream that ends or pauses are recorded without waiting for more, after so long.
STREAM_PAUSE_S: Final = 1.0
