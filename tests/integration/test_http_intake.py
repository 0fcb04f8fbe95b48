"""What came in is counted, by source and day, and a source that falls silent shows."""

import itertools
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from events.lifecycles.known import Lifecycles
from service.ingest.reporting import Reporting
from service.keys.scopes import Scope
from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service
from tests.support.page_visits import browsing, log_in
from tests.support.postgres import connection_to

pytestmark = pytest.mark.asyncio(loop_scope="module")

_numbers = itertools.count(1)
COUNTS = ("received", "recorded", "duplicates", "refused", "ignored")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


def form(**changes: Any) -> dict[str, Any]:
    number = next(_numbers)
    lead = {"email": f"person{number}@example.co.jp"}
    return {"id": f"i-{number}", "type": "form.submitted", "lead": lead, **changes}


async def intake(service: Service, **asked: str) -> dict[str, Any]:
    await service.part(Reporting).unrecorded.write()
    answer = await service.client.get("/v1/intake", params=asked)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def of(service: Service, source: str) -> dict[str, Any]:
    found = await intake(service)
    (row,) = [row for row in found["sources"] if row["source"] == source]
    return dict(row)


def numbers(row: dict[str, Any]) -> list[int]:
    return [row[name] for name in COUNTS]


def today(service: Service) -> datetime:
    zone = ZoneInfo(service.part(Lifecycles).in_force.lifecycle.time_zone)
    return datetime.now(UTC).astimezone(zone)


async def heard(service: Service, source: str, days_ago: Sequence[int]) -> None:
    """Record in the table itself that a source was heard on these days: no test takes weeks."""
    async with connection_to(service.owner_url) as connection:
        for days in days_ago:
            at = today(service) - timedelta(days=days)
            await connection.execute(
                "INSERT INTO ledger.intake_counts VALUES ($1, $2, 'recorded', '', 5, $3)",
                at.date(),
                source,
                at,
            )


async def test_what_became_of_each_item_is_counted(service: Service) -> None:
    key = await service.key(Scope.EVENTS_WRITE, sources=("crm",))
    known = form()
    for body in (known, known, form(type="no.such"), form(type="lead.qualified")):
        await service.client.post("/v1/events", json=body, headers=key)
    await service.client.post("/v1/events", json=[known, form(), 7], headers=key)
    await service.client.post("/v1/events", content=b'{"id": 1}\n{"id', headers=key | NDJSON)

    row = await of(service, "crm")
    assert numbers(row) == [9, 2, 2, 3, 2]
    assert {entry["reason"]: (entry["items"], entry["is_kept"]) for entry in row["reasons"]} == {
        "event-type-unknown": (1, True),
        "event-invalid": (2, True),
        "scope-missing": (1, False),
        "event-unreadable": (1, False),
    }
    assert row["last_event_time"] is not None
    assert row["last_received_time"] >= row["last_event_time"]
    (day,) = [day for day in (await intake(service))["days"] if day["source"] == "crm"]
    assert day["day"] == today(service).date().isoformat()
    assert numbers(day) == numbers(row)


NDJSON = {"content-type": "application/x-ndjson"}


async def test_an_item_counts_for_no_source_that_its_key_may_not_name(service: Service) -> None:
    key = await service.key(Scope.EVENTS_WRITE, sources=("own",))
    for source in ("another", "hanako@example.co.jp", "*"):
        answer = await service.client.post("/v1/events", json=form(source=source), headers=key)
        assert answer.is_client_error
    assert numbers(await of(service, "own")) == [3, 0, 0, 1, 2]
    importer = await service.key(Scope.EVENTS_WRITE, sources=("import", "*"))
    for changes in ({"type": "no.such"}, {"type": "form.submitted", "time": "never"}):
        event = form(source="Hanako", **changes)
        await service.client.post("/v1/events", json=event, headers=importer)
    found = await intake(service)
    assert "hanako" not in str(found).lower()
    (others,) = [row for row in found["sources"] if row["source"] is None]
    assert numbers(others) == [2, 0, 0, 2, 0]
    await service.client.post("/v1/events", json=form(source="legacy"), headers=importer)
    refused = form(source="legacy", type="no.such")
    await service.client.post("/v1/events", json=refused, headers=importer)
    assert numbers(await of(service, "legacy")) == [2, 1, 0, 1, 0]


