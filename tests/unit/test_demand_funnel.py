"""The shipped demand funnel decides as the business describes it."""

from pathlib import Path
from typing import TypeAlias

import pytest

from domain.lifecycle.compiled.table import compile_lifecycle
from domain.lifecycle.conditions import Readings
from domain.lifecycle.definition import EventKind, MoveKind
from domain.lifecycle.service_events import is_offered
from domain.lifecycle.text.load import inspect, load

TEXT = (Path(__file__).parents[2] / "domain/lifecycles/demand_funnel.yaml").read_text(
    encoding="utf-8"
)
COMPILED = compile_lifecycle(load(TEXT))
KNOWN = {"lead.known": True, "lead.anonymous": False}
ANONYMOUS = {"lead.known": False, "lead.anonymous": True}
OPEN_DEAL = {**KNOWN, "lead.open_opportunities": 1}
NO_DEAL = {**KNOWN, "lead.open_opportunities": 0}
WON_DEAL = {**KNOWN, "lead.won_opportunities": 1}
ORDER = {**KNOWN, "lead.valid_orders": 1}
MARKETING = ("ML", "MAL", "MQL")
BEFORE_OPP = (*MARKETING, "SAL", "SQL")

Expected: TypeAlias = tuple[str, MoveKind | None, tuple[str, ...], bool]

