"""How one person comes to be known, is nurtured, called, and perhaps buys.

Every journey is a plausible one: decisions come where the funnel allows them, deadlines are mostly
met, and what goes wrong in real life goes wrong here too, now and then.
"""

import random
from collections.abc import Callable, Mapping

from service.command.simulating.market import CAMPAIGNS, PRODUCTS, Person
from service.command.simulating.steps import (
    CALLS,
    CRM,
    MAIL,
    ORDERS,
    SEMINARS,
    WEB,
    Steps,
    Teller,
    amount,
)

VALUE = 900_000
"""Yen of a typical order."""

_REJECTIONS = ("out_of_focus", "too_early", "no_budget", "gathering_information")
_LOSSES = ("chose_competitor", "no_budget", "too_early", "no_authority")
_CLASSES: Mapping[str, int] = {"now": 5, "later": 3, "not_yet": 2}
_ENTRANCES: Mapping[str, int] = {
    "web": 40,
    "seminar": 18,
    "card": 10,
    "listed": 8,
    "inquiry": 8,
    "request": 5,
    "referral": 3,
    "sales_card": 3,
    "direct": 3,
    "reseller": 2,
}
"""How people come, and how many of a hundred."""


def journey(person: Person, hand: random.Random) -> Steps:
    """Tell the whole journey of one person, step by step."""
    teller = Teller(person, hand)
    entrance = hand.choices(list(_ENTRANCES), list(_ENTRANCES.values()))[0]
    yield from _enter(teller, entrance)
    if entrance in ("direct", "reseller"):
        yield from _screen(teller)
        return
    if entrance != "request" and not teller.happens(0.75):
        return
    yield from _nurture(teller)
    if person.is_hidden and teller.happens(0.6):
        yield teller.noted(CRM, "lead.accepted", 3)
    if entrance == "request" or teller.happens(0.35):
        yield from _hand_over(teller, is_requested=entrance == "request")


def _enter(teller: Teller, entrance: str) -> Steps:
    """Come to be known: on the web after some visits, or by way of some other system."""
    if entrance in _ON_THE_WEB:
        channel = teller.hand.choice(("organic", "paid", "social", "email"))
        for _ in range(teller.hand.randrange(1, 5)):
            yield teller.seen("visit.recorded", 2, page="/product", channel=channel)
        yield from _ON_THE_WEB[entrance](teller, channel)
    else:
        yield from _ELSEWHERE[entrance](teller)


def _form(teller: Teller, channel: str) -> Steps:
    form = teller.hand.choice(("white_paper", "price_list", "newsletter"))
    campaign = teller.hand.choice(CAMPAIGNS)
    yield teller.named(WEB, "form.submitted", 1, form=form, channel=channel, campaign=campaign)


def _request(teller: Teller, _: str) -> Steps:
    yield teller.named(WEB, "contact.requested", 1, channel="web", form="contact")


def _inquiry(teller: Teller, _: str) -> Steps:
    channel = teller.hand.choice(("web", "phone", "mail"))
    yield teller.named(WEB, "inquiry.received", 1, channel=channel)


def _seminar(teller: Teller) -> Steps:
    seminar = f"seminar-{teller.hand.randrange(12):02}"
    told = {"seminar": seminar, "channel": "webinar", "campaign": teller.hand.choice(CAMPAIGNS)}
    yield teller.named(SEMINARS, "seminar.registered", 1, **told)
    came = "seminar.attended" if teller.happens(0.7) else "seminar.missed"
    yield teller.named(SEMINARS, came, 10, **told)


def _card(teller: Teller) -> Steps:
    campaign = teller.hand.choice(CAMPAIGNS)
    yield teller.named(CRM, "card.captured", 1, channel="expo", campaign=campaign)


def _sales_card(teller: Teller) -> Steps:
    yield teller.named(CRM, "card.captured", 1, channel="sales_direct")


def _listed(teller: Teller) -> Steps:
    yield teller.named(CRM, "list.imported", 1, list="trade-directory", channel="list")


def _referral(teller: Teller) -> Steps:
    yield teller.named(CRM, "lead.referred", 1, channel="referral")


def _direct(teller: Teller) -> Steps:
    product = teller.hand.choice(PRODUCTS)
    yield teller.named(CRM, "inquiry.received", 1, channel="sales_direct", product=product)


def _reseller(teller: Teller) -> Steps:
    product = teller.hand.choice(PRODUCTS)
    yield teller.named(CRM, "inquiry.received", 1, channel="reseller", product=product)


_ON_THE_WEB: Mapping[str, Callable[[Teller, str], Steps]] = {
    "web": _form,
    "request": _request,
    "inquiry": _inquiry,
}
_ELSEWHERE: Mapping[str, Callable[[Teller], Steps]] = {
    "seminar": _seminar,
    "card": _card,
    "sales_card": _sales_card,
    "listed": _listed,
    "referral": _referral,
    "direct": _direct,
    "reseller": _reseller,
}


