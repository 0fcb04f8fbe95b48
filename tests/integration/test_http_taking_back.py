"""Identity and taking back over HTTP: answered, shown, projected, verified."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from events.batch.ids import new_id
from projections.catalogue import PROJECTIONS
from projections.engine.rebuild import compare
from service.keys.scopes import Scope
from service.private_postgres import PrivatePostgres
from tests.support.http_service import LIFECYCLE_AT, SCHEMA, Service, running_service
from tests.support.verified import verify

HANAKO, TARO = "hanako@acme.example", "taro@acme.example"
FIRST = LIFECYCLE_AT + 2
"""The position of the first report, after that of the administrator's key."""


@pytest.fixture
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running
        await _prove(running)


async def _prove(service: Service) -> None:
    """Whatever was taken back, the ledger verifies and projections equal a rebuild."""
    engine = service.engine
    verified = await verify(engine, schema=SCHEMA)
    assert verified.not_decided_again == 0
    await service.client.get("/v1/funnel", params={"wait_for": verified.position})
    for make in PROJECTIONS.values():
        built = await compare(engine, make(SCHEMA), schema=SCHEMA)
        assert built.comparison is not None
        assert built.comparison.differing == 0, built.comparison


async def report(service: Service, type: str, **event: Any) -> dict[str, Any]:
    body = {"id": new_id(), "type": type, "source": "website", **event}
    answer = await service.client.post("/v1/events", json=body)
    content: dict[str, Any] = answer.json()
    return content


async def form(service: Service, email: str) -> dict[str, Any]:
    return await report(service, "form.submitted", lead={"email": email})


async def lead(service: Service, email: str) -> dict[str, Any]:
    answer = await service.client.post("/v1/leads/find", json={"email": email})
    found: dict[str, Any] = answer.json()
    return found


async def history(service: Service, lead_id: str) -> list[dict[str, Any]]:
    answer = await service.client.get(f"/v1/leads/{lead_id}/history")
    events: list[dict[str, Any]] = answer.json()["events"]
    return events


def id_of(answer: dict[str, Any]) -> str:
    subject: str = answer["subject"]
    return subject.removeprefix("lead/")


async def test_two_leads_are_merged_and_separated_again(service: Service) -> None:
    first, second = id_of(await form(service, HANAKO)), id_of(await form(service, TARO))
    await report(service, "lead.qualified", lead={"email": TARO})

    merged = await report(service, "identity.merged", lead={"id": first}, data={"other": second})
    assert [event["type"] for event in merged["derived"]] == [
        *("identity.absorbed", "lead.restated")
    ]
    assert (await lead(service, TARO))["id"] == first
    assert (await lead(service, HANAKO))["stage"] == "MQL"
    accepted = await report(service, "lead.sales_accepted", lead={"email": TARO})
    assert (accepted["subject"], accepted["forwarded_to"]) == (f"lead/{second}", f"lead/{first}")

    await report(service, "identity.unmerged", lead={"id": second})
    assert (await lead(service, HANAKO))["stage"] == "MAL"
    assert (await lead(service, TARO))["stage"] == "SAL"
    assert (await lead(service, TARO))["id"] == second


async def test_a_voided_event_no_longer_counts_but_stays_in_the_history(service: Service) -> None:
    await form(service, HANAKO)
    won = await report(
        service, "opportunity.won", lead={"email": HANAKO}, data={"opportunity": "deal"}
    )
    assert won["stage"] == "WON"

    voided = await report(service, "event.voided", data={"event": won["position"]})
    assert voided["stage"] == "MAL"
    assert [event["type"] for event in voided["derived"]] == ["lead.restated", "account.restated"]
    shown = {one["position"]: one for one in await history(service, id_of(won))}
    assert shown[won["position"]]["counts"] is False
    assert shown[won["position"]]["stage_after"] == "WON"
    again = await report(service, "event.voided", data={"event": won["position"]})
    assert again["already"] is True


async def test_events_of_a_company_are_taken_back_one_after_another(service: Service) -> None:
    for number in range(4):
        await form(service, f"somebody{number}@elsewhere.example")
    first, second = {"email": "p0@x.example"}, {"email": "p1@x.example"}
    order = await report(service, "order.recorded", lead=first, data={"order": "1"})
    await report(service, "event.voided", data={"event": order["position"]})
    won = await report(service, "opportunity.won", lead=second, data={"opportunity": "1"})

    voided = await report(service, "event.voided", data={"event": won["position"]})

    assert (voided["status"], voided["stage"]) == ("recorded", None)
    # All that remains of the company is that a person there was reported.
    again = await report(service, "email.opened", lead=first)
    assert (again["status"], again["stage"]) == ("recorded", None)
    found = await lead(service, "p0@x.example")
    account = (
        await service.client.get(
            f"/v1/accounts/{found['account']}", params={"wait_for": again["position"]}
        )
    ).json()
    assert account["stage"] is None
    replay = {"as_of": "2200-01-01T00:00:00Z"}
    assert (await service.client.get(f"/v1/leads/{id_of(won)}/score", params=replay)).is_success


