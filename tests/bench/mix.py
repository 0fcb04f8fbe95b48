"""The events that the benches send: what a marketing department's tools report about its leads.

Seeded by a tag: the same tag makes the same events with the same ids; another tag, other people.
"""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

EVENTS_PER_LEAD: Final = 5
LEADS_PER_COMPANY: Final = 10
SHARE_KNOWN: Final = 0.6
"""The share of visitors who fill in a form at some time."""
SHARE_QUALIFIED: Final = 0.08
SHARE_WITH_DEAL: Final = 0.03
"""A share of the known people."""

SPAN: Final = timedelta(days=90)
"""The time in which leads come. With their journeys, all of it lies within the last 100 days, so
that hardly any lead has been silent for long enough to be dormant."""

_LAST_JOURNEYS: Final = timedelta(days=10)
"""After the last lead has come; a journey takes five days on average, seldom twice as long."""

CHANNELS: Final = ("organic", "paid_search", "social", "referral", "email")
PAGES: Final = ("/", "/pricing", "/products/ledger", "/cases/steel", "/download", "/company")
FAMILY_NAMES: Final = ("佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村")

Event = dict[str, Any]


class TimedEvent(NamedTuple):
    """An event, the company of the person it is about, and when it happens."""

    at_minute: float
    company: int
    event: Event


class Person(NamedTuple):
    company: int
    cookie: str
    email: str
    name: str


def timed_events(
    tag: str, count: int, *, people: str | None = None, end: datetime | None = None
) -> list[TimedEvent]:
    """Return `count` events in order of time, up to `end`: now, if it is not given.

    `people` is the tag whose leads they are about, unless these are new. Nothing is decided about
    existing leads, because their stages are not known here.
    """
    chance = random.Random(tag)
    begin = (end or datetime.now(UTC)) - SPAN - _LAST_JOURNEYS
    minutes = SPAN / timedelta(minutes=1)
    events: list[TimedEvent] = []
    lead = 0
    while len(events) < count:
        person = _person(people or tag, lead, max(1, count // EVENTS_PER_LEAD))
        minute = chance.random() * minutes
        for make in _journey(chance, may_decide=people is None):
            event = make(chance, person)
            event["time"] = (begin + timedelta(minutes=minute)).isoformat()
            events.append(TimedEvent(minute, person.company, event))
            minute += chance.expovariate(1 / 600)
        lead += 1
    events.sort(key=lambda one: one.at_minute)
    return events[:count]


def events_of(
    tag: str, count: int, *, people: str | None = None, end: datetime | None = None
) -> list[Event]:
    """Return `count` events in order of time, without the people behind them."""
    return [one.event for one in timed_events(tag, count, people=people, end=end)]


def _person(tag: str, lead: int, leads: int) -> Person:
    company = lead % max(1, leads // LEADS_PER_COMPANY)
    return Person(
        company=company,
        cookie=f"c-{tag}-{lead}",
        email=f"person{lead}@company{company}-{tag}.example",
        name=f"{FAMILY_NAMES[lead % len(FAMILY_NAMES)]} {lead}",
    )


Make = Callable[[random.Random, Person], Event]


def _journey(chance: random.Random, *, may_decide: bool) -> Iterator[Make]:
    """Generate what one lead does, from the first visit."""
    yield _visit
    if chance.random() >= SHARE_KNOWN:
        for _ in range(chance.randint(0, 5)):
            yield chance.choice((_visit, _visit, _view))
        return
    yield _view
    yield _form
    for _ in range(chance.randint(0, 7)):
        yield chance.choice((_visit, _view, _open, _open))
    if may_decide and chance.random() < SHARE_QUALIFIED:
        yield _qualify
    if chance.random() < SHARE_WITH_DEAL:
        yield _deal


def _event(chance: random.Random, type: str, lead: dict[str, str], **data: str) -> Event:
    return {"id": f"{chance.getrandbits(96):024x}", "type": type, "lead": lead, "data": data}


def _visit(chance: random.Random, person: Person) -> Event:
    return _event(
        chance,
        "visit.recorded",
        {"anonymous_id": person.cookie},
        page=chance.choice(PAGES),
        channel=chance.choice(CHANNELS),
    )


def _view(chance: random.Random, person: Person) -> Event:
    return _event(
        chance,
        "content.viewed",
        {"anonymous_id": person.cookie},
        content=f"case-{chance.randint(1, 40)}",
        page=chance.choice(PAGES),
    )


def _form(chance: random.Random, person: Person) -> Event:
    return _event(
        chance,
        "form.submitted",
        {"email": person.email, "anonymous_id": person.cookie, "name": person.name},
        form="whitepaper",
        channel=chance.choice(CHANNELS),
        message="資料を拝見したく、お送りください。",
    )


def _open(chance: random.Random, person: Person) -> Event:
    return _event(
        chance,
        "email.opened",
        {"email": person.email},
        message=f"newsletter-{chance.randint(1, 12)}",
        campaign="spring",
    )


def _qualify(chance: random.Random, person: Person) -> Event:
    return _event(chance, "lead.qualified", {"email": person.email})


def _deal(chance: random.Random, person: Person) -> Event:
    return _event(
        chance,
        "opportunity.created",
        {"email": person.email},
        opportunity=f"deal-{chance.getrandbits(64):016x}",
        value="1200000",
        currency="JPY",
    )
