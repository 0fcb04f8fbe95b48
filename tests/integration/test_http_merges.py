"""The figure about merging: merges, those taken back, and conflicts that await a decision."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.figure_numbers import numbers
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

PHONES: Final = {"kept": "03-1234-5671", "dismissed": "03-1234-5672", "waiting": "03-1234-5673"}
POSITIONS: dict[str, int] = {}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        people = {
            name: await report(running, "form.submitted", "04-01", email=f"{name}@{name}.example")
            for name in ("one", "two", "three", "four", *PHONES)
        }
        called = {
            name: await report(running, "form.submitted", "04-02", phone=phone)
            for name, phone in PHONES.items()
        }
        for one, other in (("one", "two"), ("three", "four")):
            await decide(running, "identity.merged", "04-10", people[one], people[other])
        await decide(running, "identity.unmerged", "05-10", people["four"])
        for name, phone in PHONES.items():
            both = {"email": f"{name}@{name}.example", "phone": phone}
            await report(running, "form.submitted", "04-15", **both)
        for type, name in (("identity.kept_apart", "kept"), ("conflict.dismissed", "dismissed")):
            await decide(running, type, "05-11", people[name], called[name])
        await report(running, "visit.recorded", "04-20", anonymous_id="cookie")
        known = {"email": "one@one.example", "anonymous_id": "cookie"}
        await report(running, "form.submitted", "04-21", **known)
        yield running


async def report(service: Service, type: str, day: str, **lead: str) -> str:
    return await send(service, {"type": type, "lead": lead}, day)


async def decide(
    service: Service, type: str, day: str, lead: str, other: str | None = None
) -> None:
    data = {"other": other} if other is not None else {}
    await send(service, {"type": type, "lead": {"id": lead}, "data": data}, day)


async def send(service: Service, event: dict[str, Any], day: str) -> str:
    known = {"id": f"{len(POSITIONS)}", "source": "crm", "time": f"2026-{day}T10:00:00+09:00"}
    answer = await service.client.post("/v1/events", json={**known, **event})
    assert answer.status_code == 201, answer.text
    found = answer.json()
    POSITIONS[known["id"]] = int(found["position"])
    return str(found["subject"].partition("/")[2])


async def test_merges_that_stand_those_taken_back_and_conflicts_are_apart(service: Service) -> None:
    # Of the ten leads acquired, one became another, whose journey counts instead.
    assert await numbers(service, "merges") == {
        "merges": {"absorbed": 2, "visitors": 1, "known": 1, "unmerged": 1, "acquired": 9},
        "conflicts": {"raised": 3, "open": 1},
    }


async def test_what_was_decided_later_does_not_count_yet(service: Service) -> None:
    found = await numbers(service, "merges", **{"from": "2026-04-05", "as_of": "2026-04-30"})
    assert found["merges"] == {"absorbed": 3, "visitors": 1, "known": 2}
    assert found["conflicts"] == {"raised": 3, "open": 3}
    may = await numbers(service, "merges", **{"from": "2026-05-01"})
    assert may == {"merges": {"unmerged": 1}, "conflicts": {"open": 1}}


async def test_what_was_recorded_later_is_not_known_yet(service: Service) -> None:
    known = {"as_of": "2026-06-01", "known_at": min(POSITIONS.values()) - 1}
    assert await numbers(service, "merges", **known) == {}
