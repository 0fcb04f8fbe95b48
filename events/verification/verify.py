"""Verify a ledger without trusting it: everything that can be recomputed is recomputed.

This covers positions, leaves, columns against records, versions per subject, personal data against
its digest, identifiers, every outcome against the lifecycle version that decided it, and the states
that the writer decides on against a fold of the history; with the secret also the seals. The log is
read in one snapshot while others keep writing, and nothing is written. The states of all subjects
are held in memory: about one kilobyte each.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from domain.lead import state_json
from domain.lead.state import LeadState
from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.service_events import FOUNDED
from domain.times import format_utc
from events import records
from events.append import statement_arguments
from events.append.loader import LedgerReader
from events.batch.memory import Remembered
from events.database.sessions import Driver
from events.database.statements import Statement, load
from events.founding import founding
from events.limits import VERIFY_PAGE_RECORDS
from events.personal import StoredLink
from events.records import Record, begins_group
from events.refusals import Received, RefusalState
from events.revision.past import NotRecalled, Recollection
from events.selections.auditing import SelectionAudit
from events.selections.evidence import Run, run_of
from events.signals.digests import Digests
from events.verification.audit import UNREADABLE, Audit
from events.verification.checkpoint import Checkpoint
from events.verification.findings import Check, Finding, Report, expect
from events.verification.key_audit import RecordedKey, terms_of_key
from events.verification.reads_audit import PersonalRead, ReadsAudit
from events.verification.row_audit import Row, RowAudit
from events.verification.tree import Tree

NOT_GIVEN = "the secret of the ledger was not given"
NOT_ITS_OWN = "the secret that was given is not the one with which the ledger was founded"

Page: TypeAlias = Sequence[tuple[Row, Record | None]]
"""Rows of the log with their records; None for a record that cannot be read."""
OnPage = Callable[[Page, int], Awaitable[None]]
"""Called with each page of the log and the position at which the log ends."""


class Examined(NamedTuple):
    """The checkpoint and clock of the examined log. The findings are in the report."""

    checkpoint: Checkpoint
    """The checkpoint of the whole log, as it was read."""
    clock_ahead_s: int
    """How far the ledger's clock is set ahead. If not 0, it is a test ledger and its times prove
    nothing."""


async def examine(
    driver: Driver,
    *,
    schema: str,
    report: Report,
    digests: Digests | None = None,
    checkpoint: Checkpoint | None = None,
    on_page: OnPage | None = None,
) -> Examined:
    """Examine the whole ledger, in the read-only transaction that the driver has open.

    `checkpoint` is one that was taken earlier: the log must be a continuation of it.
    """
    sql = {
        **load("events.append", "ledger.sql", schema),
        **load("events.verification", "verification.sql", schema),
    }
    head = await driver.fetchrow(sql["read_whole_head"].driver_sql)
    assert head is not None, "a ledger that is examined has been founded"
    if digests is not None and digests.check_value != head["secret_check"]:
        digests = None
        report.section(Check.SEALS).skip(NOT_ITS_OWN)
        report.section(Check.REFUSALS).skip(NOT_ITS_OWN)
    return await _Examination(driver, sql, report, digests, checkpoint, head).run(on_page)


@dataclass(slots=True)
class _Examination:
    """One examination. A class, because all its steps share the same data."""

    driver: Driver
    sql: Mapping[str, Statement]
    report: Report
    digests: Digests | None
    checkpoint: Checkpoint | None
    head: Row
    tree: Tree = field(default_factory=Tree)
    chain: bytes = b""
    recollection: Recollection = field(default_factory=Recollection)
    """What has been read of the past, and what the transaction has recorded so far."""
    recorded_time: str = ""
    """Of the transaction."""
    reader: LedgerReader = field(init=False)

    def __post_init__(self) -> None:
        self.reader = LedgerReader(self.sql)

    async def run(self, on_page: OnPage | None) -> Examined:
        seals = self.digests.seals if self.digests is not None else None
        audit = Audit(self.report, selections=SelectionAudit(await _planned(self.driver, self.sql)))
        row_audit = RowAudit(self.report, seals)
        if seals is not None:
            self.chain = seals.first_chain(self.head["ledger_id"])
        async for page in pages(self.driver, self.sql["read_everything"], self.head["position"]):
            links = await self._links(page)
            self._grow([row["leaf"] for row in page])
            decoded = [(row, row_audit.take(row, links.get(row["position"], ()))) for row in page]
            audit.links |= links
            if page[0]["position"] == 1:
                self.report.attempt(Check.RECORDS, self._check_founding, decoded[0][1])
            for _, record in decoded:
                await self._add(audit, record)
            if on_page is not None:
                await on_page(decoded, self.head["position"])
        await self._close_group(audit)
        await self._recalling(audit, audit.end)
        row_audit.count()
        self._check_head(row_audit)
        self._check_checkpoint()
        await self._check_strays()
        await self._check_pending(audit)
        await self._check_states(audit.subjects)
        await self._check_refusals()
        await self._check_keys(audit.keys.keys)
        await self._check_reads(audit.reads)
        self._skip_without_secret(row_audit.position)
        ahead = round(self.head["clock_ahead"].total_seconds())
        return Examined(Checkpoint(self.tree.size, self.tree.root), ahead)

    async def _add(self, audit: Audit, record: Record | None) -> None:
        if record is None:
            audit.lose()
            self.recollection = Recollection()  # what is read of it again fails where it is needed
            return
        if begins_group(record):
            await self._close_group(audit)
        audit.add(record)

    async def _close_group(self, audit: Audit) -> None:
        """Judge a group, and keep it for the rest of its transaction, which may depend on it."""
        group = audit.group
        await self._recalling(audit, audit.close_group)
        if group and group[0].envelope.recorded_time != self.recorded_time:
            self.recollection = Recollection()
            self.recorded_time = group[0].envelope.recorded_time
        for record in group:
            self.recollection.records[record.event.position] = record
            history = self.recollection.histories.get(record.event.subject.id)
            if history is not None:
                self.recollection.histories[record.event.subject.id] = [*history, record]

    async def _recalling(self, audit: Audit, step: Callable[[Recollection], None]) -> None:
        """Judge a group, reading the histories concerned if anything is decided again."""
        while True:
            try:
                return step(self.recollection)
            except NotRecalled as needed:
                try:
                    await self._recall(audit, needed)
                except records.RecordUnreadable:
                    # Noted where it was read, so this group cannot be judged.
                    audit.lose()

    async def _recall(self, audit: Audit, needed: NotRecalled) -> None:
        if needed.positions:
            await self.reader.records_at(self.driver, self.recollection, needed.positions)
        if needed.histories:
            await self._read_histories(audit, needed.histories)

    async def _read_histories(self, audit: Audit, subject_ids: Sequence[str]) -> None:
        """Read histories, and at once those of everyone else whom the transaction decides again."""
        upto = audit.group[0].event.position - 1 if audit.group else audit.position
        also = [
            id
            for id in audit.late.unsettled
            if id not in subject_ids and id not in self.recollection.histories
        ]
        try:
            _, found = await self.reader.histories(self.driver, [*subject_ids, *also], upto=upto)
        except records.RecordUnreadable:
            _, found = await self.reader.histories(self.driver, subject_ids, upto=upto)
        self.recollection.histories |= found

    def _check_founding(self, record: Record | None) -> None:
        founded = (FOUNDED, founding(self.head["ledger_id"]))
        found = (record.event.type, record.event.data) if record is not None else None
        expect(1, "the log begins with the founding of this ledger", founded, found)

    def _grow(self, leaves: Sequence[bytes]) -> None:
        for leaf in leaves:
            self.tree.add(leaf)
            if self.checkpoint is not None and self.tree.size == self.checkpoint.size:
                self.report.attempt(Check.CHECKPOINT, self._compare_root)
        if self.digests is not None:
            self.chain = self.digests.seals.chain(self.chain, leaves)

    def _compare_root(self) -> None:
        assert self.checkpoint is not None
        what = "the log up to here matches the checkpoint"
        expect(self.checkpoint.size, what, self.checkpoint.root, self.tree.root)

    def _check_checkpoint(self) -> None:
        if self.checkpoint is None:
            return
        section = self.report.section(Check.CHECKPOINT)
        section.checked = self.checkpoint.size
        if self.tree.size < self.checkpoint.size:
            what = "the log is at least as long as at the checkpoint"
            section.note(Finding(None, what, self.checkpoint.size, self.tree.size))

    async def _links(self, page: Sequence[Row]) -> dict[int, list[StoredLink]]:
        statement = self.sql["read_links"]
        found: dict[int, list[StoredLink]] = defaultdict(list)
        bounds = (page[0]["position"] - 1, page[-1]["position"])
        for row in await self.driver.fetch(statement.driver_sql, *bounds):
            link = StoredLink(row["kind"], row["digest"], str(row["subject_id"]), row["is_moved"])
            found[row["position"]].append(link)
        return found

    def _check_head(self, row_audit: RowAudit) -> None:
        head, section = self.head, self.report.section(Check.HEAD)
        section.checked = 1
        last, stored = row_audit.recorded_time, format_utc(head["recorded_at"])
        checks: list[tuple[str, object, object]] = [
            ("the head is at the last event", head["position"], row_audit.position),
            # A batch with only refusals advances the head's time without an event.
            ("the head's time is not before the last event", max(last, stored), stored),
        ]
        if self.digests is not None:
            what = "the chain of all leaves ends as it did when the last event was written"
            checks.append((what, head["chain"], self.chain))
        for check in checks:
            self.report.attempt(Check.HEAD, expect, None, *check)

    async def _check_strays(self) -> None:
        """Find rows that belong to no event of the log, which the pass over the log cannot see."""
        row = await self.driver.fetchrow(self.sql["count_strays"].driver_sql, self.head["position"])
        assert row is not None
        for check, what in (
            (Check.ORDER, "events"),
            (Check.PERSONAL, "event_personal"),
            (Check.PERSONAL, "event_actors"),
            (Check.IDENTIFIERS, "identifiers"),
        ):
            if row[what]:
                finding = Finding(None, f"{what} has only rows of the log", "no others", row[what])
                self.report.section(check).note(finding, count=row[what])

    async def _check_pending(self, audit: Audit) -> None:
        """Check that what counts for a lead comes once it is due, unless a fault prevents it."""
        rows = await self.driver.fetch(self.sql["read_set_aside"].driver_sql)
        set_aside, section = {row["lead_id"] for row in rows}, self.report.section(Check.DECISIONS)
        for lead_id, pending, is_overdue in audit.late.pending():
            if is_overdue and lead_id not in set_aside:
                what = f"lead {lead_id} is decided again once that is due"
                section.note(Finding(pending.position, what, format_utc(pending.until), "never"))
            else:
                section.still_to_come += 1

    async def _check_states(self, folded: Mapping[str, Remembered]) -> None:
        """Check that the writer's states and their indexes match the fold of the history."""
        remaining, section = dict(folded), self.report.section(Check.STATES)
        async for row in self._rows("read_subjects", "subject_id"):
            section.checked += 1
            expected = remaining.pop(str(row["subject_id"]), None)
            self.report.attempt(Check.STATES, _compare_subject, row, expected)
        for subject_id in remaining:
            what = "every subject has its state"
            section.note(Finding(None, what, f"a state of {subject_id}", "none"))

    async def _check_keys(self, logged: Mapping[str, RecordedKey]) -> None:
        section, missing = self.report.section(Check.KEYS), set(logged)
        async for row in self._rows("read_keys", "key_id"):
            section.checked += 1
            missing.discard(row["key_id"])
            self.report.attempt(Check.KEYS, _compare_key, row, logged.get(row["key_id"]))
        for key_id in sorted(missing):
            section.note(Finding(None, "a created key is stored", key_id, "none"))

    async def _check_reads(self, reads: ReadsAudit) -> None:
        section = self.report.section(Check.READS)
        async for row in self._rows("read_personal_reads", "number"):
            section.checked += 1
            self.report.attempt(Check.READS, _compare_read, row, reads)
        for number in reads.missing:
            section.note(Finding(None, "sealed reads are stored", f"read {number}", "none"))

    async def _check_refusals(self) -> None:
        section = self.report.section(Check.REFUSALS)
        if self.digests is None:
            section.skip(
                section.why_not or NOT_GIVEN,
                await self.driver.fetchval(self.sql["count_refusals"].driver_sql),
            )
            return
        async for row in self._rows("read_refusals", "refusal_id"):
            section.checked += 1
            self.report.attempt(Check.REFUSALS, self._compare_refusal, row)

    def _compare_refusal(self, row: Row) -> None:
        assert self.digests is not None
        values, seals = dict(row.items()), self.digests.seals
        refusal_id = str(row["refusal_id"])
        values["refusal_id"] = refusal_id
        received = Received(*(values[name] for name in Received._fields))
        status = RefusalState(*(values[name] for name in RefusalState._fields))
        for what, expected, found in (
            ("content", seals.of_refusal(received), row["seal"]),
            ("status", seals.of_state(refusal_id, status), row["state_seal"]),
        ):
            expect(None, f"the seal of the {what} of refusal {refusal_id} holds", expected, found)

    def _skip_without_secret(self, events: int) -> None:
        section = self.report.section(Check.SEALS)
        if self.digests is None:
            section.skip(section.why_not or NOT_GIVEN, events)

    async def _rows(self, name: str, key: str) -> AsyncIterator[Row]:
        """Read a table page by page, in the order of its key."""
        statement, after = self.sql[name], None
        while page := await self.driver.fetch(statement.driver_sql, after, VERIFY_PAGE_RECORDS):
            for row in page:
                yield row
            after = page[-1][key]