async def test_a_retried_refusal_counts_only_if_it_is_recorded_now(service: Service) -> None:
    await service.key(sources=("late",))
    decision = form(type="lead.qualified", source="late")
    refusal = (await service.client.post("/v1/events", json=decision)).json()
    retried = f"/v1/refusals/{refusal['refusal']}/retry"
    await service.client.post(retried)
    assert numbers(await of(service, "late")) == [1, 0, 0, 1, 0]
    before = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    known = form(lead=decision["lead"], time=before, source="website")
    assert (await service.client.post("/v1/events", json=known)).status_code == 201
    assert (await service.client.post(retried)).status_code == 201
    assert numbers(await of(service, "late")) == [2, 1, 0, 1, 0]


@pytest.mark.parametrize(
    ("days_ago", "usual", "is_silent"),
    [
        ((6, 5, 4, 3, 2), 1, True),
        ((5, 4, 3, 2, 1), 1, False),
        ((22, 15, 8), None, False),
        ((29, 22, 15, 8), 7, True),
        ((28, 21, 14, 7), 7, False),
        ((100, 99, 98, 97), 1, True),
        ((130, 129, 128, 127), None, False),
    ],
)
async def test_a_source_is_silent_once_it_misses_its_usual_gap(
    service: Service, days_ago: Sequence[int], usual: int | None, *, is_silent: bool
) -> None:
    source = "-".join(("s", *map(str, days_ago)))
    await heard(service, source, days_ago)
    rows = {row["source"]: row for row in (await intake(service))["sources"]}
    if max(days_ago) > 120:
        assert source not in rows
        return
    row = rows[source]
    assert (row["usual_gap_days"], row["silent_days"], row["is_silent"]) == (
        *(usual, days_ago[-1], is_silent),
    )


async def test_the_totals_are_those_of_the_days(service: Service) -> None:
    await heard(service, "older", (12, 11, 10))
    found = await intake(service)
    for name in COUNTS:
        assert found["total"][name] == sum(day[name] for day in found["days"])
        assert found["total"][name] == sum(row[name] for row in found["sources"])
    for row in (*found["days"], *found["sources"], found["total"]):
        assert row["received"] == sum(numbers(row)[1:])
    eleven = (today(service) - timedelta(days=11)).date().isoformat()
    one_day = await intake(service, **{"from": eleven, "to": eleven})
    assert {day["day"] for day in one_day["days"]} == {eleven}
    (older,) = [row for row in one_day["sources"] if row["source"] == "older"]
    assert numbers(older) == [5, 5, 0, 0, 0]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"as_of": "2026-11-01T00:00:00Z"}, "as_of means nothing here"),
        ({"known_at": "17"}, "known_at means nothing here"),
        ({"from": "yesterday"}, "from must be a day"),
        ({"to": "2026-02-30"}, "to must be a day"),
        ({"from": "2026-02-02", "to": "2026-02-01"}, "from must not be after to"),
        ({"from": "2026-01-01", "to": "2026-12-31"}, "at most 100 days"),
        ({"sources": "crm"}, "no parameter sources"),
    ],
)
async def test_what_cannot_be_answered_is_refused(
    service: Service, asked: dict[str, str], says: str
) -> None:
    answer = await service.client.get("/v1/intake", params=asked)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]


async def test_it_needs_the_right_to_read_events(service: Service) -> None:
    key = await service.key(Scope.PROJECTIONS_READ)
    assert (await service.client.get("/v1/intake", headers=key)).status_code == 403


async def test_it_is_a_table_too(service: Service) -> None:
    await service.client.post("/v1/events", json=form(source="website"))
    answer = await service.client.get(
        "/v1/intake", params={"lang": "ja"}, headers={"accept": "text/csv"}
    )
    heading, *rows = answer.text.splitlines()
    assert heading == "日付,送信元,受信,記録,重複,拒否,対象外,理由"
    assert len(rows) == len((await intake(service))["days"])


async def test_a_silent_source_is_on_the_pages_and_in_the_metrics(service: Service) -> None:
    await heard(service, "card-scanner", (9, 8, 7, 6, 5))
    metrics = (await service.client.get("/metrics")).text
    (line,) = [
        line for line in metrics.splitlines() if line.startswith("leadledger_sources_silent ")
    ]
    found = await intake(service)
    assert float(line.split()[1]) == sum(row["is_silent"] for row in found["sources"]) > 0
    key = await service.key(*Scope, person="E0001")
    async with browsing(service) as browser:
        await log_in(browser, key["authorization"].removeprefix("Bearer "))
        page = (await browser.get("/audit?show=intake&lang=en")).text
        assert "silent for 5 days, usually at most 1 day" in page
        of_one = (await browser.get("/audit?show=intake&source=card-scanner&lang=en")).text
        assert "By day: card-scanner" in of_one
        assert (await browser.get("/audit?show=intake&from=nonsense")).status_code == 422
