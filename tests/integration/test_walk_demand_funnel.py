"""The demand funnel from first visit to key account: accepted first, screened afterwards."""

from typing import Any

from service.private_postgres import PrivatePostgres
from tests.support.walks import Walk, walking

HANAKO = {"email": "hanako@acme.example", "anonymous_id": "c-1"}
JIRO = {"email": "jiro@steel.example"}
SABURO = {"email": "saburo@partner.example"}
RIVAL = {"email": "somebody@rival.example"}
DIRECTOR = {"industry": "steel", "position": "director"}
STAFF = {"industry": "steel", "position": "staff"}


async def test_from_the_first_visit_to_the_key_account(postgres_server: PrivatePostgres) -> None:
    async with walking(postgres_server, "demand_funnel") as walk:
        await becomes_known(walk)
        await is_nurtured(walk)
        await is_selected(walk)
        await is_accepted(walk)
        await is_overlooked(walk)
        await is_screened(walk)
        await becomes_a_deal(walk)
        await buys(walk)
        await buys_again(walk)
        await becomes_a_key_account(walk)
        await churns(walk)
        await walk.verified()


async def becomes_known(walk: Walk) -> None:
    """A competitor's people are excluded automatically, and everyone else is accepted."""
    await walk.turn_to(0, "10:00")
    cookie = {"anonymous_id": HANAKO["anonymous_id"]}
    assert await walk.tell("visit.recorded", cookie, page="/pricing") == [
        "visit.recorded: unplaced → AL"
    ]
    assert await walk.funnel() == {"AL": (1, 1)}
    assert await walk.tell("form.submitted", profiled(HANAKO, DIRECTOR), form="white_paper") == [
        "form.submitted: AL → ML",
        "account.prospect_gained: unplaced → PROSPECT",
        "lead.accepted: ML → MAL",
    ]
    assert await walk.tell("competitor.listed", account="rival.example") == ["competitor.listed"]
    assert await walk.tell("form.submitted", RIVAL) == [
        "form.submitted: unplaced → ML",
        "account.prospect_gained: unplaced → PROSPECT",
        "lead.excluded: ML → DISQUALIFIED",
    ]
    assert await walk.funnel() == {
        "AL": (0, 2),
        "ML": (0, 2),
        "MAL": (1, 1),
        "DISQUALIFIED": (1, 1),
    }
    assert await walk.lists(HANAKO) == {"house", "target", "target_by_market", "likely"}
    assert await walk.lists(RIVAL) == {"house"}


async def is_nurtured(walk: Walk) -> None:
    """Every point names its source, and marketing's lists follow the scenario."""
    await walk.tell("owner.assigned", HANAKO, owner="marketer-1")
    await walk.tell("scenario.started", HANAKO, scenario="basics")
    assert await walk.lists(HANAKO) >= {"marketing_accepted", "marketing_selected"}
    await walk.tell("seminar.attended", HANAKO, seminar="spring")
    await walk.tell("scenario.completed", HANAKO, scenario="basics")
    assert "scenario_completed" in await walk.lists(HANAKO)
    score = await walk.score(HANAKO)
    assert {attribute["rule"]: attribute["points"] for attribute in score["attributes"]} == {
        "decides": 20,
        "target_industry": 10,
    }
    assert [(event["rule"], event["counts"]) for event in score["events"]] == [
        ("visited", "2"),
        ("saw_prices", "10"),
        ("sent_a_form", "10"),
        ("attended", "20"),
    ]
    assert (score["score"], score["grade"], score["obstacle"]) == ("72", "A", None)


async def is_selected(walk: Walk) -> None:
    """Of two candidates, one is selected: the run shows who, who waits, and the cut line."""
    await walk.tell("form.submitted", profiled(JIRO, STAFF))
    week: dict[str, Any] = walk.week()
    await walk.tell("capacity.declared", team="inside_sales", capacity=1, **week)
    asked = {"team": "inside_sales", **week, "id": "first-week"}
    answer = await walk.service.client.post("/v1/selections", json=asked)
    run = answer.json()
    assert (answer.status_code, run["capacity"], run["cut_line"]) == (201, 1, "72")
    assert (run["candidates"], run["selected"], run["deferred"]) == (2, 1, 1)
    assert (await walk.stage(HANAKO), await walk.stage(JIRO)) == ("MQL", "MAL")
    assert "handed_over" in await walk.lists(HANAKO)
    assert await walk.deadlines() == [("acceptance", "open", walk.shown(2, "18:00"))]


async def is_accepted(walk: Walk) -> None:
    """Sales decides in time, and owes a first attempt by the second business day."""
    await walk.turn_to(2, "17:59")
    assert await walk.refused("lead.handed_over", JIRO) == (
        "MAL",
        ["MQL", "SAL", "SQL", "OPP", "WON"],
    )
    assert await walk.tell("lead.sales_accepted", HANAKO, owner="caller-1") == [
        "lead.sales_accepted: MQL → SAL",
        "deadline.met",
        "deadline.started",
    ]
    assert await walk.deadlines(owner="caller-1") == [
        ("first_attempt", "open", walk.shown(4, "18:00"))
    ]