async def _planned(driver: Driver, sql: Mapping[str, Statement]) -> dict[int, list[Run]]:
    """Read in advance where selection runs read their leads: there they are surveyed again."""
    planned: dict[int, list[Run]] = defaultdict(list)
    for row in await driver.fetch(sql["read_selection_runs"].driver_sql):
        try:
            run = run_of(records.decode_event(row["record"]))
            planned[run.read_at].append(run)
        except UNREADABLE:
            # The audit judges this record in its turn, and notes the error then.
            continue
    return planned


async def pages(driver: Driver, statement: Statement, upto: int) -> AsyncIterator[Sequence[Row]]:
    """Read the log in order, page by page, up to a position."""
    after = 0
    while after < upto:
        page = await driver.fetch(
            statement.driver_sql,
            *statement.arguments({"after": after, "upto": upto, "limit": VERIFY_PAGE_RECORDS}),
        )
        if not page:
            return
        yield page
        after = page[-1]["position"]


def _compare_subject(row: Row, expected: Remembered | None) -> None:
    kind, subject_id = row["kind"], str(row["subject_id"])
    what = f"the state of {kind} {subject_id} is the fold of its events"
    found = _remembered(row)
    if found != expected:
        raise Finding(row["position"], what, expected, found)
    assert isinstance(found, Remembered)
    lead = found.state if isinstance(found.state, LeadState) else None
    index = {
        "due_at": statement_arguments.due(found.state),
        "lifecycle": statement_arguments.lifecycle(found.state),
        "account": lead.account or "" if lead is not None else "",
    }
    stored = {
        "due_at": format_utc(row["due_at"]) if row["due_at"] is not None else "",
        "lifecycle": str(row["lifecycle"] or ""),
        "account": str(row["account"] or ""),
    }
    expect(
        row["position"],
        f"the indexes of {kind} {subject_id} match its state",
        index,
        stored,
    )


def _compare_key(row: Row, logged: RecordedKey | None) -> None:
    """Compare a stored key with its events. Its name is in none of them."""
    values = dict(row.items())
    created_at, revoked_at = values.pop("created_at"), values.pop("revoked_at")
    found = RecordedKey(terms_of_key(**values), created_at, revoked_at)
    expect(None, f"the key {row['key_id']} matches its events", logged, found)


def _compare_read(row: Row, reads: ReadsAudit) -> None:
    leads = tuple(map(str, row["leads"]))
    read = PersonalRead(row["number"], row["read_at"], row["key_id"], row["page"], leads)
    for what, expected, found in list(reads.take(read, row["chain"])):
        expect(None, what, expected, found)


def _remembered(row: Row) -> Remembered | str:
    try:
        kind = SubjectKind(row["kind"])
        state = state_json.decode(kind, row["state"])
    except UNREADABLE as error:
        return f"an unreadable state: {error!r}"
    return Remembered(kind, row["version"], row["position"], state)
