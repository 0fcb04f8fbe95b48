"""A fault never spreads, even with errors in every part of a running service at once.

Only the affected event, lead, refusal, webhook or projection may notice. Once the error is gone,
each of these continues.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from service.private_postgres import PrivatePostgres
from tests.bench.servers import Bench, Server, founded, serving
from tests.bench.sizes import QUICK
from tests.safety.bystanders import Bystanders, bystanders
from tests.safety.faulty_worker import FILE, QUOTED
from tests.safety.waiting import some_more, until
from tests.support.postgres import connection_to, scratch_directory
from tests.support.webhook_receiver import Receiver, receiving

FAULTY, UNISOLATED = "tests.safety.faulty_worker", "tests.safety.unisolated_worker"
ASKED_MIN = 200
POLL_S = 0.1


@dataclass
class Faulty:
    """A service with injected faults, on a port."""

    schema: str
    client: httpx.AsyncClient
    server: Server
    directory: Path
    postgres: PrivatePostgres

    def fail(self, **places: list[str]) -> None:
        """Set what fails from now on, at which places; nothing else fails."""
        written = self.directory / f"{FILE}.new"
        written.write_text(json.dumps(places), encoding="utf-8")
        written.rename(self.directory / FILE)

    async def post(self, path: str, content: Any, **headers: str) -> httpx.Response:
        return await self.client.post(path, json=content, headers=headers)

    async def get(self, path: str, **params: Any) -> dict[str, Any]:
        return dict((await self.client.get(path, params=params)).json())

    async def reported(self, id: str, type: str, email: str, **more: Any) -> dict[str, Any]:
        """Report an event, and return the answer."""
        return dict((await self.post("/v1/events", event(id, type, email) | more)).json())

    async def qualified(self, email: str) -> str:
        """Qualify a lead, which starts a deadline; return its id."""
        who = email.partition("@")[0]
        await self.reported(f"form {who}", "form.submitted", email)
        answer = await self.reported(f"qualified {who}", "lead.qualified", email)
        assert "deadline.started" in {event["type"] for event in answer["derived"]}, answer
        return str(answer["subject"]).removeprefix("lead/")

    async def turn_clock(self, days: int) -> None:
        async with connection_to(self.postgres.owner_url) as connection:
            await connection.execute(
                f"UPDATE {self.schema}.ledger_head SET clock_ahead = make_interval(days => $1)",
                days,
            )

    async def has_breached(self, lead_id: str) -> bool:
        history = await self.get(f"/v1/leads/{lead_id}/history")
        return "deadline.breached" in {event["type"] for event in history["events"]}

    async def set_aside(self) -> set[str]:
        found = (await self.get("/v1/conflicts"))["conflicts"]
        return {row["lead"] for row in found if row["kind"] == "lead-set-aside"}

    async def faults(self) -> set[str]:
        """Return the kinds of work that met a fault, according to the metrics."""
        lines = (await self.client.get("/metrics")).text.splitlines()
        return {line.split('"')[1] for line in lines if line.startswith("leadledger_faults_total{")}


def event(id: str, type: str, email: str) -> dict[str, Any]:
    return {"id": id, "source": "website", "type": type, "lead": {"email": email}}


@asynccontextmanager
async def faulty_service(
    postgres: PrivatePostgres, *, schema: str, module: str
) -> AsyncIterator[Faulty]:
    with scratch_directory() as directory:
        bench = Bench(postgres, QUICK, directory)
        async with founded(bench, schema) as ledger:
            settings = ledger.settings.model_copy(update={"webhook_private_addresses": True})
            with serving(bench, replace(ledger, settings=settings), module=module) as server:
                async with httpx.AsyncClient(
                    base_url=f"http://127.0.0.1:{server.port}",
                    headers={"authorization": f"Bearer {server.key}"},
                    trust_env=False,
                    timeout=30,
                ) as client:
                    yield Faulty(schema, client, server, directory, postgres)


async def eventually(holds: Any) -> None:
    """Wait until a condition of the service holds."""
    async with asyncio.timeout(30):
        while not await holds():  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(POLL_S)


async def test_a_fault_never_spreads(postgres_server: PrivatePostgres) -> None:
    async with (
        faulty_service(postgres_server, schema="isolation", module=FAULTY) as service,
        receiving() as cursed,
        receiving() as blessed,
    ):
        unlucky = await service.qualified("u@example.co.jp")
        lucky = await service.qualified("l@example.co.jp")
        kept = [await early(service, f"early-{one}") for one in ("cursed", "blessed")]
        webhooks = [await webhook(service, one) for one in (cursed, blessed)]
        async with bystanders(service.client) as others:
            await until(lambda: len(others.followed) > 10)
            service.fail(
                deciding=["poisoned"],
                timers=[unlucky],
                retrying=["early-cursed"],
                webhook=webhooks[:1],
                projection=["deadline.breached"],
            )
            poisoned = await fail_to_decide(service)
            await fail_to_fire(service, unlucky, lucky)
            await fail_to_retry(service, kept)
            await until(lambda: blessed.taken)
            assert not cursed.messages
            await fail_to_project(service)
            await fail_to_tell_news(service, others)
            assert await service.faults() >= {
                *("deciding", "timers", "retrying", "webhook", "projection", "tail"),
            }
            await see_everything(service, unlucky)

            service.fail()
            assert (await retried(service, poisoned)).status_code == 201
            assert (await retried(service, kept[0])).status_code == 201
            answer = await service.post(f"/v1/conflicts/{unlucky}", {"decision": "retry"})
            assert answer.json() == {"lead": unlucky, "status": "restored"}
            assert await service.has_breached(unlucky)
            await until(lambda: cursed.taken)
            await eventually(lambda: deadlines_answer(service))
            await until(lambda: others.followed[-1] >= others.recorded[-1])
        assert others.noticed == []
        assert others.asked > ASKED_MIN
        assert QUOTED not in service.server.log.read_text(encoding="utf-8")


async def fail_to_decide(service: Faulty) -> str:
    """Send, in every way, an event that cannot be decided; return its refusal."""
    one = event("poisoned", "form.submitted", "poisoned@example.co.jp")
    answer = await service.post("/v1/events", one)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    several = [one, event("healthy", "form.submitted", "healthy@example.co.jp")]
    strictly = await service.post("/v1/events", several, prefer="handling=strict")
    assert (strictly.status_code, strictly.json()["code"]) == (422, "batch-refused")
    answers = await service.post("/v1/events", several)
    assert answers.status_code == 207
    assert [item["status"] for item in answers.json()["items"]] == ["refused", "recorded"]
    refusal = str(answer.json()["refusal"])
    assert answers.json()["items"][0]["refusal"] == refusal
    tracked = {"type": "track", "event": "Form Submitted", "messageId": "poisoned", "userId": "p"}
    assert (await service.post("/v1/track", tracked)).status_code == 200
    kept = await service.get("/v1/refusals", reason="internal-error")
    assert {one["id"] for one in kept["refusals"]} == {"poisoned"}
    assert len(kept["refusals"]) == 2
    assert (await retried(service, refusal)).status_code == 500
    return refusal


async def fail_to_fire(service: Faulty, unlucky: str, lucky: str) -> None:
    await service.turn_clock(days=30)
    await eventually(lambda: service.has_breached(lucky))

    async def is_set_aside() -> bool:
        return await service.set_aside() == {unlucky}

    await eventually(is_set_aside)
    answer = await service.post("/v1/conflicts/" + unlucky, {"decision": "retry"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    late = await service.post("/v1/events", event("late", "form.submitted", "u@example.co.jp"))
    assert (late.status_code, late.json()["code"]) == (500, "internal-error")


async def fail_to_retry(service: Faulty, kept: list[str]) -> None:
    for one in ("early-cursed", "early-blessed"):
        before = "2026-01-05T09:00:00Z"  # the decision that was refused
        email = f"{one}@example.co.jp"
        await service.reported(f"form {one}", "form.submitted", email, time=before)
    answer = await service.post("/v1/refusals/retry", {"reason": "lead-unknown"})
    assert answer.status_code == 207
    became = {item["refusal"]: item["status"] for item in answer.json()["items"]}
    assert became == dict(zip(kept, ("refused", "recorded"), strict=True))


async def fail_to_project(service: Faulty) -> None:
    async def has_stopped() -> bool:
        return not await deadlines_answer(service)

    await eventually(has_stopped)
    answer = await service.client.get("/v1/deadlines")
    assert (answer.status_code, answer.json()["code"]) == (503, "projection-stopped")
    head = (await service.get("/v1/events", limit=1))["head"]
    assert 0 < int(answer.json()["position"]) < int(head)


async def fail_to_tell_news(service: Faulty, others: Bystanders) -> None:
    """Make the poll that all followers of the log share fail once, then recover."""
    places = json.loads((service.directory / FILE).read_text(encoding="utf-8"))
    service.fail(**places, tail=[""])

    async def has_failed() -> bool:
        return "tail" in await service.faults()

    await eventually(has_failed)
    service.fail(**places)
    await some_more(others.followed)


async def see_everything(service: Faulty, unlucky: str) -> None:
    """Operators see that it is ready, and what is wrong with it."""
    ready = await service.client.get("/readyz")
    assert ready.status_code == 200
    checks = ready.json()["checks"]
    assert (checks["leads"]["status"], checks["projections"]["status"]) == ("warning", "warning")
    assert "deadlines" in checks["projections"]["detail"]
    metrics = (await service.client.get("/metrics")).text
    assert "leadledger_leads_set_aside 1.0" in metrics
    assert 'leadledger_projection_stopped{projection="deadlines"} 1.0' in metrics
    assert 'leadledger_projection_stopped{projection="directory"} 0.0' in metrics
    lines = service.server.log.read_text(encoding="utf-8").splitlines()
    logged = [json.loads(line) for line in lines if '"Injected"' in line]
    assert all(one["where"][-1].endswith(" meet") for one in logged)
    assert unlucky in {one.get("lead") for one in logged}


async def deadlines_answer(service: Faulty) -> bool:
    return (await service.client.get("/v1/deadlines")).status_code == 200


async def early(service: Faulty, name: str) -> str:
    """Decide about a lead that has not been reported yet; return the refusal."""
    answer = await service.reported(name, "lead.qualified", f"{name}@example.co.jp")
    assert answer["code"] == "lead-unknown", answer
    return str(answer["refusal"])


async def retried(service: Faulty, refusal: str) -> httpx.Response:
    return await service.client.post(f"/v1/refusals/{refusal}/retry")


async def webhook(service: Faulty, receiver: Receiver) -> str:
    terms = {"url": receiver.url, "types": ["lead.qualified"]}
    answer = await service.post("/v1/webhooks", terms)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_without_isolation_a_fault_spreads(postgres_server: PrivatePostgres) -> None:
    """The negative twin."""
    async with faulty_service(postgres_server, schema="spread", module=UNISOLATED) as service:
        service.fail(deciding=["poisoned"])
        poisoned = event("poisoned", "form.submitted", "poisoned@example.co.jp")
        async with bystanders(service.client) as others, asyncio.timeout(30):
            while not others.noticed:
                await service.post("/v1/events", poisoned)
