"""Random histories with corrections: several people at several companies, mostly reports.

Every person has a user id and one address, which identifies the company, and gives both in every
report or is known by a cookie that was reported with them. So the subject of a report never depends
on what is taken back, and a fresh ledger can be given everything else. One cookie belongs to a
shared computer: its reports are about the person who used it last.
"""

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any, NamedTuple

from hypothesis import strategies as st

from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import EventKind, EventType, Role
from domain.lifecycle.service_events import is_offered
from domain.rules.deals import BUSINESS
from tests.support.histories import data_of, numbered
from tests.support.stories import day, returning_funnel, shipped_lifecycle

COMPANIES = ("acme.example", "other.example", "third.example")
FIRST_COMERS = tuple(f"hanako@{company}" for company in COMPANIES)
"""Known from the beginning, so that their cookies always resolve to them."""
PEOPLE = FIRST_COMERS + tuple(
    f"{name}@{company}" for company in COMPANIES for name in ("taro", "jiro")
)
LIFECYCLES: Mapping[str, CompiledLifecycle] = {
    "demand_funnel": shipped_lifecycle("demand_funnel"),
    "lead_management": shipped_lifecycle("lead_management"),
    "merged": shipped_lifecycle("merged"),
    "returning": returning_funnel(),
}
"""The shipped lifecycles, and one in which leads return automatically."""


class Report(NamedTuple):
    """An event about a person."""

    type: str
    person: str
    cookie: str | None
    is_by_cookie: bool
    """Whether only the cookie is given."""
    at: int
    data: Mapping[str, Any]
    department: str | None

    def event(self, id: str, person: str) -> dict[str, Any]:
        """Write it as if it were about `person`: the true one, or the one it is merged with."""
        lead = {"user_id": person, "email": self.person}
        if self.cookie is not None:
            cookie = {"anonymous_id": self.cookie}
            lead = cookie if self.is_by_cookie else lead | cookie
        return {
            "id": id,
            "type": self.type,
            "time": day(self.at).isoformat(),
            "lead": lead,
            "data": self.data,
        }


class AboutCompany(NamedTuple):
    """An event or a decision about a company."""

    type: str
    person: str
    """The company; companies are never merged."""
    at: int
    data: Mapping[str, Any]
    department: None = None

    def event(self, id: str, company: str) -> dict[str, Any]:
        return {
            "id": id,
            "type": self.type,
            "time": day(self.at).isoformat(),
            "account": {"domain": company},
            "data": self.data,
        }


class Void(NamedTuple):
    """Take back one of the reports so far, possibly one already taken back."""

    place: int


class Correct(NamedTuple):
    """Correct one field of one of the reports so far, or its time."""

    place: int
    field: int
    """Index 0 is the time."""
    value: int
    at: int


class Merge(NamedTuple):
    """Merge two people of a company."""

    person: str
    other: str


class Unmerge(NamedTuple):
    person: str


class Unlink(NamedTuple):
    """Move some of a person's reports to another person of the same company."""

    place: int
    others: tuple[int, ...]


Action = Report | AboutCompany | Void | Correct | Merge | Unmerge | Unlink


@st.composite
def reports(draw: st.DrawFn, types: Sequence[EventType]) -> Report:
    event_type = draw(st.sampled_from(types))
    person = draw(st.sampled_from(PEOPLE))
    data = draw(data_of(event_type))
    if event_type.role in BUSINESS:
        # No deal is shared by two people: the account would remember it for only one of them.
        data = numbered(person, data)
    cookie = None
    if person in FIRST_COMERS and event_type.kind is EventKind.FACT:
        own = f"of {person}"
        cookie = draw(st.sampled_from((None, None, f"c1 {own}", f"c2 {own}", "shared")))
    return Report(
        type=event_type.name,
        person=person,
        cookie=cookie,
        is_by_cookie=event_type.role not in BUSINESS and draw(st.booleans()),
        at=draw(st.integers(0, 30)),
        data=data,
        department=draw(st.sampled_from((None, "marketing", "field_sales"))),
    )


_places = st.integers(0, 200)


def actions(compiled: CompiledLifecycle) -> st.SearchStrategy[Action]:
    """Draw what may come next: mostly reports, half of which can move a lead."""
    lifecycle = compiled.lifecycle
    reportable = [
        event
        for event in lifecycle.events.values()
        if not event.reserved
        and not is_offered(event)
        and event.subject == "lead"
        and event.role is not Role.LINKS_ACCOUNT
    ]
    moves = {move.on for move in lifecycle.lead.moves}
    moving = [one for one in reportable if one.name in moves]
    pairs = st.sampled_from([Merge(one, other) for one, other in permutations(PEOPLE, 2)])
    about_companies = [
        event
        for event in lifecycle.events.values()
        if not event.reserved and not is_offered(event) and event.subject == "account"
    ]
    of_company = st.sampled_from(about_companies).flatmap(
        lambda one: st.builds(
            AboutCompany,
            st.just(one.name),
            st.sampled_from(COMPANIES),
            st.integers(0, 30),
            data_of(one),
        )
    )
    report = reports(moving) | reports(moving) | reports(reportable)
    taking_back = (
        st.builds(Void, _places)
        | st.builds(Correct, _places, st.integers(0, 9), st.integers(0, 9), st.integers(0, 30))
        | pairs
        | st.builds(Unmerge, st.sampled_from(PEOPLE))
        | st.builds(Unlink, _places, st.lists(_places, max_size=5).map(tuple))
    )
    return report | report | report | report | of_company | taking_back | taking_back


@st.composite
def corrected_histories(draw: st.DrawFn, *, longest: int = 140) -> tuple[str, list[Action]]:
    """Draw a lifecycle and a history under it: short ones find most errors, long ones the rest."""
    name = draw(st.sampled_from(sorted(LIFECYCLES)))
    size = draw(st.sampled_from((8, 30, longest)))
    action = actions(LIFECYCLES[name])
    return name, draw(st.lists(action, min_size=size // 2, max_size=size))
