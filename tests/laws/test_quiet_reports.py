"""The fast path of deciding agrees with the slow path for every report about every lead."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.deciding.decide import NotAllowed, Party, decide
from domain.event import Event
from domain.lead.identity import Resolution
from domain.lead.state import AccountState, LeadState, Point, StandingFact, State
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import EventKind, SubjectKind
from domain.signal import Identifier
from events.lifecycles.shipped import SHIPPED, shipped_text
from tests.histories import Step, histories, tell
from tests.ledger_in_memory import LedgerInMemory
from tests.stories import day, demand_funnel, published, returning_funnel, signal

FUNNELS: Mapping[str, CompiledLifecycle] = {
    **{name: published(shipped_text(name)) for name in SHIPPED},
    "returning": returning_funnel(competitors=("rival.example",)),
    "by threshold": demand_funnel(changes=(("  mode: selection\n", "  mode: threshold\n"),)),
}
thorough = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Details(NamedTuple):
    """The data of a report, and what it names in addition to its lead."""

    at: int
    known: bool
    attributes: Mapping[str, Any]
    data: Mapping[str, Any]
    links: tuple[Identifier, ...]
    account_links: tuple[str, ...]
    account: str | None
    """None: the account that the lead belongs to."""


any_details = st.builds(
    Details,
    at=st.integers(min_value=0, max_value=400),
    known=st.booleans(),
    attributes=st.sampled_from(({}, {}, {"company_domain": "acme.example"}, {"industry": "steel"})),
    data=st.sampled_from(
        (
            *({}, {}, {"page": "/pricing"}, {"channel": "reseller"}, {"owner": "employee-1"}),
            *({"business": "renewal"}, {"selection": "run-1"}, {"department": "field_sales"}),
        )
    ),
    links=st.sampled_from(((), (), (Identifier("email", b"new"),))),
    account_links=st.sampled_from(((), (), ("domain",))),
    account=st.sampled_from((None, None, "another")),
)


def decided(
    compiled: CompiledLifecycle, ledger: LedgerInMemory, lead_id: str, type: str, details: Details
) -> list[Event] | NotAllowed:
    """Decide a report about a lead of the ledger, as when a batch is planned."""
    subjects = ledger.subjects
    receiver = lead_id
    while (lead := state_of(ledger, receiver)).absorbed_by is not None:
        receiver = lead.absorbed_by
    account_id = details.account or lead.account
    known = subjects.get(account_id) if account_id is not None else None
    account = known.state if known is not None else None
    assert account is None or isinstance(account, AccountState)
    if account is None and account_id is not None:
        account = AccountState()
    party = Party(
        Resolution(lead_id, receiver, links=details.links),
        account_id,
        details.account_links if account_id is not None else (),
        account_id,
    )
    reported = signal(
        type,
        at=details.at,
        known=details.known,
        attributes=details.attributes,
        data=details.data,
        compiled=compiled,
    )
    return decide(compiled, State(lead, account), reported, party, position=1_000)


def state_of(ledger: LedgerInMemory, lead_id: str) -> LeadState:
    state = ledger.subjects[lead_id].state
    assert isinstance(state, LeadState)
    return state


def plain_facts(compiled: CompiledLifecycle) -> list[str]:
    """Return the facts about leads that need no field: others would be refused for their form."""
    return [
        one.name
        for one in compiled.lifecycle.events.values()
        if one.kind is EventKind.FACT
        and one.subject is SubjectKind.LEAD
        and not any(field.required for field in one.fields.values())
    ]


def the_long_way(compiled: CompiledLifecycle) -> CompiledLifecycle:
    """Return the same lifecycle without any quiet states."""
    return replace(compiled, quiet=frozenset())


@pytest.mark.parametrize("name", FUNNELS)
@given(history=histories, details=any_details)
@thorough
def test_a_quiet_report_is_recorded_as_on_the_slow_path(
    name: str, history: list[list[Step]], details: Details
) -> None:
    compiled = FUNNELS[name]
    ledger, asking = tell(history, compiled=compiled), the_long_way(compiled)
    leads = [id for id, one in ledger.subjects.items() if isinstance(one.state, LeadState)]
    for lead_id, type in product(leads, plain_facts(compiled)):
        quickly = decided(compiled, ledger, lead_id, type, details)
        assert quickly == decided(asking, ledger, lead_id, type, details)


def test_a_state_wrongly_declared_quiet_would_be_noticed() -> None:
    compiled = demand_funnel()
    too_quiet = replace(
        compiled,
        quiet=frozenset(
            product((None, *compiled.lifecycle.lead.stages), compiled.lifecycle.events)
        ),
    )
    opened = signal("email.opened", at=1)
    party = Party(Resolution("lead-1", "lead-1"), None)
    state = State(LeadState(stage="MAL", known=True))
    ways = (compiled, the_long_way(compiled), too_quiet)
    asked, long, wrong = (decide(one, state, opened, party, position=9) for one in ways)
    assert asked == long
    assert asked != wrong


@pytest.mark.parametrize("name", SHIPPED)
def test_most_mails_are_quiet_and_no_event_that_a_rule_reads_is(name: str) -> None:
    compiled = FUNNELS[name]
    lifecycle, quiet = compiled.lifecycle, {type for _, type in compiled.quiet}
    assert {"email.sent", "email.delivered", "activity.recorded"} <= quiet
    assert lifecycle.scoring is not None
    assert quiet.isdisjoint(lifecycle.scoring.by_type)
    assert quiet.isdisjoint(compiled.paced)
    assert lifecycle.exclusion is not None
    assert not any(stage == lifecycle.exclusion.at for stage, _ in compiled.quiet)


LEAD, ACCOUNT = "lead-1", "account-1"
PLACED = LeadState(stage="MAL", known=True, account=ACCOUNT, entered=("ML", "MAL"))
PROSPECT = AccountState(stage="PROSPECT")
KNOWN = Resolution(LEAD, LEAD)
LIKELY = PLACED._replace(
    market="technology",
    fit={"decides": 20},
    points=(Point("inquired", 30, 1, day(0)),),
    grade="B",
)
ASKED = PLACED._replace(standing=(StandingFact("contact.requested", 1, {}),))


@pytest.mark.parametrize(
    ("name", "lead", "account", "party"),
    [
        ("demand_funnel", ASKED, PROSPECT, Party(KNOWN, ACCOUNT)),
        ("demand_funnel", PLACED, AccountState(), Party(KNOWN, ACCOUNT)),
        ("demand_funnel", PLACED, PROSPECT, Party(KNOWN, ACCOUNT, ("domain",))),
        (
            "demand_funnel",
            PLACED,
            PROSPECT,
            Party(KNOWN._replace(links=(Identifier("email", b"new"),)), ACCOUNT),
        ),
        (
            "demand_funnel",
            PLACED._replace(stage="ML", attributes={"company_domain": "acme.example"}),
            PROSPECT,
            Party(KNOWN, ACCOUNT),
        ),
        ("by threshold", LIKELY, PROSPECT, Party(KNOWN, ACCOUNT)),
    ],
    ids=["early fact", "new company", "company linked", "person linked", "arrived", "likely"],
)
def test_what_is_due_anyway_follows_from_the_quietest_report(
    name: str, lead: LeadState, account: AccountState, party: Party
) -> None:
    compiled, sent = FUNNELS[name], signal("email.sent", at=1)
    ways = (compiled, the_long_way(compiled))
    quickly, long = (decide(one, State(lead, account), sent, party, position=9) for one in ways)
    assert quickly == long
    assert isinstance(long, list)
    assert len(long) > 1


@pytest.mark.parametrize(
    ("data", "attributes", "expected"),
    [
        ({"business": "renewal"}, {}, {"business": "renewal"}),
        ({"owner": "employee-1"}, {}, {"owner": "employee-1"}),
        ({}, {"position": "director"}, {"fit": {"decides": 20}}),
    ],
)
def test_new_attributes_in_the_quietest_report_are_kept(
    data: Mapping[str, Any], attributes: Mapping[str, Any], expected: Mapping[str, Any]
) -> None:
    sent = signal("email.sent", at=1, data=data, attributes=attributes)
    ways = (FUNNELS["demand_funnel"], the_long_way(FUNNELS["demand_funnel"]))
    state, party = State(PLACED, PROSPECT), Party(KNOWN, ACCOUNT)
    quickly, long = (decide(one, state, sent, party, position=9) for one in ways)
    assert quickly == long
    assert isinstance(long, list)
    assert expected.items() <= long[0].effects.items()
