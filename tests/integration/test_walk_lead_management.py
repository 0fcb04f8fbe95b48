"""Lead management from first visit to key account: called first, accepted afterwards."""

from typing import Any

from service.private_postgres import PrivatePostgres
from tests.support.walks import Walk, walking

HANAKO = {"email": "hanako@acme.example", "anonymous_id": "c-1"}
JIRO = {"email": "jiro@steel.example"}
SABURO = {"email": "saburo@partner.example"}
RIVAL = {"email": "somebody@rival.example"}
DIRECTOR = {"industry": "steel", "position": "director"}
STAFF = {"industry": "steel", "position": "staff"}
TARGETS = {"house", "target", "target_by_market", "likely"}


async def test_from_the_first_visit_to_the_key_account(postgres_server: PrivatePostgres) -> None:
    async with walking(postgres_server, "lead_management") as walk:
        await is_acquired(walk)
        await is_accepted_by_marketing(walk)
        await is_selected(walk)
        await is_nurtured_and_handed_over(walk)
        await is_called(walk)
        await is_accepted_by_sales(walk)
        await becomes_a_deal_and_buys(walk)
        await buys_again(walk)
        await becomes_a_key_account(walk)
        await churns(walk)
        await walk.verified()


async def is_acquired(walk: Walk) -> None:
    """Anonymous visitors have no stage, and marketing's acceptance is not automatic."""
    await walk.turn_to(0, "10:00")
    cookie = {"anonymous_id": HANAKO["anonymous_id"]}
    assert await walk.tell("visit.recorded", cookie, page="/pricing") == ["visit.recorded"]
    assert await walk.funnel() == {}
    await walk.tell("competitor.listed", account="rival.example")
    for lead, profile in ((HANAKO, DIRECTOR), (JIRO, STAFF)):
        assert await walk.tell("form.submitted", {**lead, "profile": profile}) == [
            "form.submitted: unplaced → ACQUIRED",
            "account.prospect_gained: unplaced → PROSPECT",
        ]
    assert (await walk.tell("form.submitted", RIVAL))[
        -1
    ] == "lead.excluded: ACQUIRED → DISQUALIFIED"
    assert await walk.funnel() == {"ACQUIRED": (2, 3), "DISQUALIFIED": (1, 1)}
    assert await walk.lists(HANAKO) == TARGETS


async def is_accepted_by_marketing(walk: Walk) -> None:
    """Acceptance is naming the person in charge."""
    assert await walk.refused("lead.qualified", HANAKO) == ("ACQUIRED", ["ACCEPTED"])
    for lead in (HANAKO, JIRO):
        assert await walk.tell("owner.assigned", lead, owner="marketer-1") == [
            "owner.assigned: ACQUIRED → ACCEPTED"
        ]
    assert await walk.lists(HANAKO) == {*TARGETS, "marketing_accepted"}
    await walk.tell("seminar.attended", HANAKO, seminar="spring")
    score = await walk.score(HANAKO)
    assert (score["fit"], score["interest"], score["grade"]) == (30, "42", "A")


async def is_selected(walk: Walk) -> None:
    """The run selects the better of two, for nurturing."""
    asked = {"team": "marketing", **walk.week(), "id": "first-week", "capacity": 1}
    answer = await walk.service.client.post("/v1/selections", json=asked)
    run = answer.json()
    assert (answer.status_code, run["cut_line"], run["deferred"]) == (201, "72", 1)
    assert (await walk.stage(HANAKO), await walk.stage(JIRO)) == ("SELECTED", "ACCEPTED")
    assert await walk.lists(HANAKO) == {*TARGETS, "marketing_accepted", "marketing_selected"}
    assert await walk.deadlines() == []


async def is_nurtured_and_handed_over(walk: Walk) -> None:
    """A person hands over, and inside sales owes a first attempt."""
    await walk.tell("scenario.started", HANAKO, scenario="basics")
    assert await walk.tell("scenario.completed", HANAKO, scenario="basics") == [
        "scenario.completed: SELECTED → NURTURED"
    ]
    assert await walk.lists(HANAKO) == {*TARGETS, "marketing_accepted", "scenario_completed"}
    to = {"from_department": "marketing", "to_department": "inside_sales", "owner": "caller-1"}
    assert await walk.tell("lead.handed_over", HANAKO, **to) == [
        "lead.handed_over: NURTURED → HANDED_OVER",
        "deadline.started",
    ]
    assert await walk.lists(HANAKO) == {*TARGETS, "handed_over"}
    assert await walk.deadlines(owner="caller-1") == [
        ("first_attempt", "open", walk.shown(2, "18:00"))
    ]