async def test_as_of_shows_what_counts_now_and_known_at_is_unchanged(
    service: Service,
) -> None:
    answer = await form(service, HANAKO)
    attended = await report(
        service, "seminar.attended", lead={"email": HANAKO}, data={"seminar": "s"}
    )
    won = await report(
        service, "opportunity.won", lead={"email": HANAKO}, data={"opportunity": "deal"}
    )
    then = (await history(service, id_of(answer)))[-1]["recorded_time"]
    assert (await stood(service, id_of(answer), as_of=then))["stage"] == "WON"
    assert attended["position"] in await points(service, id_of(answer), as_of=then)

    for event in (won, attended):
        await report(service, "event.voided", data={"event": event["position"]})
    assert (await stood(service, id_of(answer), as_of=then))["stage"] == "MAL"
    assert (await stood(service, id_of(answer), as_of=then, known_at=then))["stage"] == "WON"
    assert (await stood(service, id_of(answer), known_at=then))["stage"] == "WON"
    assert attended["position"] not in await points(service, id_of(answer), as_of=then)


async def stood(service: Service, lead_id: str, **moment: str) -> dict[str, Any]:
    answer = await service.client.get(
        f"/v1/leads/{lead_id}/replay", params={"last": True, **moment}
    )
    state: dict[str, Any] = answer.json()["last"]["state"]
    return state


async def points(service: Service, lead_id: str, **moment: str) -> set[str]:
    """Return the positions of events that give points."""
    answer = await service.client.get(f"/v1/leads/{lead_id}/score", params=moment)
    return {event["position"] for event in answer.json()["events"]}


async def test_a_decision_that_lost_its_basis_waits_for_a_person(service: Service) -> None:
    await form(service, HANAKO)
    qualified = await report(service, "lead.qualified", lead={"email": HANAKO})
    accepted = await report(service, "lead.sales_accepted", lead={"email": HANAKO})
    await report(service, "event.voided", data={"event": qualified["position"]})

    answer = await service.client.get("/v1/conflicts")
    (waiting,) = answer.json()["conflicts"]
    assert (waiting["kind"], waiting["decisions"]) == ("decisions", [accepted["position"]])
    await report(service, "event.voided", data={"event": accepted["position"]})
    assert (await service.client.get("/v1/conflicts")).json()["conflicts"] == []


async def test_the_corrected_data_of_an_event_counts(service: Service) -> None:
    answer = await report(
        service, "inquiry.received", lead={"email": HANAKO}, data={"channel": "reseller"}
    )
    assert answer["stage"] == "SAL"
    fields = {"channel": "web", "time": "2026-01-05T03:00:00.000000Z"}
    corrected = await report(
        service,
        "event.corrected",
        data={"event": answer["position"], "fields": {**fields, "note": "は担当者の誤り"}},
    )
    assert corrected["stage"] == "MAL"
    (event,) = [
        one for one in await history(service, id_of(answer)) if one["type"] == "event.corrected"
    ]
    assert event["data"]["fields"] == fields
    assert event["personal"]["data"]["fields"] == {"note": "は担当者の誤り"}


