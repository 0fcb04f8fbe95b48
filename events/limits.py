"""Bound everything that comes in, in one place, each bound with its reason.

A bound that is met is a clear answer for the sender; a bound that is missing is an outage for
everyone else. Sizes are bytes as they arrive unless the comment says otherwise.
"""

from dataclasses import dataclass
from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

# Segment, the widest used collector, takes 32 KiB. Twice that leaves room for what a form or a
# page's whole context may hold, and a thousand events still fit in memory without a thought.
EVENT_BYTES_MAX: Final = 64 * KIB

# One string may fill the event it stands in: a message typed into a form is one long string.
STRING_BYTES_MAX: Final = EVENT_BYTES_MAX

# A line of NDJSON is one event; the stream of lines itself has no end to bound.
LINE_BYTES_MAX: Final = EVENT_BYTES_MAX

# Real events nest five or six levels. 32 is far above any sender's need and far below the depth
# at which recursive code anywhere behind us (parsers, validators, PostgreSQL) begins to strain.
EVENT_DEPTH_MAX: Final = 32

# Object members and array elements of one event, at all levels together. A form has tens of
# fields; a thousand is a table, and a table should come as events.
EVENT_MEMBERS_MAX: Final = 1_000

# How deep a whole body may nest before nobody looks into it. Between an event's bound and this
# one only the item that is too deep is refused, and its neighbours are kept. It is the depth to
# which orjson writes, and a quarter of the interpreter's recursion limit.
TEXT_DEPTH_MAX: Final = 254

# Numbers are kept as PostgreSQL's bigint and every typed language read them: signed, 64 bits.
INTEGER_MIN: Final = -(2**63)
INTEGER_MAX: Final = 2**63 - 1

# Some 17,000 ordinary events, ten times what Segment's clients put into a request. A body is held
# in memory as a whole, so what is longer streams as NDJSON.
BODY_BYTES_MAX: Final = 5 * MIB

# More than a body of ordinary events holds as it comes. A batch is answered item by item, so that
# its answer may have a kilobyte for each; what has more items streams as NDJSON.
BATCH_ITEMS_MAX: Final = 20_000

# How long an item of several may be as it is written, with white space and escapes, before anyone
# looks at what it says: text that is escaped takes two or three times its bytes. Reading this much
# builds some eight megabytes for a moment.
ITEM_TEXT_BYTES_MAX: Final = 3 * EVENT_BYTES_MAX

# Events repeat their keys, so gzip shrinks batches by ten times and more, but not by a hundred; a
# bomb shrinks by a thousand. Both bounds stop it after milliseconds.
DECOMPRESSED_BYTES_MAX: Final = 20 * MIB
DECOMPRESSION_RATIO_MAX: Final = 100

# Costs, or targets, that one more is compared with, so that no day is counted twice: those of a
# hundred campaigns a month for sixteen years. Reading them takes a second.
DECLARED_MAX: Final = 20_000

# Together the key under which an event is unique for ever: it stands in an index and in every
# record. The longest ids that real clients mint have about 60 characters.
ID_CHARACTERS_MAX: Final = 255
SOURCE_CHARACTERS_MAX: Final = 255
POSITIONS_MAX: Final = 500
"""A person of ten years has hundreds of reports, and so has whoever was taken for them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Hold what one event may measure, so that tests and other doors can bound differently."""

    depth_max: int = EVENT_DEPTH_MAX
    members_max: int = EVENT_MEMBERS_MAX
    string_bytes_max: int = STRING_BYTES_MAX
    event_bytes_max: int = EVENT_BYTES_MAX


EVENT_LIMITS: Final = Limits()