async def is_called(walk: Walk) -> None:
    """All classes are in CALLED; sales cannot accept a lead that was not called."""
    await walk.turn_to(1, "11:00")
    assert await walk.refused("lead.sales_accepted", HANAKO) == ("HANDED_OVER", ["CALLED"])
    assert await walk.tell("screening.attempted", HANAKO, channel="phone", reached=True) == [
        "screening.attempted",
        "deadline.met",
    ]
    assert await walk.tell("screening.completed", HANAKO, **{"class": "now"}) == [
        "screening.completed: HANDED_OVER → CALLED",
        "deadline.started",
    ]
    await walk.tell("lead.qualified", JIRO)
    await walk.tell("lead.handed_over", JIRO)
    assert (await walk.tell("screening.completed", JIRO, **{"class": "not_yet"}))[0] == (
        "screening.completed: HANDED_OVER → CALLED"
    )
    assert await walk.lists(HANAKO) == await walk.lists(JIRO) == {*TARGETS, "call_completed"}
    assert await walk.deadlines() == [("acceptance", "open", walk.shown(3, "18:00"))] * 2


async def is_accepted_by_sales(walk: Walk) -> None:
    """One is accepted in time; the other is rejected late, and returns to marketing."""
    await walk.turn_to(3, "17:59")
    assert await walk.tell("lead.sales_accepted", HANAKO, owner="seller-1") == [
        "lead.sales_accepted: CALLED → SALES_ACCEPTED",
        "lead.handed_over",
        "deadline.met",
    ]
    assert await walk.lists(HANAKO) == {*TARGETS, "sales_accepted"}
    assert (await walk.lead(HANAKO))["owner"] == "seller-1"
    await walk.turn_to(3, "18:01")
    assert await walk.tell("lead.sales_rejected", JIRO, reason="too_early") == [
        "lead.sales_rejected: CALLED → ACCEPTED"
    ]
    assert await walk.deadlines(status="late") == [("acceptance", "late", walk.shown(3, "18:00"))]


async def becomes_a_deal_and_buys(walk: Walk) -> None:
    """Half of the business is marketing's: the other came straight to sales."""
    deal = {"opportunity": "d-1", "value": "900000"}
    assert await walk.tell("opportunity.created", HANAKO, **deal) == [
        "opportunity.created: SALES_ACCEPTED → DEAL"
    ]
    assert await walk.lists(HANAKO) == {*TARGETS, "deal"}
    assert await walk.tell("opportunity.won", HANAKO, **deal) == [
        "opportunity.won: DEAL → WON",
        "account.customer_gained: PROSPECT → C",
        "lead.handed_over",
    ]
    ordered = {"order": "o-1", "opportunity": "d-1", "value": "800000", "currency": "JPY"}
    assert await walk.tell("order.recorded", HANAKO, **ordered) == ["order.recorded"]
    assert (await walk.tell("inquiry.received", SABURO, channel="sales_direct"))[0] == (
        "inquiry.received: unplaced → SALES_ACCEPTED"
    )
    await walk.tell("order.recorded", SABURO, order="o-2", value="200000")
    assert await walk.contribution() == (1, 2, "800000", "1000000")


async def buys_again(walk: Walk) -> None:
    """A customer's next purchase is a separate pass, and not new business."""
    data = {"opportunity": "d-2", "value": "300000", "business": "cross_sell"}
    assert await walk.tell("opportunity.created", HANAKO, **data) == [
        "opportunity.created: WON → DEAL"
    ]
    assert (await walk.lead(HANAKO))["pass"] == 2
    await walk.tell("opportunity.won", HANAKO, **data)
    assert await walk.contribution() == (1, 2, "800000", "1000000")


async def becomes_a_key_account(walk: Walk) -> None:
    acme: dict[str, Any] = {"account": "acme.example"}
    assert await walk.tell("account.key_candidate_set", **acme) == [
        "account.key_candidate_set: C → KC"
    ]
    assert await walk.tell("account.key_set", **acme, key_role="defend") == [
        "account.key_set: KC → KA"
    ]


async def churns(walk: Walk) -> None:
    """The customer is lost, but the history is not."""
    await walk.turn_to(100, "10:00")
    assert await walk.tell("customer.churned", account="acme.example") == [
        "customer.churned: KA → CHURNED",
        "account.key_removed",
    ]
    assert await walk.funnel() == {
        "ACQUIRED": (0, 5),
        "ACCEPTED": (1, 4),
        "SELECTED": (0, 4),
        "NURTURED": (0, 4),
        "HANDED_OVER": (0, 4),
        "CALLED": (0, 4),
        "SALES_ACCEPTED": (0, 3),
        "DEAL": (0, 3),
        "WON": (2, 3),
        "DISQUALIFIED": (1, 1),
    }
