"""The projection of the directory: load and write one batch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.event import Event
from domain.lead import state_json
from domain.lifecycle.definition import SubjectKind
from events.batch.lru import forget_oldest
from events.database.sessions import Driver
from events.database.statements import Statement, load
from events.records import decode_event
from projections.engine.limits import DIRECTORY_KEPT
from projections.engine.record_text import BEGINS, HAS_EFFECTS, MOVES, PUBLISHES
from projections.engine.rows import RowWriter
from projections.leads.fold import (
    LEAD_COLUMNS,
    AccountRow,
    Directory,
    LeadRow,
    ListStay,
    account_rows,
    fold,
    lead_rows,
    moves_account,
)

NAME = "directory"
VERSION = 2


@dataclass(frozen=True, slots=True)
class DirectoryProjection:
    """A class, because a projection combines statements with the methods that use them."""

    schema: str
    sql: Mapping[str, Statement]
    name: str = NAME
    version: int = VERSION
    tables: tuple[str, ...] = ("directory_leads", "directory_accounts", "directory_lists")

    def concerns(self, record: str) -> bool:
        """Return whether a record moves its subject, carries effects, or is its subject's first."""
        return HAS_EFFECTS in record or MOVES in record or BEGINS in record or PUBLISHES in record

    def begin(self, *, is_complete: bool) -> Directory:
        return Directory(is_complete)

    async def load(
        self, driver: Driver, generation: int, state: Directory, events: Sequence[Event]
    ) -> None:
        """Read subjects that are not in memory, and the companies that lists depend on."""
        if state.is_complete:
            return
        if not state.lifecycles:
            rows = await driver.fetch(self.sql["read_lifecycles"].driver_sql, events[0].position)
            for row in rows:
                state.publish(decode_event(row["record"]).data)
        changed = dict.fromkeys(subject for event in events for subject in event.changed_subjects)
        leads = [id for kind, id in changed if kind is SubjectKind.LEAD]
        accounts = {id for kind, id in changed if kind is SubjectKind.ACCOUNT}
        await self._load_leads(driver, generation, state, leads)
        if state.lists_read_accounts:
            moving = [event.subject.id for event in events if moves_account(event)]
            await self._load_people(driver, generation, state, moving)
            known = (state.leads.get(id) for id in leads)
            accounts |= {lead.account for lead in known if lead and lead.account is not None}
            accounts |= {account for event in events if (account := _joined(event)) is not None}
        await self._load_accounts(driver, generation, state, accounts)

    async def _load_leads(
        self, driver: Driver, generation: int, state: Directory, leads: Iterable[str]
    ) -> None:
        missing = [id for id in leads if id not in state.leads]
        if missing:
            rows = await driver.fetch(self.sql["read_leads"].driver_sql, generation, missing)
            await self._learn(driver, generation, state, rows)

    async def _load_people(
        self, driver: Driver, generation: int, state: Directory, accounts: Sequence[str]
    ) -> None:
        if accounts:
            rows = await driver.fetch(self.sql["read_people"].driver_sql, generation, accounts)
            await self._learn(driver, generation, state, rows)

    async def _learn(
        self, driver: Driver, generation: int, state: Directory, rows: Sequence[Any]
    ) -> None:
        """Take leads into memory, with the lists that they are on."""
        learned = {row["subject_id"]: row for row in rows if row["subject_id"] not in state.leads}
        if not learned:
            return
        statement, stays = self.sql["read_lists"], dict[tuple[str, str], ListStay]()
        for found in await driver.fetch(statement.driver_sql, generation, list(learned)):
            stay = ListStay(*found.values())
            stays[stay[:2]] = stay
        for lead_id, row in learned.items():
            state.learn_lead(lead_id, state_json.decode_lead(row["state"]))
            state.lists[lead_id] = {code: stays[lead_id, code] for code in row["lists"]}

    async def _load_accounts(
        self, driver: Driver, generation: int, state: Directory, accounts: Iterable[str]
    ) -> None:
        missing = [id for id in accounts if id not in state.accounts]
        if missing:
            rows = await driver.fetch(self.sql["read_accounts"].driver_sql, generation, missing)
            for row in rows:
                state.accounts[row["subject_id"]] = state_json.decode_account(row["state"])

    def fold(self, state: Directory, event: Event) -> None:
        fold(state, event)

    async def write(self, driver: Driver, generation: int, state: Directory) -> None:
        """Write every changed lead and account, with one statement for each table."""
        writer = RowWriter(driver, self.schema, self.sql, generation)
        leads, accounts = list(lead_rows(state)), list(account_rows(state))
        lists = list(state.touched_lists.values())
        if state.is_complete and not state.is_written:
            rows = [(*listed, *others) for listed, *others in leads]
            await writer.copy("directory_leads", LEAD_COLUMNS, rows)
            await writer.copy("directory_accounts", AccountRow._fields, accounts)
            await writer.copy("directory_lists", ListStay._fields, lists)
        else:
            await writer.write("write_leads", LEAD_COLUMNS, list(map(_with_lists_joined, leads)))
            await writer.write("write_accounts", AccountRow._fields, accounts)
            await writer.write("write_lists", ListStay._fields, lists)
        state.is_written = True
        state.touched_leads.clear()
        state.touched_accounts.clear()
        state.touched_lists.clear()
        _forget(state, most=DIRECTORY_KEPT)


def directory(schema: str) -> DirectoryProjection:
    """Return the projection for the ledger of this schema."""
    return DirectoryProjection(schema, load("projections", "leads/directory.sql", schema))


def _joined(event: Event) -> str | None:
    """Return the account that this event links a lead to, if any."""
    account: str | None = event.effects.get("state", event.effects).get("account")
    return account


def _forget(state: Directory, *, most: int) -> None:
    """Keep the memory within bounds by dropping the oldest entries first."""
    excess = len(state.leads) + len(state.accounts) - most
    if excess > 0:
        state.is_complete = False
        state.forget_leads(most=max(0, len(state.leads) - excess))
        forget_oldest(state.accounts, most=max(0, len(state.accounts) - excess))


def _with_lists_joined(lead: LeadRow) -> tuple[object, ...]:
    """Join the names of lists: the driver has no arrays of arrays of different lengths."""
    *columns, lists = lead.listed
    return (*columns, " ".join(lists), *lead[1:])
