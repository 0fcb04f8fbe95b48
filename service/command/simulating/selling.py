"""What sales does with a lead: take it or not, call, meet, propose, win or lose."""

from collections.abc import Mapping
from typing import NamedTuple

from service.command.simulating.market import PRODUCTS
from service.command.simulating.steps import (
    CALLS,
    CRM,
    MAIL,
    SimulatedStep,
    Steps,
    StepsTo,
    Teller,
    amount,
)

VALUE = 900_000
"""Yen of a typical order."""

_REJECTIONS = ("out_of_focus", "too_early", "no_budget", "gathering_information")
_LOSSES = ("chose_competitor", "no_budget", "too_early", "no_authority")
_CLASSES: Mapping[str, int] = {"now": 5, "later": 3, "not_yet": 2}


class Deal(NamedTuple):
    """What was won."""

    number: str
    value: str
    product: str
    business: str


def hand_over(teller: Teller, *, is_requested: bool) -> StepsTo[bool]:
    """Qualify the lead, and say whether sales takes it; now and then nobody decides."""
    if not is_requested:
        yield teller.noted(MAIL, "lead.qualified", 3)
    owner = f"inside-sales-{teller.hand.randrange(1, 5)}"
    if teller.happens(0.1):
        to = {"from_department": "marketing", "to_department": "inside_sales", "owner": owner}
        yield teller.noted(MAIL, "lead.handed_over", 0.1, **to)
    decided_after = 0.8 if teller.happens(0.85) else 6
    if teller.happens(0.06):
        return False
    if teller.happens(0.15):
        reason = teller.hand.choice(_REJECTIONS)
        yield teller.noted(CRM, "lead.sales_rejected", decided_after, reason=reason)
        return False
    yield teller.noted(CRM, "lead.sales_accepted", decided_after, owner=owner, team="inside_sales")
    if teller.person.is_hidden:
        yield teller.linked(0.5)
    if teller.happens(0.05):
        yield teller.noted(CRM, "origin.disputed", 1, origin="sales-direct")
    return True


def screen(teller: Teller) -> StepsTo[bool]:
    """Call until somebody answers, and say whether a proposal can be made."""
    if not (yield from _reach(teller)):
        return False
    if teller.happens(0.03):
        yield teller.noted(CALLS, "do_not_call.set", 0.01, channel="phone")
        yield teller.noted(CRM, "lead.disqualified", 1, reason="other")
        if teller.happens(0.3):
            yield teller.noted(CRM, "lead.requalified", 30)
        return False
    if teller.happens(0.05):
        yield teller.noted(CRM, "lead.sales_qualified", 1)
    else:
        found = teller.hand.choices(list(_CLASSES), list(_CLASSES.values()))[0]
        yield _completed(teller, found)
        if found == "not_yet" or (found == "later" and not teller.happens(0.4)):
            return False
        if found == "later":
            yield teller.noted(CALLS, "screening.attempted", 60, channel="phone", reached=True)
            yield _completed(teller, "now")
    if teller.happens(0.7):
        owner = f"field-sales-{teller.hand.randrange(1, 4)}"
        yield teller.noted(CRM, "owner.assigned", 1, owner=owner, team="field_sales")
    return True


def _reach(teller: Teller) -> StepsTo[bool]:
    for _ in range(teller.hand.randrange(1, 6)):
        is_reached = teller.happens(0.45)
        outcome = (
            "spoken" if is_reached else teller.hand.choice(("no_answer", "busy", "person_away"))
        )
        told = {"channel": "phone", "reached": is_reached, "outcome": outcome}
        yield teller.noted(CALLS, "screening.attempted", 1, **told)
        if is_reached:
            return True
    if teller.happens(0.7):
        yield teller.noted(CRM, "lead.recycled", 2, reason="unreachable")
    return False


def _completed(teller: Teller, found: str) -> SimulatedStep:
    return teller.noted(CALLS, "screening.completed", 0.01, **{"class": found, "channel": "phone"})


def sell(teller: Teller, *, business: str) -> StepsTo[Deal | None]:
    """Meet, propose, and return the deal if it is won."""
    yield from _meet(teller)
    if not teller.happens(0.7):
        if teller.happens(0.5) and business == "new":
            reason = teller.hand.choice(("too_early", "no_budget"))
            yield teller.noted(CRM, "lead.recycled", 14, reason=reason)
        return None
    product, number = teller.hand.choice(PRODUCTS), f"deal-{teller.number()}"
    deal = Deal(number, amount(teller.hand, VALUE), product, business)
    yield teller.noted(CRM, "opportunity.created", 5, **told_of(deal), channel="crm")
    if teller.happens(0.3):
        deal = deal._replace(value=amount(teller.hand, VALUE))
        yield teller.noted(CRM, "opportunity.updated", 5, **told_of(deal))
    yield teller.noted(CRM, "proposal.sent", 10, opportunity=number, proposal=f"proposal-{number}")
    if teller.happens(0.6):
        yield teller.noted(CRM, "quote.sent", 8, opportunity=number, quote=f"quote-{number}")
    if teller.happens(0.2):
        return None
    if teller.happens(0.5) and not (yield from _lose(teller, deal)):
        return None
    yield teller.noted(CRM, "opportunity.won", 15, **told_of(deal))
    return deal


def told_of(deal: Deal) -> dict[str, str]:
    """Return what a CRM tells of a deal."""
    return {
        "opportunity": deal.number,
        "value": deal.value,
        "currency": "JPY",
        "product": deal.product,
        "business": deal.business,
    }


def _meet(teller: Teller) -> Steps:
    if not teller.happens(0.7):
        return
    meeting = f"meeting-{teller.number()}"
    yield teller.noted(CRM, "meeting.scheduled", 1, meeting=meeting, channel="web")
    came = "meeting.held" if teller.happens(0.85) else "meeting.missed"
    yield teller.noted(CRM, came, 7, meeting=meeting)


def _lose(teller: Teller, deal: Deal) -> StepsTo[bool]:
    """Lose the deal, and say whether it has been taken up again."""
    reason = teller.hand.choice(_LOSSES)
    yield teller.noted(CRM, "opportunity.lost", 20, opportunity=deal.number, reason=reason)
    if teller.happens(0.15):
        yield teller.noted(CRM, "opportunity.reopened", 30, opportunity=deal.number, channel="crm")
        return True
    if teller.happens(0.2) and deal.business == "new":
        yield teller.noted(CRM, "lead.recycled", 60, reason="too_early")
    return False
