"""All bounds on input and work, in one place, each with its reason.

A sender that reaches a bound gets a clear answer; a missing bound is an outage for everyone else.
Sizes are bytes as they arrive unless the comment says otherwise.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

# Segment, the most widely used collector, accepts 32 KiB. Half as much again leaves room for a long
# form or a page's full context. What is recorded of it still fits into a record with an envelope,
# even if every number in it is written longer than it was sent.
EVENT_BYTES_MAX: Final = 48 * KIB

# One string may fill its whole event: a message typed into a form is one long string.
STRING_BYTES_MAX: Final = EVENT_BYTES_MAX

# A line of NDJSON is one event; the stream itself is unbounded.
LINE_BYTES_MAX: Final = EVENT_BYTES_MAX

# Real events nest five or six levels. 32 is far above any sender's need and far below the depth
# that strains recursive code downstream (parsers, validators, PostgreSQL).
EVENT_DEPTH_MAX: Final = 32

# Object members and array elements of one event, across all levels. A form has tens of fields; a
# thousand is a table, and a table should be sent as events.
EVENT_MEMBERS_MAX: Final = 1_000

# A body that nests deeper than this is refused unparsed. Between an event's bound and this one,
# only the item that is too deep is refused and its neighbours are kept. orjson writes to this
# depth; it is a quarter of the interpreter's recursion limit.
TEXT_DEPTH_MAX: Final = 254

# Signed 64-bit integers, as in PostgreSQL's bigint and every typed language.
INTEGER_MIN: Final = -(2**63)
INTEGER_MAX: Final = 2**63 - 1

SMALL_INTEGER_MAX = 2**31 - 1
"""PostgreSQL's integer, for numbers that only count within one event."""

# Some 17,000 ordinary events, ten times what Segment's clients put into a request. A body is held
# in memory as a whole, so longer input must stream as NDJSON.
BODY_BYTES_MAX: Final = 5 * MIB

# More than an uncompressed body of ordinary events holds. A batch is answered item by item, and the
# answer may take a kilobyte per item; larger batches must stream as NDJSON.
BATCH_ITEMS_MAX: Final = 20_000

# The raw length of one item of a batch, including white space and escapes, checked before parsing:
# escaped text takes two or three times its bytes. Parsing this much briefly takes some eight
# megabytes.
ITEM_TEXT_BYTES_MAX: Final = 3 * EVENT_BYTES_MAX

# Events repeat their keys, so gzip shrinks batches tenfold or more, but not a hundredfold; a
# decompression bomb shrinks a thousandfold. Both bounds stop it within milliseconds.
DECOMPRESSED_BYTES_MAX: Final = 20 * MIB
DECOMPRESSION_RATIO_MAX: Final = 100

# Recorded costs or targets that a new one is compared with, so that no day is counted twice: those
# of a hundred campaigns a month for sixteen years. Reading them takes a second.
DECLARED_MAX: Final = 20_000

# Source and id together are the key under which an event is permanently unique. The key is part of
# an index and of every record. The longest ids that real clients generate have about 60 characters.
ID_CHARACTERS_MAX: Final = 255
SOURCE_CHARACTERS_MAX: Final = 255
POSITIONS_MAX: Final = 500
"""A person known for ten years has hundreds of reports, and so has anyone mistaken for them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one event, as a value: tests and other entry points can set their own."""

    depth_max: int = EVENT_DEPTH_MAX
    members_max: int = EVENT_MEMBERS_MAX
    string_bytes_max: int = STRING_BYTES_MAX
    event_bytes_max: int = EVENT_BYTES_MAX


EVENT_LIMITS: Final = Limits()

# Further inside: senders see few of these bounds, and docs/limits.md lists those few.

# append.admission
QUEUE_WAIT_S_MAX = 0.25
"""The longest queue that still admits a newcomer. Including its own batch and HTTP, it is answered
within a second, even on a busy machine."""
QUEUE_ITEMS_MIN = 100
"""This many may always wait, which is how a stuck ledger gets going again: the pace can only be
measured on a batch of some size."""
APPEND_S_MAX = 1.0
"""An append that takes longer is followed by smaller ones: its senders wait for ten."""
PACE_ITEMS_MIN = 100
"""Smaller appends say little about the pace: most of their time goes into the commit."""