# stage, event, readings, then what follows: to, kind, passed over, begins a pass; None: no move
LEAD_MOVES: list[tuple[str | None, str, Readings, Expected | None]] = [
    (None, "visit.recorded", ANONYMOUS, ("AL", MoveKind.ENTERED, (), False)),
    (None, "visit.recorded", KNOWN, None),
    (None, "form.submitted", KNOWN, ("ML", MoveKind.ENTERED, (), False)),
    (None, "form.submitted", ANONYMOUS, ("AL", MoveKind.ENTERED, (), False)),
    ("AL", "form.submitted", KNOWN, ("ML", MoveKind.ADVANCED, (), False)),
    ("AL", "form.submitted", ANONYMOUS, None),
    ("MQL", "visit.recorded", KNOWN, None),
    ("AL", "card.captured", KNOWN, ("ML", MoveKind.ADVANCED, (), False)),
    ("ML", "card.captured", KNOWN, None),
    ("ML", "lead.accepted", KNOWN, ("MAL", MoveKind.ADVANCED, (), False)),
    ("MQL", "lead.excluded", KNOWN, ("DISQUALIFIED", MoveKind.DISQUALIFIED, (), False)),
    ("SAL", "lead.excluded", KNOWN, None),
    # A direct or reseller enquiry enters at SAL; any other at ML.
    (
        None,
        "inquiry.received",
        {**KNOWN, "event.channel": "reseller"},
        ("SAL", MoveKind.ENTERED, MARKETING, False),
    ),
    (
        "ML",
        "inquiry.received",
        {**KNOWN, "event.channel": "sales_direct"},
        ("SAL", MoveKind.ADVANCED, ("MAL", "MQL"), False),
    ),
    (
        None,
        "inquiry.received",
        {**KNOWN, "event.channel": "web"},
        ("ML", MoveKind.ENTERED, (), False),
    ),
    (None, "inquiry.received", KNOWN, ("ML", MoveKind.ENTERED, (), False)),
    # A request for contact qualifies alone, and begins a further pass after the end of one.
    ("MAL", "contact.requested", KNOWN, ("MQL", MoveKind.ADVANCED, (), False)),
    ("LOST", "contact.requested", KNOWN, ("MQL", MoveKind.RECYCLED, (), True)),
    ("WON", "contact.requested", KNOWN, ("MQL", MoveKind.ADVANCED, (), True)),
    # Existing customers are never candidates; an unknown company is no customer.
    ("MAL", "lead.qualified", {"account.stage": "KC"}, None),
    ("MAL", "lead.qualified", {"account.stage": "PROSPECT"}, ("MQL", MoveKind.ADVANCED, (), False)),
    ("MAL", "lead.qualified", {}, ("MQL", MoveKind.ADVANCED, (), False)),
    ("MQL", "lead.handed_over", {}, ("MQL", None, (), False)),
    ("MAL", "lead.handed_over", {}, None),
    ("MQL", "lead.sales_accepted", {}, ("SAL", MoveKind.ADVANCED, (), False)),
    ("MAL", "lead.sales_accepted", {}, None),
    (
        "MQL",
        "lead.sales_rejected",
        {"event.reason": "out_of_focus"},
        ("MAL", MoveKind.RETURNED, (), False),
    ),
    (
        "MQL",
        "lead.sales_rejected",
        {"event.reason": "competitor"},
        ("DISQUALIFIED", MoveKind.DISQUALIFIED, (), False),
    ),
    # Screening carries one class.
    ("SAL", "screening.completed", {"event.class": "now"}, ("SQL", MoveKind.ADVANCED, (), False)),
    ("SAL", "screening.completed", {"event.class": "later"}, None),
    (
        "SAL",
        "screening.completed",
        {"event.class": "not_yet"},
        ("MAL", MoveKind.RETURNED, (), False),
    ),
    ("MQL", "screening.completed", {"event.class": "now"}, None),
    # Deals and orders.
    (
        "MAL",
        "opportunity.created",
        OPEN_DEAL,
        ("OPP", MoveKind.ADVANCED, ("MQL", "SAL", "SQL"), False),
    ),
    ("SQL", "opportunity.created", OPEN_DEAL, ("OPP", MoveKind.ADVANCED, (), False)),
    ("SQL", "opportunity.created", NO_DEAL, None),
    ("DISQUALIFIED", "opportunity.created", OPEN_DEAL, None),
    ("WON", "opportunity.created", OPEN_DEAL, ("OPP", MoveKind.ADVANCED, (), True)),
    ("LOST", "opportunity.created", OPEN_DEAL, ("OPP", MoveKind.RECYCLED, (), True)),
    ("LOST", "opportunity.reopened", OPEN_DEAL, ("OPP", MoveKind.RETURNED, (), False)),
    ("OPP", "opportunity.lost", OPEN_DEAL, None),
    ("OPP", "opportunity.lost", NO_DEAL, ("LOST", MoveKind.LOST, (), False)),
    ("OPP", "opportunity.won", WON_DEAL, ("WON", MoveKind.ADVANCED, (), False)),
    ("LOST", "opportunity.won", WON_DEAL, ("WON", MoveKind.ADVANCED, (), False)),
    (
        "ML",
        "order.recorded",
        ORDER,
        ("WON", MoveKind.ADVANCED, ("MAL", "MQL", "SAL", "SQL", "OPP"), False),
    ),
    (None, "order.recorded", ORDER, ("WON", MoveKind.ENTERED, (*BEFORE_OPP, "OPP"), False)),
    (None, "order.recorded", {**ANONYMOUS, "lead.valid_orders": 1}, None),
    ("OPP", "order.recorded", {**KNOWN, "lead.valid_orders": 0}, None),
    ("WON", "order.recorded", ORDER, None),
    # Back and aside.
    ("OPP", "lead.recycled", NO_DEAL, ("MAL", MoveKind.RECYCLED, (), True)),
    ("OPP", "lead.recycled", OPEN_DEAL, None),
    ("LOST", "lead.recycled", NO_DEAL, ("MAL", MoveKind.RECYCLED, (), True)),
    ("WON", "lead.recycled", NO_DEAL, None),
    ("OPP", "lead.disqualified", {}, ("DISQUALIFIED", MoveKind.DISQUALIFIED, (), False)),
    ("DISQUALIFIED", "lead.requalified", KNOWN, ("MAL", MoveKind.RETURNED, (), False)),
    ("AL", "stage.corrected", {"event.to": "SAL"}, ("SAL", MoveKind.CORRECTED, MARKETING, False)),
    ("SAL", "stage.corrected", {"event.to": "ML"}, ("ML", MoveKind.CORRECTED, (), False)),
    ("SAL", "stage.corrected", {"event.to": "SAL"}, None),
]


@pytest.mark.parametrize(("stage", "event", "readings", "expected"), LEAD_MOVES)
def test_a_lead_moves_as_the_funnel_says(
    stage: str | None, event: str, readings: Readings, expected: Expected | None
) -> None:
    move = COMPILED.lead.find(stage, event, readings)
    said = None if move is None else (move.to, move.kind, move.passed_over, move.begins_pass)
    assert said == expected


