"""A lifecycle is published while clients post, and every lead moves to it with any writer."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.lifecycle.change.succession import Occupancy
from events.append.ledger import Ledger
from events.lifecycles.publish import publication
from events.lifecycles.shipped import shipped_text
from events.outcomes import Outcome, Recorded
from events.refusals import Refused
from events.signals.context import Context
from events.submission import Submission
from events.verification.findings import Finding
from service.ingest.publish import count_standing
from service.keys.scopes import Scope
from service.private_postgres import PrivatePostgres
from tests.integration.test_verification import forge, forge_parts
from tests.support.http_service import LIFECYCLE_AT, SCHEMA, SEALS, Service, running_service
from tests.support.ledger_in_memory import DIGESTS, SENDER
from tests.support.ledger_on_postgres import form, ledger_on_postgres, send
from tests.support.postgres import connection_to
from tests.support.verified import verify

FUNNEL = shipped_text("demand_funnel")
WITH_RIVALS = FUNNEL.replace("competitor_domains: []", "competitor_domains: [rival.example]", 1)
WITHOUT_STEEL = FUNNEL.replace(
    "when: {lead.company_domain: {domain_in_list: competitor_domains}}",
    "when: {lead.industry: steel}",
    1,
)
RENAMED = re.sub(r"\bMAL\b", "READY", FUNNEL)
PATH = "/v1/lifecycle"


@pytest.fixture
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


async def post_forms(service: Service, *addresses: str) -> None:
    events = [form(f"form-{address.partition('@')[0]}", address) for address in addresses]
    answer = await service.client.post("/v1/events", json=events)
    assert answer.status_code == 200, answer.text


async def publish(service: Service, text: str, *stage_map: str, **params: Any) -> Any:
    answer = await service.client.post(
        PATH, content=text.encode(), params={"stage_map": list(stage_map), **params}
    )
    return answer.status_code, answer.json()


async def stages(service: Service) -> dict[tuple[int, str], int]:
    """Count leads by version and stage."""
    async with connection_to(service.owner_url) as connection:
        rows = await connection.fetch(
            "SELECT lifecycle, CAST(state AS json) ->> 'stage' AS stage, count(*) AS leads "
            "FROM ledger.subjects WHERE kind = 'lead' GROUP BY 1, 2"
        )
    return {(row["lifecycle"], row["stage"]): row["leads"] for row in rows}


async def until(service: Service, expected: dict[tuple[int, str], int]) -> None:
    async with asyncio.timeout(20):
        while await stages(service) != expected:  # noqa: ASYNC110 - another process may do it
            await asyncio.sleep(0.05)


async def test_publishing_is_a_recorded_decision_and_leads_move_automatically(
    service: Service,
) -> None:
    steel = form("form-a", "a@rival.example")
    steel["lead"]["profile"] = {"industry": "steel"}
    await service.client.post("/v1/events", json=steel)
    await post_forms(service, "b@acme.example", "c@gmail.com")
    assert await stages(service) == {(1, "MAL"): 2, (1, "ML"): 1}
    status, answer = await publish(service, WITHOUT_STEEL)
    assert (status, answer["status"], answer["version"]) == (201, "recorded", 2)
    await until(service, {(2, "DISQUALIFIED"): 1, (2, "MAL"): 1, (2, "ML"): 1})
    await verify(service.engine, schema=SCHEMA)
    read = (await service.client.get(PATH)).json()
    assert (read["version"], read["position"], read["text"]) == (
        2,
        answer["position"],
        WITHOUT_STEEL,
    )
    assert (await service.client.get(PATH, params={"version": 1})).json()["text"] == FUNNEL
    assert (await service.client.get(PATH, params={"version": 3})).status_code == 404
    versions = (await service.client.get(f"{PATH}/versions")).json()["versions"]
    assert [version["version"] for version in versions] == [2, 1]


async def test_a_dry_run_shows_what_would_change_and_records_nothing(service: Service) -> None:
    await post_forms(service, "b@acme.example")
    status, answer = await publish(service, RENAMED, dry_run=True)
    assert (status, answer["status"], answer["version"]) == (200, "refused", 2)
    assert answer["disappearing"] == [{"track": "lead", "stage": "MAL", "standing": 1, "to": None}]
    assert "stages of lead: MAL is gone" in answer["changes"]
    assert answer["problem"]["code"] == "stages-occupied"
    status, answer = await publish(service, RENAMED, "MAL:READY", dry_run=True)
    assert (status, answer["status"]) == (200, "allowed")
    assert answer["disappearing"][0]["to"] == "READY"
    assert (await service.client.get(PATH)).json()["version"] == 1


async def test_an_occupied_stage_needs_a_map_and_then_every_lead_moves(
    service: Service,
) -> None:
    await post_forms(service, *(f"p{n}@acme.example" for n in range(450)))
    status, answer = await publish(service, RENAMED)
    assert (status, answer["code"]) == (409, "stages-occupied")
    assert answer["stages"] == [{"track": "lead", "stage": "MAL", "standing": 450}]
    status, answer = await publish(service, RENAMED, "MAL:READY")
    assert status == 201, answer
    await until(service, {(2, "READY"): 450})
    await verify(service.engine, schema=SCHEMA)
    position = service.part(Ledger).memory.position
    funnel = await service.client.get("/v1/funnel", params={"wait_for": position})
    figures = {stage["stage"]: stage["standing"] for stage in funnel.json()["leads"]["stages"]}
    assert figures["READY"] == 450
    assert figures.get("MAL", 0) == 0


async def test_posting_continues_while_leads_move(service: Service) -> None:
    await post_forms(service, *(f"p{n}@acme.example" for n in range(450)))
    publishing = asyncio.create_task(publish(service, RENAMED, "MAL:READY"))
    for number in range(20):
        await post_forms(service, f"during{number}@acme.example")
    status, answer = await publishing
    assert status == 201, answer
    await until(service, {(2, "READY"): 470})
    await verify(service.engine, schema=SCHEMA)


async def test_a_text_with_mistakes_is_refused_with_every_line(service: Service) -> None:
    wrong = FUNNEL.replace("format: 1", "format: 9", 1).replace(
        "time_zone: Asia/Tokyo", "time_zone: Mars/Base", 1
    )
    status, answer = await publish(service, wrong)
    assert (status, answer["code"]) == (422, "lifecycle-invalid")
    lines = wrong.splitlines()
    said = [
        lines[complaint["line"] - 1].strip()
        for complaint in answer["complaints"]
        if complaint["fatal"]
    ]
    assert said == ["format: 9", "time_zone: Mars/Base"]


async def test_the_same_publication_sent_again_is_a_duplicate(service: Service) -> None:
    first = await publish(service, WITH_RIVALS, id="release-7")
    again = await publish(service, WITH_RIVALS, id="release-7")
    assert (first[0], again[0]) == (201, 200)
    assert (again[1]["status"], again[1]["position"]) == ("duplicate", first[1]["position"])
    assert again[1]["version"] == 2


async def test_only_an_administrator_publishes(service: Service) -> None:
    headers = await service.key(Scope.DECISIONS_WRITE, Scope.EVENTS_WRITE)
    answer = await service.client.post(PATH, content=b"x", headers=headers)
    assert answer.status_code == 403


async def test_an_idle_process_learns_of_the_new_lifecycle(
    service: Service,
) -> None:
    other = Ledger(service.engine, SCHEMA, SEALS)
    await other.open()
    await publish_by(other, WITH_RIVALS)
    async with asyncio.timeout(20):
        while (await service.client.get(PATH)).json()["version"] != 2:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await other.close()


async def test_another_writer_decides_by_a_lifecycle_that_it_did_not_publish(
    postgres_server: PrivatePostgres,
) -> None:
    async with ledger_on_postgres(postgres_server) as on:
        other = await on.another()
        await publish_by(on.ledger, WITH_RIVALS)
        await send(other, form("r", "r@rival.example"))
        assert [type for _, _, type in await on.recorded()][-1] == "lead.excluded"
        await verify(on.engine, schema=SCHEMA)


async def test_leads_of_a_listed_competitor_are_judged_whichever_writer_acts(
    postgres_server: PrivatePostgres,
) -> None:
    async with ledger_on_postgres(postgres_server) as on:
        await on.send(*(form(f"f{n}", f"p{n}@rival.example") for n in range(30)))
        await on.send(form("friend", "f@friend.example"))
        listing = {"type": "competitor.listed", "account": {"domain": "rival.example"}}
        await send(await on.another(), {"id": "listed", **listing})
        excluded = [type for _, _, type in await on.recorded() if type == "lead.excluded"]
        assert len(excluded) == 30
        await verify(on.engine, schema=SCHEMA)


FORGERIES = {
    "a version left out": (
        "lifecycle.published",
        {"version": 3},
        "versions have no gaps",
    ),
    "a version that was never published": (
        "lead.reassessed",
        {"version": 9},
        "the outcome is what its lifecycle decides",
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_succession_is_found(postgres_server: PrivatePostgres, forgery: str) -> None:
    type, data, what = FORGERIES[forgery]
    async with ledger_on_postgres(postgres_server) as on:
        await on.send(form("a"))
        await publish_by(on.ledger, WITH_RIVALS)
        await on.send(form("b"))
        await verify(on.engine, schema=SCHEMA)
        await on.as_owner("ALTER TABLE ledger.events DISABLE TRIGGER USER")
        (row,) = await on.as_owner(
            "SELECT position FROM ledger.events WHERE type = $1 AND position > $2",
            type,
            LIFECYCLE_AT,
        )

        def change(record: dict[str, Any]) -> None:
            record["data"] |= data

        await forge(on, row["position"], change)
        with pytest.raises(Finding, match=what):
            await verify(on.engine, schema=SCHEMA, digests=None)


async def test_a_changed_calendar_applies_to_every_lead(service: Service) -> None:
    await post_forms(service, "b@acme.example")
    days = {"starts_on": "2026-12-07", "ends_on": "2026-12-08"}
    closed = {"calendar": "office", **days, "closed": True}
    reported = {"id": "typhoon", "source": "website", "type": "calendar.changed", "data": closed}
    answer = (await service.client.post("/v1/events", json=reported)).json()
    assert [event["type"] for event in answer["derived"]] == ["lifecycle.published"]
    await until(service, {(2, "MAL"): 1})
    read = (await service.client.get(PATH)).json()
    assert (read["version"], read["text"]) == (2, FUNNEL)
    assert read["calendar_changes"] == [{**closed, "hours": None}]
    # The same writer, another one, and an auditor all decide by it.
    assert (await publish(service, WITH_RIVALS))[0] == 201
    assert (await service.client.get(PATH)).json()["calendar_changes"] == read["calendar_changes"]
    await until(service, {(3, "MAL"): 1})
    verified = await verify(service.engine, schema=SCHEMA)
    assert verified.not_decided_again == 0


async def test_a_forged_publication_of_a_calendar_is_found(
    postgres_server: PrivatePostgres,
) -> None:
    async with ledger_on_postgres(postgres_server) as on:
        day = {"calendar": "office", "starts_on": "2026-12-07", "ends_on": "2026-12-07"}
        changed = {"id": "c", "type": "calendar.changed", "data": {**day, "closed": True}}
        (outcome,) = await on.send(changed)
        assert isinstance(outcome, Recorded), outcome
        published = outcome.position + 1

        def change(published: dict[str, Any]) -> None:
            published["calendars"]["changes"]["office"] = [["2026-12-07", "2026-12-31", True]]

        await on.as_owner("ALTER TABLE ledger.events DISABLE TRIGGER events_are_append_only")
        await verify(on.engine, schema=SCHEMA)
        await forge_parts(on, published, change)
        with pytest.raises(Finding, match="what its lifecycle decides"):
            await verify(on.engine, schema=SCHEMA, digests=None)


async def publish_by(ledger: Ledger, text: str) -> None:
    outcome = await outcome_of_publishing(ledger, text)
    assert isinstance(outcome, Recorded), outcome


async def outcome_of_publishing(
    ledger: Ledger, text: str, counted: Occupancy | None = None
) -> Outcome:
    context = Context(ledger.memory.compiled.lifecycle, DIGESTS, SENDER, datetime.now(UTC))
    item = publication(text, {}, id="publication", context=context)
    appended = await ledger.append([Submission((item,), counted=counted)])
    return appended.outcomes[0][0]


async def test_a_lead_that_arrives_after_the_count_is_noticed_at_publication(
    postgres_server: PrivatePostgres,
) -> None:
    async with ledger_on_postgres(postgres_server) as on:
        counted = await count_standing(on.engine, SCHEMA, in_force=1)
        assert sum(counted.occupied.values()) == 0
        other = await on.another()
        await send(other, form("form-1", "b@acme.example"))
        outcome = await outcome_of_publishing(on.ledger, RENAMED, counted)
        assert isinstance(outcome, Refused)
        assert outcome.refusal.reason == "stages-occupied"


async def test_leads_are_not_counted_again_at_publication(postgres_server: PrivatePostgres) -> None:
    """Only a wrong count can reveal it."""
    async with ledger_on_postgres(postgres_server) as on:
        await on.send(form("form-1", "b@acme.example"))
        nobody = Occupancy(on.ledger.memory.position, {})
        assert isinstance(await outcome_of_publishing(on.ledger, RENAMED, nobody), Recorded)
