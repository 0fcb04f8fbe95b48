"""NDJSON streams of any length, in bounded memory, answered once with counts."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio

from events.database.failures import LedgerUnavailable
from events.outcomes import Outcome
from events.submission import Submission
from service.bodies import body as bodies
from service.ingest.reporting import Reporting
from service.keys.directory import KeyDirectory
from service.keys.scopes import Scope
from service.limits import STREAM_CHUNKS_IN_FLIGHT_MAX
from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, reporting_with, running_service
from tests.support.postgres import connection_to

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINES = {"content-type": "application/x-ndjson"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


def events(name: str, count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{name}-{number}",
            "source": "website",
            "type": "visit.recorded",
            "lead": {"anonymous_id": f"{name}-{number % 7}"},
        }
        for number in range(count)
    ]


def lines(values: Iterable[object]) -> bytes:
    return b"".join(orjson.dumps(value) + b"\n" for value in values)


async def post(service: Service, body: Any, **headers: str) -> httpx.Response:
    return await service.client.post("/v1/events", content=body, headers={**LINES, **headers})


async def test_a_stream_is_answered_with_counts(service: Service) -> None:
    answer = await post(service, lines(events("counts", 1_700)))
    assert answer.status_code == 200
    assert answer.json() == {
        "lines": 1_700,
        "recorded": 1_700,
        "duplicates": 0,
        "refused": 0,
        "refusals": [],
    }


async def test_ignored_identifiers_in_a_stream_are_counted(service: Service) -> None:
    """No one reads a thousand answers, but a column full of placeholders is noticed."""
    events_sent = [
        {"id": f"ignored-{number}", "type": "form.submitted", "lead": lead}
        for number, lead in enumerate(
            (
                {"email": "a@acme.example", "phone": "なし"},
                {"email": "b@acme.example", "phone": "n/a"},
                {"email": "c@acme.example", "phone": "call me"},
                {"email": "d@acme.example"},
            )
        )
    ]
    answer = await post(service, lines(events_sent))
    assert (answer.json()["recorded"], answer.json()["ignored"]) == (
        4,
        [
            {"kind": "phone", "reason": "placeholder", "count": 2},
            {"kind": "phone", "reason": "malformed", "count": 1},
        ],
    )


async def test_events_of_a_stream_are_recorded_in_its_order(service: Service) -> None:
    await post(service, lines(events("order", 1_300)))
    feed = await service.client.get("/v1/events", headers={"accept": "application/x-ndjson"})
    ids = [orjson.loads(line)["id"] for line in feed.text.splitlines()]
    found = [one for one in ids if one.startswith("order-")]
    assert found == [f"order-{number}" for number in range(1_300)]


async def test_a_stream_that_is_sent_again_is_all_duplicates(service: Service) -> None:
    body = gzip.compress(lines(events("again", 600)))
    await post(service, body, **{"content-encoding": "gzip"})
    answer = (await post(service, body, **{"content-encoding": "gzip"})).json()
    assert (answer["recorded"], answer["duplicates"]) == (0, 600)


async def test_bad_lines_are_reported_by_number_and_do_not_delay_others(service: Service) -> None:
    good = events("bad", 2)
    body = b"\n".join(
        [
            orjson.dumps(good[0]),
            b"",
            b"{not json",
            b'"' + b"x" * 70_000 + b'"',
            orjson.dumps({**good[1], "type": "nonsense"}),
            b'{"id":"nul","type":"\\u0000"}',
            orjson.dumps(good[1]),
        ]
    )
    answer = (await post(service, body)).json()
    shown = [
        (refusal["line"], refusal["reason"], refusal.get("pointer"))
        for refusal in answer["refusals"]
    ]
    assert (answer["lines"], answer["recorded"], answer["refused"]) == (6, 2, 4)
    assert shown == [
        (3, "event-unreadable", None),
        (4, "event-too-large", None),
        (5, "event-type-unknown", "/type"),
        (6, "event-invalid", "/type"),
    ]
    assert ["refusal" in refusal for refusal in answer["refusals"]] == [False, False, True, True]


async def test_refusals_beyond_the_first_thousand_are_only_in_the_list_of_refusals(
    service: Service,
) -> None:
    bad = [{"id": str(number), "type": "nonsense"} for number in range(1_050)]
    answer = (await post(service, lines(bad))).json()
    assert (answer["refused"], len(answer["refusals"])) == (1_050, 1_000)
    path, found = answer["more_refusals_at"], 0
    before = None
    while True:
        params = {"limit": "500"} | ({"before": before} if before else {})
        page = (await service.client.get(httpx.URL(path).copy_merge_params(params))).json()
        found += len(page["refusals"])
        before = page["next"]
        if before is None:
            break
    assert found == 1_050


async def test_a_strict_stream_is_all_or_nothing(service: Service) -> None:
    good = events("strict", 3)
    answer = await post(service, lines([*good, {"id": "x"}]), prefer="handling=strict")
    assert (answer.status_code, answer.json()["code"]) == (422, "batch-refused")
    answer = await post(service, lines(good), prefer="handling=strict")
    assert [item["status"] for item in answer.json()["items"]] == ["recorded"] * 3


async def test_a_decompression_bomb_ends_the_stream_and_recorded_events_are_reported(
    service: Service,
) -> None:
    body = gzip.compress(lines(events("bomb", 3)) + b" " * 30_000_000)
    answer = await post(service, body, **{"content-encoding": "gzip"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (413, "body-too-large")
    assert problem["recorded"] == 0


class FailingDoor:
    """A ledger that is lost after some submissions; at most two wait in it."""

    def __init__(self, service: Service, submissions: int) -> None:
        self._queue = service.part(Reporting).queue
        self._left = submissions
        self.waiting_most = 0
        self._enqueued: list[asyncio.Future[list[Outcome]]] = []

    def admit(self) -> None:
        """Admit everything."""

    async def submit(self, submission: Submission) -> list[Outcome]:
        return await self.enqueue(submission)

    def enqueue(self, submission: Submission) -> asyncio.Future[list[Outcome]]:
        self._left -= 1
        if self._left < 0:
            failed: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
            failed.set_exception(LedgerUnavailable("the database does not answer"))
            return failed
        self._enqueued.append(self._queue.enqueue(submission))
        waiting = sum(not future.done() for future in self._enqueued)
        self.waiting_most = max(self.waiting_most, waiting)
        return self._enqueued[-1]


async def test_a_stream_whose_ledger_is_lost_midway_reports_how_far_it_got(
    service: Service,
) -> None:
    body = lines(events("lost", 2_600))
    failing = FailingDoor(service, 3)
    with reporting_with(service, queue=failing):
        answer = await post(service, body)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (503, "ledger-unavailable")
    assert answer.headers["retry-after"] == "2"
    assert problem["recorded"] == 1_500
    assert failing.waiting_most <= STREAM_CHUNKS_IN_FLIGHT_MAX
    again = (await post(service, body)).json()
    assert (again["recorded"], again["duplicates"]) == (1_100, 1_500)


async def test_a_stream_ends_with_its_key(service: Service) -> None:
    """A stream may last for hours; a key revoked meanwhile reports nothing more."""
    headers = await service.key(Scope.EVENTS_WRITE)
    key_id = headers["authorization"].split("_")[1]
    parts = events("revoked", 3)

    async def body() -> AsyncIterator[bytes]:
        yield lines(parts[:1])
        await service.client.delete(f"/v1/keys/{key_id}")
        await service.part(KeyDirectory)._refresh()
        yield lines(parts[1:])

    answer = await service.client.post("/v1/events", content=body(), headers=headers | LINES)
    assert (answer.status_code, answer.json()["code"]) == (401, "key-unknown")
    assert answer.json()["recorded"] == 0


async def test_a_line_is_received_when_it_arrives_and_not_when_the_stream_began(
    service: Service,
) -> None:
    (first, last) = events("slow", 2)
    later_at = datetime.now(UTC) + timedelta(seconds=0.3)
    last["time"] = later_at.isoformat()

    async def body() -> AsyncIterator[bytes]:
        yield lines([first])
        await asyncio.sleep(0.4)
        yield lines([last])

    answer = await service.client.post("/v1/events", content=body(), headers=LINES)
    assert answer.json()["recorded"] == 2
    async with connection_to(service.owner_url) as connection:
        occurred_at = await connection.fetchval(
            "SELECT occurred_at FROM ledger.events WHERE id = $1", last["id"]
        )
    assert occurred_at == later_at


@pytest.mark.parametrize("headers", [{}, LINES])
async def test_a_body_that_trickles_is_cut(
    service: Service, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_WAIT_S", 0.05)

    async def trickle() -> AsyncIterator[bytes]:
        yield b'{"id":'
        await asyncio.sleep(5)
        yield b'"never"}'

    answer = await service.client.post("/v1/events", content=trickle(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (408, "body-too-slow")
    assert answer.headers["connection"] == "close"
