"""One stream of events under each shipped lifecycle: every fact is kept, and lists correspond."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson

from domain.lifecycle.definition import EventKind
from events.append.queue import Queue
from events.background.timekeeper import Timekeeper
from events.lifecycles.known import Lifecycles
from events.lifecycles.shipped import SHIPPED
from service.command.simulating.stream import World, events
from service.ingest.reporting import Reporting
from service.private_postgres import PrivatePostgres
from tests.support.http_service import SCHEMA
from tests.support.walks import Walk, walking

ENDS = datetime(2026, 11, 1, tzinfo=UTC)
WORLD = World(seed=5, people=80, begins=ENDS - timedelta(days=300), ends=ENDS)
PAGE = 1_000

BY_PREDICATE = ("house", "acquired", "held", "target", "target_by_market", "deal")
"""Lists based on what is known about a lead and on its deals: no decision keeps a lead off them."""
BY_SCORE = "likely"
"""Also based on that, but a recycled lead starts to earn points again, which was a decision."""

ACQUIRED = [("form.submitted", {}), ("owner.assigned", {"owner": "marketer-1"})]
NURTURED = [
    *ACQUIRED,
    ("lead.qualified", {}),
    ("scenario.started", {"scenario": "basics"}),
    ("scenario.completed", {"scenario": "basics"}),
]
CALLED = [
    *NURTURED,
    ("lead.handed_over", {}),
    ("lead.sales_accepted", {}),
    ("screening.completed", {"class": "now"}),
]
ACCEPTED = [
    *CALLED,
    ("lead.sales_accepted", {"owner": "seller-1"}),
    ("owner.assigned", {"owner": "seller-1"}),
]
CORRESPONDING: Mapping[str, Sequence[tuple[str, dict[str, str]]]] = {
    "marketing_accepted": ACQUIRED,
    "scenario_completed": NURTURED,
    "handed_over": [*NURTURED, ("lead.handed_over", {})],
    "call_completed": CALLED,
    "sales_accepted": ACCEPTED,
    "deal": [*ACCEPTED, ("opportunity.created", {"opportunity": "d"})],
}
"""What puts a lead on a list in every lifecycle. Each refuses decisions that it does not have:
sales accepts before the call in one, after it in another."""


class Result(NamedTuple):
    """The result of the stream in one ledger."""

    refused: frozenset[str]
    """Event types of which some were refused."""
    lists: Mapping[str, frozenset[str]]
    """The leads on each list, each named by the first event about it."""
    recycled: frozenset[str]


async def test_one_stream_is_complete_under_each_lifecycle_and_the_lists_correspond(
    postgres_server: PrivatePostgres,
) -> None:
    stream = [*events(WORLD), *_corresponding()]
    found = {name: await _put_under(name, stream, postgres_server) for name in SHIPPED}
    first, *others = found.values()
    for name, result in found.items():
        assert result.refused, f"{name} refuses nothing: this stream shows no difference"
        for on_list in CORRESPONDING:
            assert f"{on_list} 0" in result.lists[on_list], (name, on_list)
    for other in others:
        for on_list in BY_PREDICATE:
            assert other.lists[on_list] == first.lists[on_list], on_list
        on_one_alone = other.lists[BY_SCORE] ^ first.lists[BY_SCORE]
        assert on_one_alone <= first.recycled | other.recycled


def _corresponding() -> list[dict[str, Any]]:
    return [
        {
            "id": f"{on_list} {number}",
            "source": "test",
            "type": type,
            "lead": {"email": f"somebody@{on_list.replace('_', '-')}.example"},
            "data": data,
        }
        for on_list, story in CORRESPONDING.items()
        for number, (type, data) in enumerate(story)
    ]


async def _put_under(
    lifecycle: str, stream: Sequence[Mapping[str, Any]], server: PrivatePostgres
) -> Result:
    """Send the whole stream to an empty ledger; no fact may be refused, and it must verify."""
    async with walking(server, lifecycle) as walk:
        answer = await walk.service.client.post(
            "/v1/events",
            content=b"\n".join(map(orjson.dumps, stream)),
            headers={"content-type": "application/x-ndjson"},
        )
        refusals = answer.json()["refusals"]
        refused = frozenset(stream[refusal["line"] - 1]["type"] for refusal in refusals)
        types = walk.service.part(Lifecycles).in_force.lifecycle.events
        assert {types[type].kind for type in refused} <= {EventKind.DECISION}
        assert {refusal["reason"] for refusal in refusals} <= {"move-not-allowed", "lead-unknown"}
        await _nothing_due(walk)
        standing = await _lists(walk)
        await walk.verified()
        return Result(
            refused,
            {name: frozenset(leads) for name, leads in standing.items()},
            frozenset(lead for lead, number in standing["house"].items() if number > 1),
        )


async def _nothing_due(walk: Walk) -> None:
    """Wait until nothing is due: points have decayed since the stream was sent."""
    queue = walk.service.part(Reporting).queue
    assert isinstance(queue, Queue)
    timekeeper = Timekeeper(walk.service.engine, SCHEMA, queue)
    while await timekeeper.look():
        pass


async def _lists(walk: Walk) -> dict[str, dict[str, int]]:
    """Return the leads on each list, with the number of the pass that each is on."""
    names = await _names(walk)
    return {
        one["list"]: {
            names[f"lead/{lead['id']}"]: lead["pass"]
            for lead in (await walk.read(f"/v1/lists/{one['list']}", limit=PAGE))["leads"]
        }
        for one in (await walk.read("/v1/lists"))["lists"]
    }


async def _names(walk: Walk) -> dict[str, str]:
    """Name each subject by the first event about it that was reported from outside."""
    names: dict[str, str] = {}
    after, head = "0", ""
    while after != head:
        page = await walk.read("/v1/events", after=after, limit=PAGE)
        for event in page["events"]:
            if event["source"] != "leadledger":
                names.setdefault(event["subject"], event["id"])
        after, head = page["next"], page["head"]
    return names