# append.ledger
APPEND_ATTEMPTS_MAX = 8
APPEND_GIVE_UP_S = 8.0
"""Tries of one batch, and the time after which none is begun: long enough for a database restart.
After that the client's own retry takes over."""
APPEND_ANSWER_WAIT_S = 30.0
"""How long one try may take before its connection is considered lost."""
CLOCK_TRIES_MAX = 4
"""Proposals of a recorded time: ours, then the database's own, and two more for a machine so busy
that deciding takes a second more or less than it did before."""
RECOLLECTIONS_MAX = 256
"""Past data that one item may need, read one after the other: the leads that forward to those it
names, and their accounts."""

# append.loader
FOLLOW_MAX = 20_000
"""Above this many foreign events, it is cheaper to forget everything and read what is needed."""
LOADED_PAGE_ROWS = 2_000
"""Records read at once: some two megabytes."""
CHAIN_MAX = 64
"""Rounds of loading: an identifier, its lead, the lead that this one forwards to, its account."""

# append.statement_arguments
LATE_REPORTS_WAIT: Final = timedelta(minutes=5)
"""How long a timer that was already due when its lead was last reported on waits for earlier
events: a synchronisation or an import sends them within this time of each other."""

# append.queue
APPEND_ITEMS_MAX = 500
"""Items of one transaction: above a few hundred a batch gains nothing and others wait longer."""
PASSED_OVER_MAX = 4
"""Batches in a row that senders may fill alone. Then it is the turn of the service's own work:
timers may fire late, but fire."""
WAITING_ITEMS_MAX = 8_000
"""Items that may wait in memory, whatever the pace."""
SUBMISSION_ITEMS_MAX = WAITING_ITEMS_MAX // 8
"""One request holds at most an eighth, so that no sender fills the queue alone."""
OUTCOME_WAIT_S = 10.0
"""How long a sender waits for the outcome of its submission. The submission stays in the queue, so
an event that is recorded later is a duplicate when it is sent again."""
STUCK_S = 5.0
"""Once a batch has been under way for this long, newcomers are refused rather than queued."""

# background.preparer
PREPARATIONS_MAX: Final = 3
"""Tries to decide a lead with a long history on a snapshot, in case it changes meanwhile."""

# background.reassessor
REASSESSMENT_LOOK_S = 1.0
"""How late an idle process learns of a lifecycle that another process has published."""

# background.strides
STRIDE_LEADS: Final = 25
"""Leads submitted at once: some milliseconds of deciding, about as long as the commit that they
share with others."""
REST_S_MAX: Final = 1.0
"""A stride that took longer was held up by something else, and a longer rest would not help."""

# background.timekeeper
STOPPED_WAITS_MAX = 5_000
"""Leads in one transaction whose timers stop waiting: some tens of milliseconds under the lock."""
TIMERS_LOOK_S = 1.0
"""How late a timer may fire. A report about the lead fires it at once."""

# batch.intake
INTAKE_SOURCES_MAX = 200
"""Sources with rows of their own per day in the counts of what came in. A company has dozens; a key
that may name any source could otherwise add rows without end."""

# batch.memory
REMEMBERED_SUBJECTS_MAX = 200_000
"""Some 200 MB of states: the leads of a month's traffic."""
REMEMBERED_COMPANIES_MAX = 20_000
"""Companies whose leads are remembered: those with deals in a month."""
REMEMBERED_POINTERS_MAX = 400_000
"""Two identifiers per lead."""

# batch.upkeep
STRIDE_TIMERS = 64
"""Timers of one lead that fire in one transaction when no report is waiting for them. The rest
follow in the next transaction, so that others do not wait."""
WAITED_TIMERS_MAX = 1_000
"""Timers of one lead that an event about it waits for: a tenth of a second of deciding. An imported
history can leave hundreds."""

# faults
FAULT_FRAMES_MAX: Final = 12
"""The innermost calls, which are kept: a recursion has a thousand identical ones."""

# lifecycles.calendar
CALENDAR_CHANGE_DAYS_MAX = 366
"""A longer closure needs another calendar."""
CALENDAR_CHANGES_MAX = 500
"""Changes of one calendar. Every publication repeats them; more belong in the lifecycle text."""

# lifecycles.publish
LIFECYCLE_TEXTS_KEPT = 16
"""Parsed texts kept: parsing one takes longer than any decision."""

