"""How people become known: on the web after some visits, or through another system."""

from collections.abc import Callable, Mapping

from service.command.simulating.market import CAMPAIGNS, PRODUCTS
from service.command.simulating.steps import CRM, SEMINARS, WEB, Reporter, Steps, StepsTo

REQUEST = "request"
"""Asks to be called, and so needs no qualification."""
TO_SALES = ("direct", "reseller")
"""Go straight to sales, bypassing marketing."""

_ENTRANCES: Mapping[str, int] = {
    "web": 40,
    "seminar": 18,
    "card": 10,
    "listed": 8,
    "inquiry": 8,
    REQUEST: 5,
    "referral": 3,
    "sales_card": 3,
    "direct": 3,
    "reseller": 2,
}
"""How people arrive, in percent."""


def enter(reporter: Reporter) -> StepsTo[str]:
    """Become known, and return the entrance."""
    entrance = reporter.hand.choices(list(_ENTRANCES), list(_ENTRANCES.values()))[0]
    if entrance in _ON_THE_WEB:
        channel = reporter.hand.choice(("organic", "paid", "social", "email"))
        yield from _look_around(reporter, channel)
        yield from _ON_THE_WEB[entrance](reporter, channel)
    else:
        yield from _ELSEWHERE[entrance](reporter)
    if reporter.happens(0.2):
        yield reporter.noted(WEB, "consent.given", 0.01, purpose="newsletter", channel="email")
    return entrance


def _look_around(reporter: Reporter, channel: str) -> Steps:
    """Look at some pages while still anonymous."""
    if channel == "paid":
        campaign = reporter.hand.choice(CAMPAIGNS)
        yield reporter.seen("ad.clicked", 1, ad="banner-1", channel=channel, campaign=campaign)
    if channel == "social":
        yield reporter.seen("social.followed", 1, channel=channel)
    for _ in range(reporter.hand.randrange(1, 5)):
        page = reporter.hand.choice(("/product", "/case-study", "/pricing"))
        yield reporter.seen("visit.recorded", 2, page=page, channel=channel)
    if reporter.happens(0.05):
        yield reporter.seen("chat.started", 0.01, page="/product", channel=channel)


def _form(reporter: Reporter, channel: str) -> Steps:
    form = reporter.hand.choice(("white_paper", "price_list", "newsletter"))
    campaign = reporter.hand.choice(CAMPAIGNS)
    yield reporter.named(WEB, "form.submitted", 1, form=form, channel=channel, campaign=campaign)


def _request(reporter: Reporter, _: str) -> Steps:
    yield reporter.named(WEB, "contact.requested", 1, channel="web", form="contact")


def _inquiry(reporter: Reporter, _: str) -> Steps:
    channel = reporter.hand.choice(("web", "phone", "mail"))
    yield reporter.named(WEB, "inquiry.received", 1, channel=channel)


def _seminar(reporter: Reporter) -> Steps:
    seminar = f"seminar-{reporter.hand.randrange(12):02}"
    data = {"seminar": seminar, "channel": "webinar", "campaign": reporter.hand.choice(CAMPAIGNS)}
    yield reporter.named(SEMINARS, "seminar.registered", 1, **data)
    outcome = "seminar.attended" if reporter.happens(0.7) else "seminar.missed"
    yield reporter.named(SEMINARS, outcome, 10, **data)


def _card(reporter: Reporter) -> Steps:
    campaign = reporter.hand.choice(CAMPAIGNS)
    yield reporter.named(CRM, "card.captured", 1, channel="exhibition", campaign=campaign)


def _sales_card(reporter: Reporter) -> Steps:
    yield reporter.named(CRM, "card.captured", 1, channel="sales_direct")


def _listed(reporter: Reporter) -> Steps:
    yield reporter.named(CRM, "list.imported", 1, list="trade-directory", channel="list")


def _referral(reporter: Reporter) -> Steps:
    yield reporter.named(CRM, "lead.referred", 1, channel="referral")


def _direct(reporter: Reporter) -> Steps:
    yield from _to_sales(reporter, "sales_direct")


def _reseller(reporter: Reporter) -> Steps:
    """Arrive through a reseller, who may be given the lead back and then usually reports."""
    reseller = f"reseller-{reporter.hand.randrange(1, 4)}"
    yield from _to_sales(reporter, "reseller", reseller=reseller)
    if reporter.happens(0.5):
        yield reporter.noted(CRM, "lead.handed_over", 1, reseller=reseller)
        if reporter.happens(0.8):
            found = reporter.hand.choice(("now", "later"))
            yield reporter.noted(CRM, "reseller.reported", 6, reseller=reseller, **{"class": found})


def _to_sales(reporter: Reporter, channel: str, **by: str) -> Steps:
    product, owner = reporter.hand.choice(PRODUCTS), f"field-sales-{reporter.hand.randrange(1, 4)}"
    data = {"channel": channel, "product": product, "owner": owner, **by}
    yield reporter.named(CRM, "inquiry.received", 1, **data)


_ON_THE_WEB: Mapping[str, Callable[[Reporter, str], Steps]] = {
    "web": _form,
    REQUEST: _request,
    "inquiry": _inquiry,
}
_ELSEWHERE: Mapping[str, Callable[[Reporter], Steps]] = {
    "seminar": _seminar,
    "card": _card,
    "sales_card": _sales_card,
    "listed": _listed,
    "referral": _referral,
    "direct": _direct,
    "reseller": _reseller,
}
