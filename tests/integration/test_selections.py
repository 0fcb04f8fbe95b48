"""Selection runs: the best candidates, as many as can be screened, once, and provably."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import orjson
import pytest

from events import records
from events.append.queue import Queue
from events.selections.evidence import Asked, Run
from events.selections.running import RunExists, Selector
from events.selections.surveying import CapacityUnknown
from events.signals.digests import Digests
from events.verification.findings import Finding
from service.private_postgres import PrivatePostgres
from tests.support.broken_leads import break_leads
from tests.support.http_service import LIFECYCLE_AT, SCHEMA
from tests.support.ledger_on_postgres import LedgerOnPostgres, ledger_on_postgres
from tests.support.postgres import connection_to
from tests.support.stories import day
from tests.support.verified import DIGESTS, verify

TEAM = "inside-1"
BEGIN = day(-10)


def asked(id: str = "run-1", capacity: int | None = 2, **changes: Any) -> Asked:
    terms: dict[str, Any] = {
        "team": TEAM,
        "market": None,
        "starts_on": "2026-11-02",
        "ends_on": "2026-11-06",
        "begins_at": BEGIN,
    }
    return Asked(id=id, capacity=capacity, **terms | changes)


def lead(number: int) -> dict[str, str]:
    return {"email": f"lead-{number}@company-{number}.example"}


def interest(number: int, downloads: int, industry: str = "steel") -> list[dict[str, Any]]:
    """Make a lead a candidate, with 10 points of fit and 10 for each download and for a form."""
    who: dict[str, Any] = {**lead(number), "profile": {"industry": industry}}
    form = {"id": f"form-{number}", "type": "form.submitted", "lead": who}
    return [form] + [
        {"id": f"download-{number}-{one}", "type": "content.downloaded", "lead": lead(number)}
        for one in range(downloads)
    ]


class On:
    """A ledger with an intake and a selector, as in a service."""

    def __init__(self, ledger: LedgerOnPostgres) -> None:
        self.ledger = ledger
        self.queue = Queue(ledger.ledger, lambda _: None)
        self.selector = self.another()

    def another(self) -> Selector:
        """Open a selector that is independent of the first."""
        ledger = self.ledger
        return Selector(
            ledger.engine,
            SCHEMA,
            queue=self.queue,
            lifecycles=ledger.ledger.lifecycles,
            now=ledger.ledger.now,
            digests=DIGESTS,
        )

    async def select(self, wanted: Asked) -> dict[str, Any]:
        run = await self.selector.select(wanted, key_id="key-1")
        return dict(run.data)

    async def qualified(self) -> list[str]:
        """Return the leads qualified by a run, as numbers, in ledger order."""
        rows = await self.ledger.as_owner(
            "SELECT form.id FROM ledger.events AS event "
            "JOIN ledger.events AS form ON form.subject_id = event.subject_id "
            "AND form.type = 'form.submitted' "
            "WHERE event.type = 'lead.qualified' AND event.source = 'leadledger' "
            "ORDER BY event.position"
        )
        return [row["id"].removeprefix("form-") for row in rows]

    async def own(self, type: str) -> list[dict[str, Any]]:
        rows = await self.ledger.as_owner(
            "SELECT record FROM ledger.events WHERE type = $1 ORDER BY position", type
        )
        return [orjson.loads(row["record"]) for row in rows]

    async def verified(self, digests: Digests | None = DIGESTS) -> int:
        found = await verify(self.ledger.engine, schema=SCHEMA, digests=digests)
        assert found.not_decided_again == 0
        assert found.decided_again == found.position - LIFECYCLE_AT
        return found.position


@pytest.fixture
async def on(postgres_server: PrivatePostgres) -> AsyncIterator[On]:
    async with ledger_on_postgres(postgres_server) as ledger:
        for number, downloads in enumerate((1, 3, 2, 0, 2)):
            await ledger.send(*interest(number, downloads))
        lent = On(ledger)
        lent.queue.start()
        try:
            yield lent
        finally:
            await lent.selector.close()
            await lent.queue.close()


async def test_the_best_candidates_are_qualified_up_to_the_number_of_places(on: On) -> None:
    data = await on.select(asked(capacity=2))
    assert {name: data[name] for name in ("capacity", "backlog", "requests", "candidates")} == {
        "capacity": 2, "backlog": 0, "requests": 0, "candidates": 5,
    }  # fmt: skip
    assert (data["selected"], data["cut_line"]) == (2, "40")
    assert await on.qualified() == ["1", "2"], "of two with 40 points, the one that waits longer"
    (completed,) = await on.own("selection.completed")
    assert (completed["data"]["qualified"], completed["data"]["skipped"]) == (2, [])
    await on.verified()


async def test_the_evidence_names_who_asked_and_ranks_every_candidate(on: On) -> None:
    await on.select(asked())
    (run,), (page,) = [await on.own(type) for type in ("selection.run", "selection.ranked")]
    assert (run["source"], run["subject"], run["key"]) == ("leadledger", "ledger", "key-1")
    assert "cause" not in run
    assert [score for _, score in page["data"]["ranking"]] == ["50", "40", "40", "30", "20"]
    qualified = (await on.own("lead.qualified"))[0]
    assert qualified["cause"] == run["position"]
    assert qualified["id"] == f"selection.run-1.{qualified['subject'].removeprefix('lead/')}"


async def test_a_dry_run_reports_the_same_and_records_nothing(on: On) -> None:
    before = await on.ledger.recorded()
    tried = [(await on.selector.try_out(asked(capacity=k))).data for k in (0, 2, 99)]
    assert [one["selected"] for one in tried] == [0, 2, 5]
    assert await on.ledger.recorded() == before
    data = await on.select(asked(capacity=2))
    assert data["digest"] == tried[1]["digest"]


async def test_capacity_already_used_leaves_fewer_places(on: On) -> None:
    await on.select(asked("first", capacity=2))
    second = await on.select(asked("second", capacity=3))
    assert (second["backlog"], second["selected"]) == (2, 1)
    assert await on.qualified() == ["1", "2", "4"]
    # A lead that was selected before still takes a place in the period after its screening.
    for type, data in (("lead.sales_accepted", {}), ("screening.completed", {"class": "now"})):
        event = {"id": type, "type": type, "lead": lead(1), "data": data}
        await on.ledger.send(event)
    third = (await on.selector.try_out(asked("third", capacity=4))).data
    assert (third["backlog"], third["selected_before"], third["selected"]) == (2, 1, 1)
    other_week = asked("other", capacity=4, starts_on="2026-11-09", ends_on="2026-11-13")
    assert (await on.selector.try_out(other_week)).data["selected_before"] == 0
    await on.verified()


async def test_contact_requests_wait_for_no_run_but_count(on: On) -> None:
    await on.ledger.send({"id": "request", "type": "contact.requested", "lead": lead(3)})
    assert (await on.selector.try_out(asked())).data["backlog"] == 1
    for type, data in (("lead.sales_accepted", {}), ("screening.completed", {"class": "now"})):
        await on.ledger.send({"id": type, "type": type, "lead": lead(3), "data": data})
    screened = (await on.selector.try_out(asked())).data
    assert (screened["backlog"], screened["requests"], screened["selected"]) == (0, 1, 1)
    later = asked(begins_at=day(100_000 / 24))
    assert (await on.selector.try_out(later)).data["requests"] == 0
    await on.select(asked())
    await on.verified()


async def test_capacity_comes_from_what_was_declared_last(on: On) -> None:
    with pytest.raises(CapacityUnknown):
        await on.select(asked(capacity=None))
    for id, capacity, changes in (
        ("old", 4, {}),
        ("new", 1, {}),
        ("other-market", 3, {"market": "manufacturing"}),
        ("other-team", 3, {"team": "inside-2"}),
    ):
        terms = {"team": TEAM, "starts_on": "2026-11-02", "ends_on": "2026-11-06", **changes}
        declared = {"id": id, "type": "capacity.declared", "data": {**terms, "capacity": capacity}}
        await on.ledger.send(declared)
    data = await on.select(asked(capacity=None))
    assert (data["capacity"], data["selected"]) == (1, 1)
    declared_at = {id: position for position, id, _ in await on.ledger.recorded()}["new"]
    assert data["capacity_declared_at"] == str(declared_at)
    await on.verified()


async def test_a_market_is_selected_separately(on: On) -> None:
    await on.ledger.send(*interest(7, 3, industry="software"))
    data = await on.select(asked(capacity=9, market="technology"))
    assert (data["market"], data["candidates"], data["selected"]) == ("technology", 1, 1)
    assert await on.qualified() == ["7"]
    await on.verified()


async def test_leads_that_may_not_be_selected_are_not(on: On) -> None:
    deal = {"id": "deal", "type": "opportunity.created", "data": {"opportunity": "d"}}
    colleague = {"email": "boss@company-1.example"}
    await on.ledger.send({**deal, "lead": colleague})
    order = {"id": "order", "type": "order.recorded", "data": {"order": "o"}}
    await on.ledger.send({**order, "account": {"domain": "company-2.example"}})
    data = await on.select(asked(capacity=9))
    assert data["candidates"] == 3
    assert await on.qualified() == ["4", "0", "3"]


async def test_a_repeated_request_is_answered_with_the_same_run(on: On) -> None:
    first = await on.select(asked())
    events = await on.ledger.recorded()
    assert await on.select(asked()) == first
    assert await on.ledger.recorded() == events
    for other in (asked(capacity=3), asked(team="inside-2"), asked(market="technology")):
        with pytest.raises(RunExists):
            await on.select(other)


async def test_two_concurrent_requests_with_one_id_are_one_run(on: On) -> None:
    other = on.another()
    await asyncio.gather(
        on.selector.select(asked(), key_id="a"),
        other.select(asked(), key_id="b"),
    )
    assert len(await on.own("selection.run")) == 1
    assert await on.qualified() == ["1", "2"]
    await on.verified()


async def test_a_lead_that_is_no_longer_a_candidate_is_skipped_and_reported(on: On) -> None:
    record = on.selector._qualify
    by_hand = {"id": "by-hand", "type": "lead.qualified", "lead": lead(1)}

    async def meanwhile(run: Any) -> None:
        await on.ledger.send(by_hand | {"time": run.at.isoformat()})
        await record(run)

    on.selector._qualify = meanwhile  # type: ignore[method-assign]
    await on.select(asked(capacity=2))
    (completed,) = await on.own("selection.completed")
    assert completed["data"]["qualified"] == 1
    assert [reason for _, reason in completed["data"]["skipped"]] == ["elsewhere"]
    assert await on.qualified() == ["2"]
    assert await on.ledger.refusals() == []
    await on.verified()


async def test_an_unfinished_run_is_finished_once(on: On) -> None:
    await leave_unfinished(on, asked(capacity=3))
    assert await on.qualified() == []
    first, second = on.another(), on.another()
    assert await first.resume() == 1
    assert await on.qualified() == ["1", "2", "4"]
    events = await on.ledger.recorded()
    assert (await first.resume(), await second.resume()) == (0, 0)
    assert await on.ledger.recorded() == events
    await on.verified()


async def test_two_processes_that_finish_one_run_qualify_no_lead_twice(on: On) -> None:
    await leave_unfinished(on, asked(capacity=3))
    run = await on.another().find("run-1")
    assert run is not None
    await asyncio.gather(*(on.another()._finish(run) for _ in range(3)))
    assert await on.qualified() == ["1", "2", "4"]
    assert len(await on.own("selection.completed")) == 1
    await on.verified()


class Faulty(Selector):
    """Fails with an unexpected error on one run."""

    async def _qualify(self, run: Run) -> None:
        if run.id == "run-1":
            raise KeyError(run.id)
        await super()._qualify(run)


async def test_a_run_that_cannot_be_finished_does_not_block_others(on: On) -> None:
    await leave_unfinished(on, asked(capacity=1))
    await leave_unfinished(on, asked("run-2", capacity=2, team="inside-2"))
    faults: list[str] = []
    ledger = on.ledger
    faulty = Faulty(
        ledger.engine,
        SCHEMA,
        queue=on.queue,
        lifecycles=ledger.ledger.lifecycles,
        now=ledger.ledger.now,
        digests=DIGESTS,
        on_fault=faults.append,
    )
    await faulty.resume()
    (completed,) = await on.own("selection.completed")
    assert (completed["id"], faults) == ("selection.run-2.completed", ["selections"])
    await on.another().resume()
    assert len(await on.own("selection.completed")) == 2


async def test_a_lead_that_cannot_be_decided_is_skipped_and_the_run_continues(on: On) -> None:
    record = on.selector._qualify
    (row,) = await on.ledger.as_owner(
        "SELECT CAST(subject_id AS text) AS lead FROM ledger.events WHERE id = 'form-1'"
    )

    async def meanwhile(run: Any) -> None:
        await break_leads(on.ledger.owner_url, row["lead"])
        on.ledger.ledger.forget()
        await record(run)

    on.selector._qualify = meanwhile  # type: ignore[method-assign]
    await on.select(asked(capacity=3))
    (completed,) = await on.own("selection.completed")
    assert completed["data"]["skipped"] == [[row["lead"], "internal-error"]]
    assert await on.qualified() == ["2", "4"]
    assert on.ledger.faults == ["deciding"]
    on.ledger.faults.clear()


async def leave_unfinished(on: On, wanted: Asked) -> None:
    """Record a run and its ranking, and stop."""

    async def interrupted(_: Any) -> None:
        raise ConnectionError

    on.selector._qualify = interrupted  # type: ignore[assignment, method-assign]
    with pytest.raises(ConnectionError):
        await on.select(wanted)


async def test_many_candidates_take_several_pages(on: On) -> None:
    for start in range(100, 1_300, 100):
        events = [event for one in range(start, start + 100) for event in interest(one, 0)]
        await on.ledger.send(*events)
    data = await on.select(asked(capacity=1_100))
    assert (data["candidates"], data["selected"]) == (1_205, 1_100)
    pages = await on.own("selection.ranked")
    assert [len(page["data"]["ranking"]) for page in pages] == [500, 500, 205]
    assert len(await on.qualified()) == 1_100
    await on.verified()


def with_a_place_more(data: dict[str, Any]) -> None:
    data["selected"] += 1


def with_another_capacity(data: dict[str, Any]) -> None:
    data["capacity"] = 99


def with_a_smaller_backlog(data: dict[str, Any]) -> None:
    data["backlog"] = 7


def with_another_digest(data: dict[str, Any]) -> None:
    data["digest"] = "0" * 64


def read_later(data: dict[str, Any]) -> None:
    data["read_at"] = "999999"


def with_the_first_two_swapped(data: dict[str, Any]) -> None:
    ranking = data["ranking"]
    ranking[0], ranking[1] = ranking[1], ranking[0]


def with_another_score(data: dict[str, Any]) -> None:
    data["ranking"][0][1] = "99"


def of_another_run(data: dict[str, Any]) -> None:
    data["selection"] = "run-9"


def with_no_lead_named(data: dict[str, Any]) -> None:
    data["qualified"] = 0


@pytest.mark.parametrize(
    ("type", "change", "what"),
    [
        ("selection.run", with_a_place_more, "the number selected matches the places available"),
        (
            "selection.run",
            with_another_capacity,
            "the number selected matches the places available",
        ),
        ("selection.run", with_a_smaller_backlog, "the survey of a run matches the history"),
        ("selection.run", with_another_digest, "the ranking matches the history"),
        ("selection.run", read_later, "a run reads its leads before its own position"),
        ("selection.run", of_another_run, "the id of a run's event follows from the run"),
        ("selection.ranked", with_the_first_two_swapped, "the page matches the ranking"),
        ("selection.ranked", with_another_score, "the page matches the ranking"),
        ("selection.ranked", of_another_run, "the evidence of a selection can be read"),
        ("lead.qualified", of_another_run, "the evidence of a selection can be read"),
        ("selection.completed", with_no_lead_named, "the number qualified is as reported"),
    ],
)
async def test_forged_evidence_is_found(
    on: On, type: str, change: Callable[[dict[str, Any]], None], what: str
) -> None:
    await on.select(asked(capacity=2))
    await on.verified()
    await forge(on, type, change)
    with pytest.raises(Finding) as found:
        await on.verified(None)
    assert found.value.what == what


async def test_a_selected_lead_that_was_not_among_the_best_is_found(on: On) -> None:
    await on.select(asked(capacity=2))
    (page,), (selected, *_) = [
        await on.own(type) for type in ("selection.ranked", "lead.qualified")
    ]
    last = page["data"]["ranking"][-1][0]
    position = int(selected["position"])
    old = selected["subject"].removeprefix("lead/")

    def of_the_last(text: str) -> str:
        record = orjson.loads(text.replace(old, last)) | {"subjectversion": 99}
        return orjson.dumps(record, option=orjson.OPT_SORT_KEYS).decode()

    await rewrite(on, position, of_the_last)
    with pytest.raises(Finding) as found:
        await on.verified(None)
    assert found.value.what == "only the first of the ranking are selected"


async def forge(on: On, type: str, change: Callable[[dict[str, Any]], None]) -> None:
    first = (await on.own(type))[0]

    def changed(text: str) -> str:
        record = orjson.loads(text)
        change(record["data"])
        return orjson.dumps(record, option=orjson.OPT_SORT_KEYS).decode()

    await rewrite(on, int(first["position"]), changed)


async def rewrite(on: On, position: int, change: Callable[[str], str]) -> None:
    """Change a record, and its leaf to match."""
    async with connection_to(on.ledger.owner_url) as connection:
        await connection.execute("ALTER TABLE ledger.events DISABLE TRIGGER USER")
        await _rewrite(connection, position, change)


async def _rewrite(
    connection: "asyncpg.Connection[Any]", position: int, change: Callable[[str], str]
) -> None:
    text = await connection.fetchval(
        "SELECT record FROM ledger.events WHERE position = $1", position
    )
    forged = change(text)
    record = orjson.loads(forged)
    subject = record["subject"].partition("/")[2] or "00000000-0000-0000-0000-000000000000"
    await connection.execute(
        "UPDATE ledger.events SET record = $2, leaf = $3, id = $4, subject_id = $5, "
        "subject_version = CASE WHEN subject_id = $5 THEN subject_version ELSE 99 END "
        "WHERE position = $1",
        position,
        forged,
        records.leaf_of(forged.encode()),
        record["id"],
        subject,
    )
