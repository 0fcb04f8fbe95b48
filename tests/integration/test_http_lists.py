"""The figure about lists: who is on which, now and as it was known at any position."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

import pytest
import pytest_asyncio

from domain.event import Event
from domain.lead.evolve import evolve
from domain.lead.state import INITIAL_LEAD, LeadState, State
from domain.lifecycle.definition import LeadList, SubjectKind
from domain.rules.lists import on_list
from events.lifecycles.publish import parsed
from events.records import decode_event
from service.private_postgres import PrivatePostgres
from tests.support.figure_numbers import numbers
from tests.support.http_service import SCHEMA, Service, running_service
from tests.support.postgres import connection_to

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW: Final = datetime.now(UTC)
Step: TypeAlias = tuple[str, str, int, dict[str, Any]]
"""Who, what, how many days ago, and the data."""
STORY: Final[tuple[Step, ...]] = (
    ("old", "form.submitted", 200, {}),
    ("new", "form.submitted", 20, {}),
    ("early", "form.submitted", 95, {}),
    ("other", "form.submitted", 90, {}),
    ("new", "lead.qualified", 10, {}),
    ("new", "owner.assigned", 8, {"owner": "sato"}),
    ("early", "lead.disqualified", 9, {"reason": "competitor"}),
    # Reported last: they change what had been known before.
    ("early", "visit.recorded", 120, {}),
    ("new", "form.submitted", 130, {}),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        subjects = {}
        for number, step in enumerate(STORY):
            subjects[step[0]] = await report(running, step, id=number)
        merged = {"other": subjects["other"].partition("/")[2]}
        await report(running, ("old", "identity.merged", 0, merged), id=len(STORY))
        yield running


async def report(service: Service, step: Step, *, id: int) -> str:
    name, type, days, data = step
    who: dict[str, Any] = {"email": f"{name}@{name}.example"}
    if type == "form.submitted":
        who |= {"profile": {"industry": "steel", "position": "director"}}
    event = {
        "id": str(id),
        "source": "crm",
        "type": type,
        "time": (NOW - timedelta(days=days)).isoformat(),
        "lead": who,
        "data": data,
    }
    answer = await service.client.post("/v1/events", json=event)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["subject"])


async def every_event(service: Service) -> list[tuple[Event, datetime]]:
    """Read every event, with when it was recorded."""
    statement = f'SELECT record, recorded_at FROM "{SCHEMA}".whole_events ORDER BY position'
    async with connection_to(service.owner_url) as connection:
        rows = await connection.fetch(statement)
    return [(decode_event(row["record"]), row["recorded_at"]) for row in rows]


def sizes_by_hand(events: Sequence[Event], at: datetime) -> dict[str, dict[str, int]]:
    """Evolve every lead, and ask which lists it is on at a moment."""
    leads, lists = dict[str, LeadState](), dict[str, LeadList]()
    for event in events:
        if event.type == "lifecycle.published":
            lists = dict(parsed(event.data["text"]).lists)
        for subject in event.changed_subjects:
            if subject.kind is SubjectKind.LEAD:
                leads[subject.id] = evolve(leads.get(subject.id, INITIAL_LEAD), event)
    found: dict[str, dict[str, int]] = {}
    for lead in leads.values():
        if lead.absorbed_by is None:
            for code in on_list(lists, State(lead, None), at):
                found.setdefault(code, {"leads": 0})["leads"] += 1
    return found


async def test_the_sizes_are_those_of_a_count_by_hand_at_every_position(service: Service) -> None:
    events = await every_event(service)
    for place, (event, recorded_at) in enumerate(events, 1):
        known = [one for one, _ in events[:place]]
        found = await numbers(service, "lists", known_at=event.position)
        assert found == sizes_by_hand(known, recorded_at), event.position


async def test_limits_of_time_follow_the_moment(service: Service) -> None:
    events = [event for event, _ in await every_event(service)]
    known, moment = events[: len(events) // 2], datetime.now(UTC)
    asked = {"known_at": known[-1].position, "as_of": moment.isoformat()}
    found = await numbers(service, "lists", **asked)
    assert found == sizes_by_hand(known, moment)
    assert found["acquired"] != found["house"]


async def test_the_present_has_the_sizes_that_the_roster_shows(service: Service) -> None:
    now = await numbers(service, "lists")
    rosters = (await service.client.get("/v1/lists")).json()["lists"]
    assert {code: row["leads"] for code, row in now.items()} == {
        one["list"]: one["leads"] for one in rosters if one["leads"]
    }


async def test_a_moment_before_what_is_known_is_refused(service: Service) -> None:
    refused = await service.client.get("/v1/figures/lists", params={"as_of": "2026-01-01"})
    assert (refused.status_code, refused.json()["code"]) == (422, "parameter-invalid")
    assert "known_at" in refused.json()["detail"]


async def test_lists_are_broken_down_by_what_their_leads_are_now(service: Service) -> None:
    answer = await service.client.get("/v1/figures/lists", params={"by": "owner"})
    parts = {part["value"]: part["rows"] for part in answer.json()["parts"]}
    house = {
        owner: next(row["counts"]["leads"]["count"] for row in rows if row["row"] == "house")
        for owner, rows in parts.items()
    }
    assert house == {"sato": 1, None: 2}
