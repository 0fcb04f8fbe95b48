"""What sales does with a lead: accept or reject it, call, meet, propose, win or lose."""

from collections.abc import Mapping
from typing import NamedTuple

from service.command.simulating.market import PRODUCTS
from service.command.simulating.steps import (
    CALLS,
    CRM,
    MAIL,
    Reporter,
    SimulatedStep,
    Steps,
    StepsTo,
    amount,
)

VALUE = 900_000
"""A typical order, in yen."""

_REJECTIONS = ("out_of_focus", "too_early", "no_budget", "gathering_information")
_LOSSES = ("chose_competitor", "no_budget", "too_early", "no_authority")
_CLASSES: Mapping[str, int] = {"now": 5, "later": 3, "not_yet": 2}


class Deal(NamedTuple):
    """A deal that is being sold."""

    number: str
    value: str
    product: str
    business: str


def hand_over(reporter: Reporter, *, is_requested: bool) -> StepsTo[bool]:
    """Qualify the lead, and return whether sales accepts it; occasionally no one decides."""
    if not is_requested:
        yield reporter.noted(MAIL, "lead.qualified", 3)
    owner = f"inside-sales-{reporter.hand.randrange(1, 5)}"
    if reporter.happens(0.1):
        to = {"from_department": "marketing", "to_department": "inside_sales", "owner": owner}
        yield reporter.noted(MAIL, "lead.handed_over", 0.1, **to)
    decided_after = 0.8 if reporter.happens(0.85) else 6
    if reporter.happens(0.06):
        return False
    if reporter.happens(0.15):
        reason = reporter.hand.choice(_REJECTIONS)
        yield reporter.noted(CRM, "lead.sales_rejected", decided_after, reason=reason)
        return False
    yield reporter.noted(
        CRM, "lead.sales_accepted", decided_after, owner=owner, team="inside_sales"
    )
    if reporter.person.is_hidden:
        yield reporter.linked(0.5)
    if reporter.happens(0.05):
        yield reporter.noted(CRM, "origin.disputed", 1, origin="sales-direct")
    return True


def screen(reporter: Reporter) -> StepsTo[bool]:
    """Call until the person answers, and return whether a proposal can be made."""
    if not (yield from _reach(reporter)):
        return False
    if reporter.happens(0.03):
        yield reporter.noted(CALLS, "do_not_call.set", 0.01, channel="phone")
        yield reporter.noted(CRM, "lead.disqualified", 1, reason="other")
        if reporter.happens(0.3):
            yield reporter.noted(CRM, "lead.requalified", 30)
        return False
    if reporter.happens(0.05):
        yield reporter.noted(CRM, "lead.sales_qualified", 1)
    else:
        found = reporter.hand.choices(list(_CLASSES), list(_CLASSES.values()))[0]
        yield _completed(reporter, found)
        if found == "not_yet" or (found == "later" and not reporter.happens(0.4)):
            return False
        if found == "later":
            yield reporter.noted(CALLS, "screening.attempted", 60, channel="phone", reached=True)
            yield _completed(reporter, "now")
    if reporter.happens(0.7):
        owner = f"field-sales-{reporter.hand.randrange(1, 4)}"
        yield reporter.noted(CRM, "owner.assigned", 1, owner=owner, team="field_sales")
    return True


def _reach(reporter: Reporter) -> StepsTo[bool]:
    for _ in range(reporter.hand.randrange(1, 6)):
        is_reached = reporter.happens(0.45)
        outcome = (
            "spoken" if is_reached else reporter.hand.choice(("no_answer", "busy", "person_away"))
        )
        data = {"channel": "phone", "reached": is_reached, "outcome": outcome}
        yield reporter.noted(CALLS, "screening.attempted", 1, **data)
        if is_reached:
            return True
    if reporter.happens(0.7):
        yield reporter.noted(CRM, "lead.recycled", 2, reason="unreachable")
    return False


def _completed(reporter: Reporter, found: str) -> SimulatedStep:
    return reporter.noted(
        CALLS, "screening.completed", 0.01, **{"class": found, "channel": "phone"}
    )


def sell(reporter: Reporter, *, business: str) -> StepsTo[Deal | None]:
    """Meet, propose, and return the deal if it is won."""
    yield from _meet(reporter)
    if not reporter.happens(0.7):
        if reporter.happens(0.5) and business == "new":
            reason = reporter.hand.choice(("too_early", "no_budget"))
            yield reporter.noted(CRM, "lead.recycled", 14, reason=reason)
        return None
    product, number = reporter.hand.choice(PRODUCTS), f"deal-{reporter.number()}"
    deal = Deal(number, amount(reporter.hand, VALUE), product, business)
    yield reporter.noted(CRM, "opportunity.created", 5, **described(deal), channel="crm")
    if reporter.happens(0.3):
        deal = deal._replace(value=amount(reporter.hand, VALUE))
        yield reporter.noted(CRM, "opportunity.updated", 5, **described(deal))
    yield reporter.noted(
        CRM, "proposal.sent", 10, opportunity=number, proposal=f"proposal-{number}"
    )
    if reporter.happens(0.6):
        yield reporter.noted(CRM, "quote.sent", 8, opportunity=number, quote=f"quote-{number}")
    if reporter.happens(0.2):
        return None
    if reporter.happens(0.5) and not (yield from _lose(reporter, deal)):
        return None
    yield reporter.noted(CRM, "opportunity.won", 15, **described(deal))
    return deal


def described(deal: Deal) -> dict[str, str]:
    """Return a deal's data as a CRM reports it."""
    return {
        "opportunity": deal.number,
        "value": deal.value,
        "currency": "JPY",
        "product": deal.product,
        "business": deal.business,
    }


def _meet(reporter: Reporter) -> Steps:
    if not reporter.happens(0.7):
        return
    meeting = f"meeting-{reporter.number()}"
    yield reporter.noted(CRM, "meeting.scheduled", 1, meeting=meeting, channel="web")
    outcome = "meeting.held" if reporter.happens(0.85) else "meeting.missed"
    yield reporter.noted(CRM, outcome, 7, meeting=meeting)


def _lose(reporter: Reporter, deal: Deal) -> StepsTo[bool]:
    """Lose the deal, and return whether it is reopened."""
    reason = reporter.hand.choice(_LOSSES)
    yield reporter.noted(CRM, "opportunity.lost", 20, opportunity=deal.number, reason=reason)
    if reporter.happens(0.15):
        yield reporter.noted(
            CRM, "opportunity.reopened", 30, opportunity=deal.number, channel="crm"
        )
        return True
    if reporter.happens(0.2) and deal.business == "new":
        yield reporter.noted(CRM, "lead.recycled", 60, reason="too_early")
    return False
