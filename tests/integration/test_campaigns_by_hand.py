"""The figure about campaigns on drawn stories, compared with counting by hand."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.campaigns_by_hand import (
    DISQUALIFIED,
    FORM,
    OPENED,
    QUALIFIED,
    WON,
    Asked,
    Told,
    campaigns_by_hand,
)
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOKYO: Final = ZoneInfo("Asia/Tokyo")
FIRST: Final = date(2026, 3, 1)
DAYS: Final = 60
PEOPLE: Final = 30
QUESTIONS: Final = 40
ROWS: Final = ("contacts", "MQL", "WON", "orders")
NOT_BY_HAND: Final = ("targets",)


class Recorded(NamedTuple):
    told: Told
    before: int
    """The last position before the event."""
    lead: str


def drawn_story(random: Random) -> list[Told]:
    """Draw what happens to each person, and when; after an end only one form follows."""
    story = []
    for number in range(PEOPLE):
        person = f"person{number}"
        types = [FORM, *random.choices((FORM, QUALIFIED), k=random.randint(0, 3))]
        if types.count(QUALIFIED) > 1:
            types = [FORM, QUALIFIED]
        end = random.choice(((), (DISQUALIFIED,), (OPENED, WON), (OPENED,)))
        types += [*end, *([FORM] if end else [])]
        moments = sorted(random.sample(range(DAYS * 24), len(types)))
        for type, hours in zip(types, moments, strict=True):
            at = datetime(2026, 3, 1, tzinfo=TOKYO) + timedelta(hours=hours, minutes=number)
            campaign = random.choice((None, "expo", "web")) if type == FORM else None
            story.append(Told(person, type, at, campaign))
    return sorted(story, key=lambda told: told.at)


def body_of(told: Told, number: int) -> dict[str, Any]:
    data: dict[str, str] = {}
    if told.campaign is not None:
        data = {"campaign": told.campaign, "channel": "event"}
    elif told.type in (OPENED, WON):
        data = {"opportunity": told.person}
    elif told.type == DISQUALIFIED:
        data = {"reason": "student"}
    return {
        "id": str(number),
        "source": "crm",
        "type": told.type,
        "time": told.at.isoformat(),
        "lead": {"email": f"{told.person}@{told.person}.example"},
        "data": data | ({"value": "5", "currency": "JPY"} if told.type == WON else {}),
    }


async def head_of(service: Service) -> int:
    return int((await service.client.get("/v1/events?limit=1")).json()["head"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recorded(service: Service) -> list[Recorded]:
    found = []
    for number, told in enumerate(drawn_story(Random(7))):
        before = await head_of(service)
        answer = await service.client.post("/v1/events", json=body_of(told, number))
        assert answer.status_code == 201, answer.text
        found.append(Recorded(told, before, answer.json()["subject"].partition("/")[2]))
    return found


def drawn_questions(random: Random, recorded: list[Recorded]) -> list[dict[str, Any]]:
    questions = []
    for _ in range(QUESTIONS):
        since, until = sorted(random.sample(range(DAYS), 2))
        asked: dict[str, Any] = {
            "from": str(FIRST + timedelta(days=since)),
            "to": str(FIRST + timedelta(days=until)),
            "as_of": str(FIRST + timedelta(days=random.choice((until, DAYS, DAYS + 60)))),
            "within": random.choice((1, 10, 30)),
        }
        if random.random() < 0.5:
            asked["known_at"] = random.choice(recorded[1:]).before
        questions.append(asked)
    return questions


def begins(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=TOKYO)


async def test_every_number_and_its_list_are_what_counting_by_hand_gives(
    service: Service, recorded: list[Recorded]
) -> None:
    head = await head_of(service)
    drawn = Random(11)
    leads = {each.told.person: each.lead for each in recorded}
    has_measures: set[tuple[str, str]] = set()
    for asked in drawn_questions(drawn, recorded):
        answer = await service.client.get(
            "/v1/figures/campaigns", params={"wait_for": head, **asked}
        )
        assert answer.status_code == 200, answer.text
        found = {
            (part["value"], row["row"], measure): number
            for part in answer.json()["parts"]
            for row in part["rows"]
            if row["row"] in ROWS
            for measure, number in row["counts"].items()
            if number["count"] and measure not in NOT_BY_HAND
        }
        known_at = asked.get("known_at", head)
        expected = campaigns_by_hand(
            (each.told for each in recorded if each.before < known_at),
            Asked(
                begins(asked["from"]),
                begins(asked["to"]) + timedelta(days=1),
                begins(asked["as_of"]) + timedelta(days=1, microseconds=-1),
                timedelta(days=asked["within"]),
            ),
        )
        counts = {cell: number["count"] for cell, number in found.items()}
        assert counts == {cell: len(people) for cell, people in expected.items()}, asked
        cell = drawn.choice(sorted(found)) if found else None
        if cell is not None:
            listed = (await service.client.get(found[cell]["leads"])).json()["leads"]
            subjects = sorted(member["subject"].partition("/")[2] for member in listed)
            assert subjects == sorted(leads[person] for person in expected[cell]), (asked, cell)
        has_measures |= {(row, measure) for _, row, measure in expected}
    assert len(has_measures) == 5 + 1 + 3 * 3, sorted(has_measures)