async def test_identifiers_shared_by_two_people_or_companies_wait_for_a_person(
    service: Service,
) -> None:
    phone = "03-1000-0001"
    first = await report(
        service,
        "form.submitted",
        lead={"email": HANAKO, "phone": phone},
        account={"name": "㈱例示"},
    )
    second = await report(
        service,
        "form.submitted",
        lead={"email": "taro@gmail.com", "phone": f"+81{phone}", "user_id": "undefined"},
        account={"name": "株式会社例示"},
    )
    assert second["ignored"] == [{"kind": "user_id", "reason": "placeholder"}]
    people, companies = (await service.client.get("/v1/conflicts")).json()["conflicts"][::-1]
    if people["kind"] == "same_name":
        people, companies = companies, people
    assert (people["kind"], people["lead"], people["with"], people["shared"]) == (
        "shared_identifier", id_of(second), [id_of(first)], ["phone"],
    )  # fmt: skip
    assert companies["kind"] == "same_name"
    for path, body in (
        ("/v1/leads/find", {"phone": phone}),
        ("/v1/events", {"id": "p", "type": "form.submitted", "lead": {"phone": phone}}),
    ):
        answer = await service.client.post(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "identifier-shared")
        assert answer.json()["ignored"] == [{"kind": "phone", "reason": "shared"}]

    await report(
        service, "conflict.dismissed", lead={"id": id_of(first)}, data={"other": id_of(second)}
    )
    await report(
        service,
        "account.kept_apart",
        account={"id": companies["account"]},
        data={"other": companies["with"][0]},
    )
    assert (await service.client.get("/v1/conflicts")).json()["conflicts"] == []
    merged = {"lead": {"id": id_of(second)}, "data": {"other": id_of(first)}}
    await report(service, "identity.merged", **merged)
    found = await service.client.post("/v1/leads/find", json={"phone": phone})
    assert found.json()["id"] == id_of(second)
    await report(service, "identity.unmerged", lead={"id": id_of(first)})
    assert (await service.client.post("/v1/leads/find", json={"phone": phone})).status_code == 409


async def test_contradicting_identifiers_wait_until_they_are_kept_apart(
    service: Service,
) -> None:
    first = id_of(await form(service, HANAKO))
    called = await report(service, "form.submitted", lead={"phone": "03-1234-5678"})
    both = {"email": HANAKO, "phone": "03-1234-5678"}
    await report(service, "form.submitted", lead=both)
    (waiting,) = (await service.client.get("/v1/conflicts")).json()["conflicts"]
    assert (waiting["lead"], waiting["with"]) == (first, [id_of(called)])

    await report(service, "identity.kept_apart", lead={"id": first}, data={"other": id_of(called)})
    assert (await service.client.get("/v1/conflicts")).json()["conflicts"] == []
    again = await report(service, "form.submitted", lead=both)
    assert again["derived"] == []
    refused = await report(
        service, "identity.merged", lead={"id": first}, data={"other": id_of(called)}
    )
    assert (refused["status"], refused["code"]) == (409, "merge-not-possible")


@pytest.mark.parametrize(
    ("type", "event", "status", "code"),
    [
        ("event.voided", {"data": {"event": "999999"}}, 404, "event-unknown"),
        ("event.voided", {"data": {"event": 1}}, 422, "event-invalid"),
        ("event.voided", {"data": {"event": "1"}}, 409, "taking-back-not-possible"),
        ("event.voided", {"data": {"event": str(FIRST + 1)}}, 409, "taking-back-not-possible"),
        (
            "event.voided",
            {"data": {"event": str(FIRST)}, "lead": {"email": HANAKO}},
            422,
            "event-invalid",
        ),
        (
            "event.corrected",
            {"data": {"event": str(FIRST), "fields": {"email": TARO}}},
            422,
            "event-invalid",
        ),
        (
            "event.corrected",
            {"data": {"event": str(FIRST), "fields": {"class": "now"}}},
            422,
            "event-invalid",
        ),
        (
            "identity.merged",
            {"lead": {"email": HANAKO}, "data": {"other": "0" * 8 + "-0000" * 3 + "-" + "0" * 12}},
            404,
            "lead-unknown",
        ),
        ("identity.unmerged", {"lead": {"email": "nobody@acme.example"}}, 404, "lead-unknown"),
    ],
)
async def test_an_impossible_taking_back_is_refused_with_the_reason(
    service: Service, type: str, event: dict[str, Any], status: int, code: str
) -> None:
    await form(service, HANAKO)
    refused = await report(service, type, **event)
    assert (refused.get("status"), refused.get("code")) == (status, code), refused


