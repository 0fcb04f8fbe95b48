"""A ledger in which everything has happened once; verification must find nothing wrong with it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import URL

from events.lifecycles.shipped import read_lifecycle_text
from projections.catalogue import PROJECTIONS
from service.app import create_app
from service.composition.whole import open_parts
from service.http.parts import Parts
from service.keys.bootstrap import bootstrap
from service.keys.store import KeyStore
from service.metrics import Metrics
from service.people.reads import Reads
from service.people.sealing import Sealing
from service.projected import ProjectedTables
from tests.support.http_service import SCHEMA, SEALS, prepare, settings_for


def before(*, minutes: int) -> str:
    """Return a time shortly before now."""
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()


WITH_RIVALS = read_lifecycle_text("demand_funnel").replace(
    "competitor_domains: []", "competitor_domains: [rival.example]", 1
)
HANAKO, TARO, JIRO = ({"email": f"{name}@{name}.example"} for name in ("hanako", "taro", "jiro"))
STORY: list[dict[str, Any]] = [
    {"id": "visit", "type": "visit.recorded", "lead": {"anonymous_id": "c"}},
    {"id": "form", "type": "form.submitted",
     "lead": {**HANAKO, "anonymous_id": "c", "name": "花子"}},
    {"id": "old", "type": "form.submitted", "lead": {"email": "a@old.example"},
     "time": "2025-01-06T09:00:00Z"},
    {"id": "good", "type": "form.submitted",
     "lead": {"email": "a@good.example", "profile": {"industry": "steel", "position": "director"}}},
    {"id": "taro", "type": "form.submitted", "lead": TARO, "time": before(minutes=20)},
    {"id": "jiro", "type": "form.submitted", "lead": JIRO},
    {"id": "rival", "type": "form.submitted", "lead": {"email": "a@rival.example"}},
    {"id": "qualified", "type": "lead.qualified", "lead": HANAKO, "actor": "佐藤"},
    {"id": "early", "type": "lead.sales_rejected", "lead": TARO, "data": {"reason": "competitor"}},
    {"id": "illegal", "type": "lead.sales_rejected", "lead": JIRO,
     "data": {"reason": "competitor"}},
    {"id": "again", "type": "lead.sales_rejected", "lead": JIRO, "data": {"reason": "no_budget"}},
    {"id": "deal", "type": "opportunity.created", "lead": HANAKO, "data": {"opportunity": "d"}},
    {"id": "won", "type": "opportunity.won", "data": {"opportunity": "d"}},
    {"id": "order", "type": "order.recorded", "lead": HANAKO,
     "data": {"order": "o", "opportunity": "d", "amount": 1000, "currency": "JPY"}},
    {"id": "wrong", "type": "visit.recorded", "lead": TARO},
]  # fmt: skip


def prepare_busy(owner_url: URL, app_url: URL) -> None:
    """Found a ledger and make everything happen: the template of many tests' databases."""
    prepare(owner_url, app_url)
    asyncio.run(_live(app_url))


async def _live(app_url: URL) -> None:
    app = create_app(lambda: open_parts(settings_for(), app_url))
    async with app.router.lifespan_context(app):
        parts = app.state.parts
        key = await bootstrap(parts[KeyStore], None)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://leadledger",
            headers={"authorization": f"Bearer {key}"},
        ) as client:
            await happen(client)
            await _look(parts, key)
            await until_recorded(client, "lead.dormant")
            head = int((await client.get("/v1/events")).json()["head"])
            for name in PROJECTIONS:
                await parts[ProjectedTables].checkpoints.wait_for(head, name=name, timeout_s=20)


async def _look(parts: Parts, key: str | None) -> None:
    """See a person's data on a page, and seal that."""
    engine = parts[ProjectedTables].engine
    reading = {"key_id": str(key).split("_")[1], "page": "/leads", "leads": [str(UUID(int=1))]}
    await parts[Reads].record(**reading)
    await Sealing(engine, SCHEMA, SEALS, on_fault=parts[Metrics].fault).seal()


async def happen(client: httpx.AsyncClient) -> None:
    posted = await client.post(
        "/v1/events", json=[{"source": "website", **event} for event in STORY]
    )
    items = {event["id"]: item for event, item in zip(STORY, posted.json()["items"], strict=True)}
    await _report(client, "event.voided", data={"event": items["wrong"]["position"]})
    ids = [items[name]["subject"].removeprefix("lead/") for name in ("taro", "jiro")]
    await _report(client, "identity.merged", lead={"id": ids[0]}, data={"other": ids[1]})
    await _report(client, "identity.unmerged", lead={"id": ids[1]})
    await _refusals(client)
    done = await client.post("/v1/lifecycle", content=WITH_RIVALS.encode())
    assert done.status_code == 201, done.text
    period = {"team": "inside-1", "starts_on": "2026-11-02", "ends_on": "2026-11-06"}
    done = await client.post("/v1/selections", json={"id": "run", "capacity": 1, **period})
    assert done.json()["qualified"] == 1, done.text
    done = await client.post("/v1/webhooks", json={"url": "https://receiver.example/"})
    assert done.status_code == 201, done.text
    made = await client.post("/v1/keys", json={"name": "page", "sources": ["page"]})
    await client.delete(f"/v1/keys/{made.json()['id']}")
    october = {"starts_on": "2026-10-01", "ends_on": "2026-10-31"}
    target = {"for_department": "marketing", "figure": "MQL", "plan": 100, **october}
    await _report(client, "target.set", data=target)
    await _report(client, "period.closed", data=october)


async def until_recorded(client: httpx.AsyncClient, type: str) -> None:
    """Wait until the service has recorded an event of its own."""
    params = {"type": type, "wait": "20"}
    assert (await client.get("/v1/events", params=params)).json()["events"], f"no {type}"


async def _refusals(client: httpx.AsyncClient) -> None:
    """Retry one refusal in vain and one with success, and dismiss one."""
    kept = (await client.get("/v1/refusals")).json()["refusals"]
    early, illegal, again = (
        next(refusal["refusal"] for refusal in kept if refusal["id"] == name)
        for name in ("early", "illegal", "again")
    )
    await client.post(f"/v1/refusals/{illegal}/retry")
    await _report(client, "lead.qualified", lead=TARO, time=before(minutes=10))
    done = await client.post(f"/v1/refusals/{early}/retry")
    assert done.json()["status"] == "recorded", done.text
    done = await client.post(f"/v1/refusals/{again}/dismiss", json={"reason": "a test"})
    assert done.json()["status"] == "dismissed", done.text


async def _report(client: httpx.AsyncClient, type: str, **event: Any) -> None:
    body = {"id": f"{type}-{len(str(event))}", "type": type, "source": "website", **event}
    done = await client.post("/v1/events", json=body)
    assert done.json()["status"] == "recorded", done.text
