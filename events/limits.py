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

# Further inside: few senders meet one of these, and docs/limits.md lists those few.

# append.admission
QUEUE_WAIT_S_MAX = 0.25
"""What may stand before a newcomer. With its own batch and its way through HTTP it is answered
within a second, also on a machine that has other things to do."""
QUEUE_ITEMS_MIN = 100
"""So many may always wait. It is how a ledger that was stuck gets going again: without a batch of
some size nothing is learnt of how fast it has become."""
PACE_ITEMS_MIN = 100
"""Smaller appends tell little: most of their time goes into the commit, however few they are."""

# append.ledger
APPEND_ATTEMPTS_MAX = 8
APPEND_GIVE_UP_S = 8.0
"""Tries of one batch, and no further one after so long: the time in which a database restarts. A
client's own retry takes over after that."""
APPEND_ANSWER_WAIT_S = 30.0
"""How long one try may take before its connection counts as lost."""
CLOCK_TRIES_MAX = 4
"""Proposals of a recorded time: ours, then the database's own; and twice more where the machine is
so busy that deciding takes a second longer or shorter than it did before."""
RECOLLECTIONS_MAX = 256
"""Things of the past that one item may need: the leads that forward to those it names, and their
accounts, one after the other."""

# append.loader
FOLLOW_MAX = 20_000
"""Beyond so many foreign events it is cheaper to forget and read again what is needed."""
LOADED_PAGE_ROWS = 2_000
"""Records read at once: some two megabytes."""
CHAIN_MAX = 64
"""Rounds of loading: an identifier, its lead, the lead that this one forwards to, its account."""

# append.queue
APPEND_ITEMS_MAX = 500
"""Items of one transaction: beyond some hundreds a batch gains nothing and others wait longer."""
WAITING_ITEMS_MAX = 8_000
"""Items that may wait in memory, however fast they are taken."""
SUBMISSION_ITEMS_MAX = WAITING_ITEMS_MAX // 8
"""One request holds at most an eighth, so that no sender fills the queue alone."""
OUTCOME_WAIT_S = 10.0
"""How long a sender waits for what became of its submission. It stays in the queue all the same:
what is recorded later is a duplicate when it is sent again."""
STUCK_S = 5.0
"""While a batch has been under way for so long, newcomers are refused rather than queued."""

# background.reassessor
REASSESSMENT_LOOK_S = 1.0
"""How late a process that nothing is sent to learns of a lifecycle that another has published."""

# background.strides
STRIDE_LEADS: Final = 25
"""Leads brought through the door at once: some milliseconds of deciding, about what the commit
takes that they share with others."""
REST_S_MAX: Final = 1.0
"""A stride that took longer was held up by something else, and rest would not help."""

# background.timekeeper
TIMERS_LOOK_S = 1.0
"""How late something may happen by itself. A report about the lead makes it happen at once."""

# batch.memory
REMEMBERED_SUBJECTS_MAX = 200_000
"""Some 200 MB of states; the leads of a month's traffic."""
REMEMBERED_POINTERS_MAX = 400_000
"""Two identifiers a lead."""

# batch.upkeep
STRIDE_TIMERS = 64
"""Timers of one lead that fire in one transaction when nobody has reported anything about it. The
rest follows in the next one, so that others do not wait for it."""
WAITED_TIMERS_MAX = 1_000
"""Timers of one lead that an event about it waits for: a tenth of a second of deciding. A history
that was imported can leave hundreds."""

# faults
FAULT_FRAMES_MAX: Final = 12
"""Calls that are kept, the innermost: a recursion has a thousand that say the same."""

# lifecycles.calendar
CALENDAR_CHANGE_DAYS_MAX = 366
"""Whoever closes for longer has another calendar."""
CALENDAR_CHANGES_MAX = 500
"""Of one calendar: every publication repeats them. More of them belong into the text."""

# lifecycles.publish
LIFECYCLE_TEXTS_KEPT = 16
"""Parsed texts: reading one takes longer than any decision."""

# revision.past
HISTORY_EVENTS_MAX = 5_000
"""Events of one lead or account that are decided again under the lock: some tenths of a second.
A lead of ten years has hundreds."""
TOGETHER_EVENTS_MAX = 20_000
"""Events of all who are decided again together, because a company's business is that of all of
them: some seconds. A company of forty buyers with hundreds of events each."""

# selections.evidence
RANKED_PAGE = 1_000
"""Leads of one record: some 50 kilobytes."""
CANDIDATES_MAX = 250_000
"""Run and ranking are one transaction, so that none is without the other: 250 records, 12 MB."""

# selections.running
SELECTION_LOOK_S = 30.0
"""How long a run waits whose process has died while others live."""

# selections.surveying
SURVEY_PAGE_LEADS = 100
"""Leads looked at before others have their turn: some three milliseconds."""

# signals.dialects.posthog
OFFSET_MS_MAX: Final = 10 * 365 * 86_400_000
"""Ten years: no browser keeps an event that long, so more is not a delay."""

# signals.digests
SECRET_BYTES_MIN = 32
"""As long as the digest that it keys: a shorter secret would be the weaker part."""

# signals.fields
TEXT_CHARACTERS_MAX = 255
"""Declared text is codes, names of campaigns, paths: longer text is somebody's prose."""

# signals.native_schema
IDENTIFIER_CHARACTERS_MAX = 1_024
ALIASES_MAX = 8
"""Senders join two ids at a time."""

# strict_json
VALUE_BYTES_MAX: Final = 240
"""Of one value in the interpreter's memory, with its place in what holds it, beside its text."""

# verification.findings
FINDINGS_SHOWN = 5
"""Findings of one check that are kept: enough to see what they have in common."""
FINDING_CHARACTERS_MAX = 400
"""Of what was expected and found: a decision with its effects is longer than a screen."""

# verification.verify
VERIFY_PAGE_RECORDS = 5_000
"""Rows read at once: some five megabytes."""
