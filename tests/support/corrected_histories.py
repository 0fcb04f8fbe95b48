"""Random histories with corrections: several people of several companies, most of it reports.

Everybody has an account with us and one address, which says what company he is of, and gives both
in every report or is known by a cookie that he has given them with. So what each report is of never
depends on what is taken back, and a fresh ledger can be told all but that. One cookie is of a
computer that several use: its reports are of whoever has given it last.
"""

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any, NamedTuple

from hypothesis import strategies as st

from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import EventKind, EventType
from domain.lifecycle.service_events import is_offered
from domain.rules.deals import BUSINESS
from tests.support.histories import data_of
from tests.support.stories import day, returning_funnel, shipped_lifecycle

COMPANIES = ("acme.example", "other.example", "third.example")
FIRST_COMERS = tuple(f"hanako@{company}" for company in COMPANIES)
"""Known from the beginning, so that a cookie of theirs always turns out to be theirs."""
PEOPLE = FIRST_COMERS + tuple(
    f"{name}@{company}" for company in COMPANIES for name in ("taro", "jiro")
)
LIFECYCLES: Mapping[str, CompiledLifecycle] = {
    "demand_funnel": shipped_lifecycle("demand_funnel"),
    "lead_management": shipped_lifecycle("lead_management"),
    "merged": shipped_lifecycle("merged"),
    "returning": returning_funnel(),
}
"""Those that are shipped, and one in which leads go back by themselves."""


class Report(NamedTuple):
    """Something that happened to a person."""

    type: str
    person: str
    cookie: str | None
    is_by_cookie: bool
    """Whether nothing but the cookie is given."""
    at: int
    data: Mapping[str, Any]
    department: str | None

    def event(self, id: str, person: str) -> dict[str, Any]:
        """Write it as if it were about a person: the one it is about, or who is taken for him."""
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
    """Something that happened to a company, or was decided about it."""

    type: str
    person: str
    """The company: nobody is merged with it."""
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
    """Take back one of the reports so far, or what has been taken back already."""

    place: int


class Correct(NamedTuple):
    """Correct one field of one of the reports so far, or when it happened."""

    place: int
    field: int
    """The first is the time."""
    value: int
    at: int


class Merge(NamedTuple):
    """Take two people of a company for one."""

    person: str
    other: str


class Unmerge(NamedTuple):
    person: str


class Unlink(NamedTuple):
    """Take some of the reports about a person for those of another one, of the same company."""

    place: int
    others: tuple[int, ...]


Action = Report | AboutCompany | Void | Correct | Merge | Unmerge | Unlink


@st.composite
def reports(draw: st.DrawFn, types: Sequence[EventType]) -> Report:
    event_type = draw(st.sampled_from(types))
    person = draw(st.sampled_from(PEOPLE))
    data = draw(data_of(event_type))
    if event_type.role in BUSINESS:
        # No deal of two people: of those the account remembers one, whoever told of it.
        data |= {
            name: f"{person} {data[name]}" for name in ("opportunity", "order") if name in data
        }
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
    """Draw what may come next: most of it reports, half of them of a kind that moves somebody."""
    lifecycle = compiled.lifecycle
    told = [
        one
        for one in lifecycle.events.values()
        if not one.reserved and not is_offered(one) and one.subject == "lead"
    ]
    moves = {move.on for move in lifecycle.lead.moves}
    moving = [one for one in told if one.name in moves]
    pairs = st.sampled_from([Merge(one, other) for one, other in permutations(PEOPLE, 2)])
    about_companies = [
        one
        for one in lifecycle.events.values()
        if not one.reserved and not is_offered(one) and one.subject == "account"
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
    report = reports(moving) | reports(moving) | reports(told)
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
    """Draw a lifecycle and what happens under it: short ones find most, long ones the rest."""
    name = draw(st.sampled_from(sorted(LIFECYCLES)))
    size = draw(st.sampled_from((8, 30, longest)))
    action = actions(LIFECYCLES[name])
    return name, draw(st.lists(action, min_size=size // 2, max_size=size))