@pytest.mark.parametrize(
    ("stage", "event", "expected"),
    [
        (None, "market.target_listed", ("PL", MoveKind.ENTERED, ())),
        ("C", "market.target_listed", None),
        ("PL", "account.prospect_gained", ("PROSPECT", MoveKind.ADVANCED, ())),
        ("C", "account.prospect_gained", None),
        ("PL", "account.customer_gained", ("C", MoveKind.ADVANCED, ("PROSPECT",))),
        (None, "account.customer_gained", ("C", MoveKind.ENTERED, ())),
        ("CHURNED", "account.customer_gained", ("C", MoveKind.RETURNED, ())),
        ("C", "account.key_candidate_set", ("KC", MoveKind.ADVANCED, ())),
        ("C", "account.key_set", ("KA", MoveKind.ADVANCED, ("KC",))),
        ("KC", "account.key_set", ("KA", MoveKind.ADVANCED, ())),
        ("PROSPECT", "account.key_set", None),
        ("KA", "account.key_removed", ("C", MoveKind.RETURNED, ())),
        ("KA", "customer.churned", ("CHURNED", MoveKind.LOST, ())),
        ("CHURNED", "customer.reactivated", ("C", MoveKind.RETURNED, ())),
    ],
)
def test_a_company_moves_as_the_funnel_says(
    stage: str | None, event: str, expected: tuple[str, MoveKind, tuple[str, ...]] | None
) -> None:
    move = COMPILED.account.find(stage, event, {})
    assert (move and (move.to, move.kind, move.passed_over)) == expected


def test_it_has_nothing_to_complain_of() -> None:
    assert inspect(TEXT, zones={"Asia/Tokyo"}).complaints == ()


def test_decisions_without_a_move_are_those_that_are_legal_everywhere() -> None:
    lifecycle = COMPILED.lifecycle
    free = {
        event.name
        for event in lifecycle.events.values()
        if event.kind is EventKind.DECISION
        and not is_offered(event)
        and not COMPILED.lead.targets(event.name)
        and not COMPILED.account.targets(event.name)
    }
    assert free == {
        "owner.assigned",
        "owner.unassigned",
        "account.linked",
        "account.segmented",
        "capacity.declared",
        "target.set",
        "period.closed",
        "campaign.cost_recorded",
        "competitor.listed",
        "competitor.unlisted",
        "origin.disputed",
        "origin.corrected",
        "lifecycle.published",
    }


@pytest.mark.parametrize(
    ("readings", "reason"),
    [
        ({"lead.company_domain": "", "account.competitor": False}, "accepted"),
        ({"lead.company_domain": "", "account.competitor": True}, "competitor"),
        ({"lead.company_domain": "school_domains"}, "student"),
        ({"lead.company_domain": "throwaway_domains"}, "invalid_data"),
        ({"lead.company_domain": None, "lead.free_mail": True}, "waits"),
        ({}, "waits"),
    ],
)
def test_exclusion_accepts_only_leads_that_can_be_judged(readings: Readings, reason: str) -> None:
    exclusion = COMPILED.lifecycle.exclusion
    assert exclusion is not None
    answers = [(rule.reason, rule.condition.test(readings)) for rule in exclusion.rules]
    true = [name for name, answer in answers if answer]
    waits = any(answer is None for _, answer in answers)
    assert (true[0] if true else "waits" if waits else "accepted") == reason


@pytest.mark.parametrize(
    ("readings", "origin"),
    [
        ({"event.type": "visit.recorded"}, "marketing-digital"),
        ({"event.type": "form.submitted", "event.channel": "organic"}, "marketing-digital"),
        ({"event.type": "form.submitted", "event.channel": "reseller"}, "reseller"),
        ({"event.type": "card.captured", "event.department": "field_sales"}, "sales-direct"),
        ({"event.type": "card.captured", "event.department": "marketing"}, "marketing-offline"),
        ({"event.type": "card.captured"}, "marketing-offline"),
        ({"event.type": "seminar.attended", "event.channel": "online"}, "marketing-digital"),
        ({"event.type": "seminar.attended"}, "marketing-offline"),
        ({"event.type": "inquiry.received", "event.channel": "sales_direct"}, "sales-direct"),
        ({"event.type": "inquiry.received", "event.channel": "phone"}, "marketing-offline"),
        ({"event.type": "inquiry.received", "event.channel": "web"}, "marketing-digital"),
        ({"event.type": "lead.referred"}, "referral"),
        ({"event.type": "opportunity.created", "event.department": "field_sales"}, "sales-direct"),
        ({"event.type": "opportunity.created"}, "unknown"),
    ],
)
def test_origin_follows_type_channel_and_department(readings: Readings, origin: str) -> None:
    lifecycle = COMPILED.lifecycle
    found = [rule.origin for rule in lifecycle.origin_rules if rule.condition.test(readings)]
    assert [*found, lifecycle.origin_otherwise][0] == origin