async def test_only_an_administrator_takes_back_events_of_another_source(
    service: Service,
) -> None:
    answer = await form(service, HANAKO)
    key = await service.key(Scope.EVENTS_WRITE, Scope.DECISIONS_WRITE, sources=["crm"])
    body = {"id": "v", "type": "event.voided", "data": {"event": answer["position"]}}
    refused = await service.client.post("/v1/events", json=body, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")
    merge = {"id": "m", "type": "identity.merged", "lead": {"email": HANAKO}}
    merge["data"] = {"other": id_of(answer)}
    refused = await service.client.post("/v1/events", json=merge, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")


async def test_two_companies_are_merged(service: Service) -> None:
    listed = await report(service, "market.target_listed", account={"domain": "old.example"})
    bought = await report(
        service,
        "opportunity.won",
        lead={"email": "jiro@acme.example"},
        data={"opportunity": "deal"},
    )
    survivor = listed["subject"].removeprefix("account/")
    (other,) = {
        event["subject"] for event in bought["derived"] if event["subject"].startswith("account/")
    }
    merged = await report(
        service,
        "account.merged",
        account={"id": survivor},
        data={"other": other.removeprefix("account/")},
    )
    assert merged["moved"] == {"from": "PL", "to": "C"}
    later = await report(service, "form.submitted", lead={"email": "saburo@acme.example"})
    assert other not in {event["subject"] for event in later["derived"]}


async def test_two_events_of_one_lead_are_taken_back_in_one_request(service: Service) -> None:
    """The history is read once for both: if it were read twice, every point would count double."""
    subject = id_of(await form(service, HANAKO))
    positions = [
        (await report(service, "visit.recorded", lead={"email": HANAKO}))["position"]
        for _ in range(2)
    ]
    answer = await service.client.post(
        "/v1/events",
        json=[
            {"id": f"void-{one}", "source": "test", "type": "event.voided", "data": {"event": one}}
            for one in positions
        ],
    )
    assert [item["status"] for item in answer.json()["items"]] == ["recorded", "recorded"]
    points = (await service.client.get(f"/v1/leads/{subject}/score")).json()["events"]
    assert [point["rule"] for point in points] == ["sent_a_form"]
    assert (await verify(service.engine, schema=SCHEMA)).not_decided_again == 0


async def test_two_people_mistaken_for_one_are_separated(service: Service) -> None:
    """A platform gave both the same id; afterwards each has their own events."""
    shared = {"user_id": "shared"}
    ours = {"time": "2026-04-01T10:00:00+09:00", "data": {"channel": "email", "campaign": "spring"}}
    first = await report(service, "form.submitted", lead={"email": HANAKO, **shared}, **ours)
    hanako = id_of(first)
    second = await report(
        service,
        "form.submitted",
        lead={"email": TARO, **shared},
        time="2026-04-02T10:00:00+09:00",
        data={"channel": "email"},
    )
    won = await report(
        service,
        "opportunity.won",
        lead=shared,
        time="2026-04-03T10:00:00+09:00",
        data={"opportunity": "deal", "value": "1200"},
    )
    assert (id_of(second), won["stage"]) == (hanako, "WON")
    before = won["position"]

    answer = await report(
        service,
        "identity.unlinked",
        lead={"id": hanako, "email": TARO},
        data={"events": [second["position"], won["position"]], "reason": "recorded_by_mistake"},
    )

    assert answer["status"] == "recorded", answer
    taro = (await lead(service, TARO))["id"]
    assert ((await lead(service, HANAKO))["id"], (await lead(service, HANAKO))["stage"]) == (
        hanako,
        "MAL",
    )
    assert ((await lead(service, TARO))["stage"], (await lead(service, TARO))["parted_from"]) == (
        "WON",
        [hanako],
    )
    shown = {one["position"]: one for one in await history(service, hanako)}
    assert (shown[before]["moved_to"], shown[before]["counts"]) == (f"lead/{taro}", False)
    shown = {one["position"]: one for one in await history(service, taro)}
    assert shown[before]["moved_from"] == f"lead/{hanako}"
    assert "counts" not in shown[before]

    async def stage_of(lead_id: str, **params: str) -> Any:
        asked = {"last": "true", **params}
        found = await service.client.get(f"/v1/leads/{lead_id}/replay", params=asked)
        return found.json()["last"]["state"]["stage"]

    on = "2026-04-03T12:00:00+09:00"
    assert [await stage_of(one, as_of=on) for one in (hanako, taro)] == ["MAL", "WON"]
    assert await stage_of(hanako, as_of=on, position=before) == "WON"

    async def credited(**params: str) -> Any:
        found = await service.client.get(
            "/v1/contribution", params={"wait_for": answer["position"], **params}
        )
        (business,) = found.json()["business"]
        return business["lead"]

    assert [await credited(), await credited(known_at=before)] == [taro, hanako]


async def test_events_of_other_leads_are_not_unlinked(service: Service) -> None:
    hanako, other = await form(service, HANAKO), await form(service, TARO)
    refused = await report(
        service,
        "identity.unlinked",
        lead={"id": id_of(hanako)},
        data={"events": [other["position"]]},
    )
    assert (refused["status"], refused["pointer"]) == (409, "/data/events/0")
    nothing = await report(
        service, "identity.unlinked", lead={"id": id_of(hanako)}, data={"events": []}
    )
    assert (nothing["status"], nothing["pointer"]) == (422, "/data/events")