# parts
CONTENT_BYTES_MAX = 32 * KIB
"""Data and effects, together, of an event that is stored in one record. With more, the effects are
in parts."""
PART_BYTES_MAX = 31 * KIB
"""Text of one part, as it is escaped in its record, which has 32 KiB with the envelope."""
PARTS_MAX = 1_024
"""Parts of the events that are recorded together: 32 MiB, four times what the largest selection run
leaves behind."""

# records
RECORD_BYTES_MAX = 65_535
"""A record is an entry of a transparency log. In C2SP's tiles, its length has 16 bits."""

# remote
FRAME_BYTES_MAX: Final = 64 * MIB
"""The largest message between our own processes: an all-or-nothing batch, once as it was sent and
once as it was read."""

FLUSHED_PARTS = 2 * 16
"""Lengths and messages that are written at once, so that the writer can begin with the first of
them while a front still reads the others."""
UNSENT_BYTES_MAX: Final = 4 * MIB
"""What may wait for the other side to read it: thousands of events. A writer that is that far
behind takes no newcomers; a client that is gets no bulletins."""
BULLETIN_S: Final = 0.25
"""How often the writer reports while nothing is appended."""
RECONNECT_S: Final = 0.05
"""Pause between two attempts to reach the writer, which starts again within a second."""
CONNECTED_WAIT_S: Final = 60.0
"""How long a process waits for the writer when it starts: reading a large ledger's memory takes
seconds."""

# revision.late
SETTLED_AT_ONCE_EVENTS_MAX = 1_000
"""Events of one lead that are decided again in the transaction of a late report: some 150 ms. A
lead with more is decided again on its own, a little later and together for all reports until then.
"""
SETTLED_IN_BATCH_EVENTS_MAX = 5_000
"""Events of all leads that one batch decides again: half a second. A batch that takes more than a
second may miss the time that it was proposed for. The leads beyond it wait."""
SETTLEMENTS_MAX = 3
"""How often one batch decides a lead or a company again before a later report about it. After that
its reports wait: a sender that alternates between early and late events would hold up everyone."""
PENDING_WAIT_PER_EVENT: Final = timedelta(milliseconds=5)
"""How long that takes for each of the lead's events: deciding them takes a fiftieth of it."""

# revision.past
HISTORY_EVENTS_MAX = 20_000
"""Events of one lead that are decided again under the lock: some two seconds. A lead known for ten
years has hundreds."""
TOGETHER_EVENTS_MAX = 20_000
"""Events of all leads that are decided again together because they share a company's business: some
seconds. A company of forty buyers with hundreds of events each."""

# selections.evidence
RANKED_PAGE = 500
"""Leads per record: some 25 kilobytes."""
CANDIDATES_MAX = 250_000
"""Run and ranking are one transaction, so neither exists without the other: 500 records, 12 MB."""

# selections.running
SELECTION_LOOK_S = 30.0
"""How long a run whose process has died waits until another process resumes it."""

# selections.surveying
SURVEY_PAGE_LEADS = 100
"""Leads examined before yielding to other work: some three milliseconds."""

# signals.dialects.posthog
OFFSET_MS_MAX: Final = 10 * 365 * 86_400_000
"""Ten years: no browser keeps an event that long, so more is not a delay."""

# signals.digests
SECRET_BYTES_MIN = 32
"""As long as the digest that it keys: a shorter secret would be the weakest link."""

# signals.fields
TEXT_CHARACTERS_MAX = 255
"""Host and path of a page. Longer paths are generated, and no rule names them."""

# signals.native_schema
IDENTIFIER_CHARACTERS_MAX = 1_024
ALIASES_MAX = 8
"""Senders join two ids at a time."""

# strict_json
VALUE_BYTES_MAX: Final = 240
"""One value in the interpreter's memory, with its slot in its container, excluding its text."""

# verification.findings
FINDINGS_SHOWN = 5
"""Findings kept per check: enough to see what they have in common."""
FINDING_CHARACTERS_MAX = 400
"""Characters shown of what was expected and found: a decision with effects exceeds a screen."""

# verification.late_audit
PENDING_OVERDUE_HOURS: Final = 24
"""Hours with records, since a lead should have been decided again, after which `verify` reports it.
The background looks every second, so in this time it decides tens of thousands of leads again."""

# verification.verify
VERIFY_PAGE_RECORDS = 5_000
"""Rows read at once: some five megabytes."""