def _nurture(teller: Teller) -> Steps:
    """Mail and content for some weeks."""
    yield teller.noted(MAIL, "scenario.started", 2, scenario="welcome")
    for number in range(teller.hand.randrange(1, 6)):
        message = f"welcome-{number + 1}"
        yield teller.noted(MAIL, "email.sent", 7, message=message)
        if teller.happens(0.03):
            yield teller.noted(MAIL, "email.bounced", 0.01, message=message, outcome="mailbox_full")
            continue
        yield teller.noted(MAIL, "email.delivered", 0.01, message=message)
        if teller.happens(0.45):
            yield teller.noted(MAIL, "email.opened", 1, message=message)
        if teller.happens(0.2):
            yield teller.noted(MAIL, "email.clicked", 0.1, message=message, link="/case-study")
            yield teller.seen("content.viewed", 0.01, content="case_study", page="/case-study")
        if teller.happens(0.12):
            yield teller.named(WEB, "content.downloaded", 1, content="comparison", page="/download")
        if teller.happens(0.02):
            yield teller.noted(MAIL, "unsubscribed", 0.2, channel="email")
            return
    yield teller.noted(MAIL, "scenario.completed", 3, scenario="welcome")


def _hand_over(teller: Teller, *, is_requested: bool) -> Steps:
    if not is_requested:
        yield teller.noted(MAIL, "lead.qualified", 3)
    decided_after = 0.8 if teller.happens(0.85) else 6
    if teller.happens(0.12):
        return
    if teller.happens(0.15):
        reason = teller.hand.choice(_REJECTIONS)
        yield teller.noted(CRM, "lead.sales_rejected", decided_after, reason=reason)
        return
    yield teller.noted(CRM, "lead.sales_accepted", decided_after)
    yield from _screen(teller)


def _screen(teller: Teller) -> Steps:
    for _ in range(teller.hand.randrange(1, 5)):
        is_reached = teller.happens(0.45)
        outcome = "reached" if is_reached else teller.hand.choice(("no_answer", "busy", "absent"))
        told = {"channel": "phone", "reached": is_reached, "outcome": outcome}
        yield teller.noted(CALLS, "screening.attempted", 1, **told)
        if is_reached:
            break
    else:
        if teller.happens(0.5):
            yield teller.noted(CRM, "lead.recycled", 2, reason="unreachable")
        return
    found = teller.hand.choices(list(_CLASSES), list(_CLASSES.values()))[0]
    yield teller.noted(CALLS, "screening.completed", 0.01, **{"class": found, "channel": "phone"})
    if found == "now":
        yield from _sell(teller, business="new")
    elif found == "later" and teller.happens(0.4):
        yield teller.noted(CALLS, "screening.attempted", 60, channel="phone", reached=True)
        yield teller.noted(CALLS, "screening.completed", 0.01, **{"class": "now"})
        yield from _sell(teller, business="new")


def _sell(teller: Teller, *, business: str) -> Steps:
    if teller.happens(0.7):
        meeting = f"meeting-{teller.hand.getrandbits(40):010x}"
        yield teller.noted(CRM, "meeting.scheduled", 1, meeting=meeting, channel="web")
        came = "meeting.held" if teller.happens(0.85) else "meeting.missed"
        yield teller.noted(CRM, came, 7, meeting=meeting)
    if not teller.happens(0.7):
        if teller.happens(0.5):
            reason = teller.hand.choice(("too_early", "no_budget"))
            yield teller.noted(CRM, "lead.recycled", 14, reason=reason)
        return
    deal = f"deal-{teller.hand.getrandbits(48):012x}"
    told = {"opportunity": deal, "value": amount(teller.hand, VALUE), "currency": "JPY"}
    product = teller.hand.choice(PRODUCTS)
    yield teller.noted(
        CRM, "opportunity.created", 5, **told, product=product, business=business, channel="crm"
    )
    yield teller.noted(CRM, "proposal.sent", 10, opportunity=deal, proposal=f"proposal-{deal}")
    if teller.happens(0.6):
        yield teller.noted(CRM, "quote.sent", 8, opportunity=deal, quote=f"quote-{deal}")
    if teller.happens(0.2):
        return
    if teller.happens(0.55):
        reason = teller.hand.choice(_LOSSES)
        yield teller.noted(CRM, "opportunity.lost", 20, opportunity=deal, reason=reason)
        return
    yield teller.noted(CRM, "opportunity.won", 15, **told, product=product, business=business)
    yield from _buy(teller, deal, told["value"], product, business)


def _buy(teller: Teller, deal: str, value: str, product: str, business: str) -> Steps:
    order = f"order-{teller.hand.getrandbits(48):012x}"
    told = {"value": value, "currency": "JPY", "product": product, "business": business}
    yield teller.noted(ORDERS, "order.recorded", 2, order=order, opportunity=deal, **told)
    if teller.happens(0.03):
        yield teller.noted(ORDERS, "order.cancelled", 10, order=order, reason="other")
        return
    if teller.happens(0.05):
        yield teller.noted(
            ORDERS,
            "order.amended",
            10,
            order=order,
            value=amount(teller.hand, VALUE),
            currency="JPY",
        )
    if teller.happens(0.25):
        yield teller.of_company(CRM, "account.segmented", 30, segment="high")
        if teller.happens(0.4):
            role = teller.hand.choice(("defend", "attack"))
            yield teller.of_company(CRM, "account.key_set", 20, segment="high", key_role=role)
    if teller.happens(0.3) and business == "new":
        yield from _sell(teller, business="cross_sell")
    elif teller.happens(0.1):
        yield teller.of_company(CRM, "customer.churned", 120, outcome="moved_in_house")
