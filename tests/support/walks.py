"""Walk leads through a lifecycle over HTTP, day by day, with the ledger's clock set to match.

async with walking(postgres_server, "demand_funnel") as walk:
    await walk.turn_to(0, "10:00")
    assert await walk.tell("form.submitted", HANAKO) == ["form.submitted: AL → ML", …]

A line shows what an event or its consequence did to a stage. Days are counted from a Monday in
April that begins weeks without a public holiday, so that deadlines can be computed by hand.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from events.append.ledger import Ledger
from events.lifecycles.known import Lifecycles
from events.lifecycles.shipped import shipped_text
from projections.catalogue import PROJECTIONS
from projections.engine.rebuild import compare
from service.private_postgres import PrivatePostgres
from service.projected import ProjectedTables
from tests.support.http_service import SCHEMA, Service, running_service
from tests.support.postgres import connection_to
from tests.support.verified import verify

TOKYO = ZoneInfo("Asia/Tokyo")
NOT_SHOWN = ("identity.linked", "grade.changed")
"""Consequences of so many events that they would hide the rest; other tests cover them."""

Lead = Mapping[str, Any]


def first_monday(after: date) -> date:
    """Return the Monday of the second week of the next April."""
    begin = date(after.year + 1, 4, 6)
    return begin + timedelta(days=-begin.weekday() % 7)


@dataclass(slots=True)
class Walk:
    """A service whose clock shows the time of the walk."""

    service: Service
    monday: date
    count: int = 0

    def moment(self, day: int, clock: str) -> datetime:
        """Return the moment of a Tokyo clock time, `day` days after the Monday."""
        at = time.fromisoformat(clock)
        return datetime.combine(self.monday + timedelta(days=day), at, TOKYO).astimezone(UTC)

    def shown(self, day: int, clock: str) -> str:
        """Write a moment as answers do."""
        return self.moment(day, clock).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def week(self, number: int = 0) -> dict[str, str]:
        """Return the first and last working day of a week."""
        monday = self.monday + timedelta(weeks=number)
        return {"starts_on": str(monday), "ends_on": str(monday + timedelta(days=4))}

    async def turn_to(self, day: int, clock: str) -> None:
        """Set the ledger's clock to a later moment."""
        by = self.moment(day, clock) - self.service.part(Ledger).now()
        async with connection_to(self.service.owner_url) as owner:
            await owner.execute(
                "UPDATE ledger.ledger_head SET clock_ahead = clock_ahead + $1::interval", by
            )
        # The writer sees it with the next append, whatever that is.
        await self.tell("account.updated", account="clock.example")

    async def tell(
        self, type: str, lead: Lead | None = None, *, account: str | None = None, **data: Any
    ) -> list[str]:
        """Report one event that must be accepted; return what it and its consequences did."""
        self.count += 1
        event: dict[str, Any] = {"id": str(self.count), "source": "walk", "type": type}
        event |= {"lead": dict(lead)} if lead is not None else {}
        event |= {"account": {"domain": account}} if account is not None else {}
        answer = await self.service.client.post("/v1/events", json={**event, "data": data})
        assert answer.status_code == 201, answer.text
        reported = answer.json()
        followed = [one for one in reported.get("derived", []) if one["type"] not in NOT_SHOWN]
        return [_line(one) for one in ({**reported, "type": type}, *followed)]

    async def refused(self, type: str, lead: Lead, **data: Any) -> tuple[str, list[str]]:
        """Report a decision that must be refused; return the lead's stage and the allowed ones."""
        self.count += 1
        event = {"id": str(self.count), "source": "walk", "type": type, "lead": lead, "data": data}
        answer = await self.service.client.post("/v1/events", json=event)
        assert answer.status_code == 409, answer.text
        return answer.json()["stage"], answer.json()["legal_from"]

    async def read(self, path: str, **asked: Any) -> Any:
        """Read one view of the whole ledger, once it has seen all reports."""
        head = (await self.service.client.get("/v1/events?limit=1")).json()["head"]
        for projection in PROJECTIONS:
            await self.service.part(ProjectedTables).checkpoints.wait_for(
                int(head), name=projection, timeout_s=10
            )
        answer = await self.service.client.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def lead(self, lead: Lead) -> dict[str, Any]:
        """Return the current state of a lead."""
        named = {name: lead[name] for name in ("email", "anonymous_id") if name in lead}
        answer = await self.service.client.post("/v1/leads/find", json=named)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def stage(self, lead: Lead) -> str:
        return str((await self.lead(lead))["stage"])

    async def lists(self, lead: Lead) -> set[str]:
        """Return the lists that a lead is on, except those that depend on the clock."""
        id = (await self.lead(lead))["id"]
        listed = (await self.read("/v1/leads", limit=100))["leads"]
        return set(next(row for row in listed if row["id"] == id)["lists"]) - {"acquired", "held"}

    async def score(self, lead: Lead) -> dict[str, Any]:
        return dict(await self.read(f"/v1/leads/{(await self.lead(lead))['id']}/score"))

    async def deadlines(self, **asked: Any) -> list[tuple[str, str, str]]:
        """List deadlines as name, status and end."""
        found = (await self.read("/v1/deadlines", **asked))["deadlines"]
        return [(row["deadline"], row["status"], row["due_at"]) for row in found]

    async def funnel(self, track: str = "leads") -> dict[str, tuple[int, int]]:
        """Count the leads in each stage, and those that ever reached it; omit empty stages."""
        stages = (await self.read("/v1/funnel"))[track]["stages"]
        counted = {one["stage"]: (one["standing"], one["reached"]) for one in stages}
        return {stage: counts for stage, counts in counted.items() if any(counts)}

    async def contribution(self) -> tuple[int, int, str, str]:
        """Return marketing's won business and the total, by number and by value, by origin."""
        shares = (await self.read("/v1/contribution"))["shares"]
        one = next(share for share in shares if share["policy"] == "origin")
        return one["number"], one["number_of"], one["value"], one["value_of"]

    async def verified(self) -> None:
        """Decide everything again, and rebuild every projection: nothing may differ."""
        head = (await self.read("/v1/events", limit=1))["head"]
        engine = self.service.engine
        found = await verify(engine, schema=SCHEMA)
        assert found.not_decided_again == 0
        assert found.position >= int(head)
        for name, projection in PROJECTIONS.items():
            built = await compare(engine, projection(SCHEMA), schema=SCHEMA)
            assert built.comparison is not None, name
            assert built.comparison.differing == 0, (name, built.comparison.first)


def _line(event: Mapping[str, Any]) -> str:
    moved = event.get("moved")
    if moved is None:
        return str(event["type"])
    return f"{event['type']}: {moved['from'] or 'unplaced'} → {moved['to']}"


@asynccontextmanager
async def walking(server: PrivatePostgres, lifecycle: str) -> AsyncIterator[Walk]:
    """Start a walk through a shipped lifecycle, on an empty ledger."""
    async with running_service(server) as service:
        if lifecycle != service.part(Lifecycles).in_force.lifecycle.name:
            text = shipped_text(lifecycle).encode()
            headers = {"content-type": "application/yaml"}
            answer = await service.client.post("/v1/lifecycle", content=text, headers=headers)
            assert answer.status_code == 201, answer.text
        yield Walk(service, first_monday(service.part(Ledger).now().date()))
