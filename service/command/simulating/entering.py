"""How people come to be known: on the web after some visits, or by way of some other system."""

from collections.abc import Callable, Mapping

from service.command.simulating.market import CAMPAIGNS, PRODUCTS
from service.command.simulating.steps import CRM, SEMINARS, WEB, Steps, StepsTo, Teller

REQUEST = "request"
"""Asks to be called, and so needs nobody to be judged likely."""
TO_SALES = ("direct", "reseller")
"""Come to sales at once, outside marketing's work."""

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
"""How people come, and how many of a hundred."""


def enter(teller: Teller) -> StepsTo[str]:
    """Come to be known, and say by which entrance."""
    entrance = teller.hand.choices(list(_ENTRANCES), list(_ENTRANCES.values()))[0]
    if entrance in _ON_THE_WEB:
        channel = teller.hand.choice(("organic", "paid", "social", "email"))
        yield from _look_around(teller, channel)
        yield from _ON_THE_WEB[entrance](teller, channel)
    else:
        yield from _ELSEWHERE[entrance](teller)
    if teller.happens(0.2):
        yield teller.noted(WEB, "consent.given", 0.01, purpose="newsletter", channel="email")
    return entrance


def _look_around(teller: Teller, channel: str) -> Steps:
    """Look at some pages, before anybody knows who it is."""
    if channel == "paid":
        campaign = teller.hand.choice(CAMPAIGNS)
        yield teller.seen("ad.clicked", 1, ad="banner-1", channel=channel, campaign=campaign)
    if channel == "social":
        yield teller.seen("social.followed", 1, channel=channel)
    for _ in range(teller.hand.randrange(1, 5)):
        page = teller.hand.choice(("/product", "/case-study", "/pricing"))
        yield teller.seen("visit.recorded", 2, page=page, channel=channel)
    if teller.happens(0.05):
        yield teller.seen("chat.started", 0.01, page="/product", channel=channel)


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
    yield teller.named(CRM, "card.captured", 1, channel="exhibition", campaign=campaign)


def _sales_card(teller: Teller) -> Steps:
    yield teller.named(CRM, "card.captured", 1, channel="sales_direct")


def _listed(teller: Teller) -> Steps:
    yield teller.named(CRM, "list.imported", 1, list="trade-directory", channel="list")


def _referral(teller: Teller) -> Steps:
    yield teller.named(CRM, "lead.referred", 1, channel="referral")


def _direct(teller: Teller) -> Steps:
    yield from _to_sales(teller, "sales_direct")


def _reseller(teller: Teller) -> Steps:
    """Come by a reseller, who may be given the lead back, and then mostly reports."""
    reseller = f"reseller-{teller.hand.randrange(1, 4)}"
    yield from _to_sales(teller, "reseller", reseller=reseller)
    if teller.happens(0.5):
        yield teller.noted(CRM, "lead.handed_over", 1, reseller=reseller)
        if teller.happens(0.8):
            found = teller.hand.choice(("now", "later"))
            yield teller.noted(CRM, "reseller.reported", 6, reseller=reseller, **{"class": found})


def _to_sales(teller: Teller, channel: str, **by: str) -> Steps:
    product, owner = teller.hand.choice(PRODUCTS), f"field-sales-{teller.hand.randrange(1, 4)}"
    told = {"channel": channel, "product": product, "owner": owner, **by}
    yield teller.named(CRM, "inquiry.received", 1, **told)


_ON_THE_WEB: Mapping[str, Callable[[Teller, str], Steps]] = {
    "web": _form,
    REQUEST: _request,
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