async def is_overlooked(walk: Walk) -> None:
    """An undecided lead is reported as late; a rejected one has a reason and comes back."""
    assert await walk.tell("lead.qualified", JIRO) == [
        "lead.qualified: MAL → MQL",
        "lead.handed_over",
        "deadline.started",
    ]
    await walk.turn_to(4, "18:01")
    await walk.tell("email.opened", JIRO)
    assert ("acceptance", "breached", walk.shown(4, "18:00")) in await walk.deadlines()
    assert await walk.tell("lead.sales_rejected", JIRO, reason="out_of_focus") == [
        "lead.sales_rejected: MQL → MAL",
    ]
    assert await walk.deadlines(status="late") == [("acceptance", "late", walk.shown(4, "18:00"))]
    assert (await walk.score(JIRO))["obstacle"] == "revisit_later"


async def is_screened(walk: Walk) -> None:
    """そのうち stays where it is until its day, and 今すぐ moves on to field sales."""
    await walk.tell("screening.attempted", HANAKO, channel="phone", reached=True)
    data = {"channel": "phone", "class": "later", "revisit_date": str(walk.monday)}
    assert await walk.tell("screening.completed", HANAKO, **data) == ["screening.completed"]
    assert await walk.stage(HANAKO) == "SAL"
    assert "call_completed" in await walk.lists(HANAKO)
    await walk.turn_to(21, "11:00")
    assert await walk.tell("screening.completed", HANAKO, **{"class": "now"}) == [
        "screening.completed: SAL → SQL",
        "lead.handed_over",
    ]
    assert await walk.tell("lead.sales_qualified", HANAKO) == ["lead.sales_qualified"]
    await walk.tell("owner.assigned", HANAKO, owner="seller-1", team="field_sales")
    assert await walk.lists(HANAKO) >= {"call_completed", "sales_accepted"}


async def becomes_a_deal(walk: Walk) -> None:
    assert await walk.tell("opportunity.created", HANAKO, opportunity="d-1", value="900000") == [
        "opportunity.created: SQL → OPP"
    ]
    assert "deal" in await walk.lists(HANAKO)
    assert await walk.contribution() == (0, 0, "0", "0")


async def buys(walk: Walk) -> None:
    """Half of the business is marketing's: the other came straight to a reseller."""
    assert await walk.tell("opportunity.won", HANAKO, opportunity="d-1", value="900000") == [
        "opportunity.won: OPP → WON",
        "account.customer_gained: PROSPECT → C",
        "lead.handed_over",
    ]
    ordered = {"order": "o-1", "opportunity": "d-1", "value": "800000", "currency": "JPY"}
    assert await walk.tell("order.recorded", HANAKO, **ordered) == ["order.recorded"]
    assert (await walk.tell("inquiry.received", SABURO, channel="reseller"))[0] == (
        "inquiry.received: unplaced → SAL"
    )
    assert (await walk.tell("order.recorded", SABURO, order="o-2", value="200000"))[0] == (
        "order.recorded: SAL → WON"
    )
    assert await walk.contribution() == (1, 2, "800000", "1000000")


async def buys_again(walk: Walk) -> None:
    """A customer's next purchase is a separate pass, and not new business."""
    data = {"opportunity": "d-2", "value": "300000", "business": "cross_sell"}
    assert await walk.tell("opportunity.created", HANAKO, **data) == [
        "opportunity.created: WON → OPP"
    ]
    assert (await walk.lead(HANAKO))["pass"] == 2
    assert (await walk.tell("opportunity.won", HANAKO, **data))[0] == "opportunity.won: OPP → WON"
    assert await walk.contribution() == (1, 2, "800000", "1000000")
    assert (await walk.read("/v1/contribution"))["apart"] == [
        {"business": "cross_sell", "number": 1, "value": "300000"}
    ]


async def becomes_a_key_account(walk: Walk) -> None:
    acme: dict[str, Any] = {"account": "acme.example"}
    assert await walk.tell("account.segmented", **acme, segment="high") == ["account.segmented"]
    assert await walk.tell("account.key_candidate_set", **acme) == [
        "account.key_candidate_set: C → KC"
    ]
    assert await walk.tell("account.key_set", **acme, key_role="attack") == [
        "account.key_set: KC → KA"
    ]
    assert await walk.funnel("accounts") == {
        "PL": (0, 4),
        "PROSPECT": (2, 4),
        "C": (1, 2),
        "KC": (0, 1),
        "KA": (1, 1),
    }


async def churns(walk: Walk) -> None:
    """Key status ends before the customer does; the people stay where they are."""
    await walk.turn_to(100, "10:00")
    assert await walk.tell("customer.churned", account="acme.example", reason="other") == [
        "customer.churned: KA → CHURNED",
        "account.key_removed",
    ]
    assert await walk.funnel() == {
        "AL": (0, 5),
        "ML": (0, 5),
        "MAL": (1, 4),
        "MQL": (0, 4),
        "SAL": (0, 3),
        "SQL": (0, 3),
        "OPP": (0, 3),
        "WON": (2, 3),
        "DISQUALIFIED": (1, 1),
    }
    assert [event["stage_after"] for event in await journey(walk)] == [
        *("AL", "ML", "MAL", "MQL", "SAL", "SQL", "OPP", "WON", "OPP", "WON"),
    ]


async def journey(walk: Walk) -> list[dict[str, Any]]:
    """Return the events that moved the protagonist."""
    path = f"/v1/leads/{(await walk.lead(HANAKO))['id']}/history"
    events = (await walk.read(path, limit=100))["events"]
    return [event for event in events if event.get("moved")]


def profiled(lead: dict[str, str], profile: dict[str, str]) -> dict[str, Any]:
    return {**lead, "profile": profile}
