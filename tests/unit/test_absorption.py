"""Absorbed leads and accounts: who stands for them, whom they absorbed, and what records it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.event import LEDGER, Event, Subject
from domain.lead.absorption import absorption, connected, follow_forwarding, forwarding, on_both
from domain.lead.evolve import evolve
from domain.lead.state import AccountState, LeadState, Occurrence
from domain.lifecycle.definition import SubjectKind

NOON = datetime(2026, 4, 1, 3, tzinfo=UTC)
LATER = datetime(2026, 4, 2, 3, tzinfo=UTC)
ABSORBED_BY = {"v": "a", "a": "k"}.get
ABSORBS: dict[str, tuple[str, ...]] = {"k": ("a", "b"), "a": ("v", "b"), "v": ("k",)}
ACME, RIVAL = Subject(SubjectKind.ACCOUNT, "acme"), Subject(SubjectKind.ACCOUNT, "rival")
HANAKO, TARO = Subject(SubjectKind.LEAD, "hanako"), Subject(SubjectKind.LEAD, "taro")


def event(subject: Subject, **attributes: Any) -> Event:
    return Event(7, "x", subject, NOON, {}, {})._replace(**attributes)


@pytest.mark.parametrize(("subject", "chain"), [("v", "vak"), ("a", "ak"), ("k", "k")])
def test_a_subject_forwards_to_each_in_turn_and_the_last_stands_for_it(
    subject: str, chain: str
) -> None:
    assert "".join(forwarding(subject, ABSORBED_BY)) == chain
    assert follow_forwarding(subject, ABSORBED_BY) == chain[-1]


def test_a_circle_is_broken_wherever_it_is_entered() -> None:
    circle = {"in": "a", "a": "b", "b": "a"}.get
    for subject in ("in", "a", "b"):
        with pytest.raises(AssertionError, match="forwards to itself"):
            follow_forwarding(subject, circle)


def test_a_family_has_each_member_once_even_if_the_absorbed_still_list_their_receiver() -> None:
    assert connected(["k"], lambda other: ABSORBS.get(other, ())) == ["k", "a", "b", "v"]
    assert connected(["v", "b", "v"], lambda other: ABSORBS.get(other, ())) == ["v", "b", "k", "a"]


def test_an_absorption_ends_the_stay_not_before_it_began() -> None:
    state = LeadState(stage="MQL", entered_at=LATER, pass_number=2)
    absorbed = absorption(HANAKO, state, by="taro", at=NOON, position=9, cause=8)
    assert absorbed == Event(
        9,
        "identity.absorbed",
        HANAKO,
        NOON,
        {"by": "taro"},
        {"absorbed_by": "taro", "move": {"kind": "absorbed"}},
        cause=8,
        stage_from="MQL",
        effective_at=LATER,
        pass_number=2,
    )


def test_an_absorption_of_an_account_without_a_stage_ends_no_stay() -> None:
    absorbed = absorption(RIVAL, AccountState(), by="acme", at=NOON, position=9, cause=8)
    assert absorbed == Event(
        9, "account.absorbed", RIVAL, NOON, {"by": "acme"}, {"absorbed_by": "acme"}, cause=8
    )


def test_what_is_decided_of_both_refers_from_each_receiver_to_the_other() -> None:
    first = event(HANAKO, data={"other": "visitor"}, forwarded_to="jiro")
    visitor = Subject(SubjectKind.LEAD, "visitor")
    assert on_both(first, visitor, "apart", forwarded_to="taro") == [
        first._replace(effects={"apart": ["taro"]}),
        Event(
            8,
            "x",
            visitor,
            NOON,
            {"other": "jiro"},
            {"apart": ["jiro"]},
            cause=7,
            forwarded_to="taro",
        ),
    ]


@pytest.mark.parametrize(
    ("happened", "changed"),
    [
        (event(LEDGER), ()),
        (event(ACME), (ACME,)),
        (event(HANAKO), (HANAKO,)),
        (event(HANAKO, forwarded_to="taro"), (TARO,)),
        (event(HANAKO, effects={"business_of": "acme"}), (HANAKO, ACME)),
        (event(HANAKO, forwarded_to="taro", effects={"business_of": "acme"}), (TARO, ACME)),
    ],
)
def test_an_event_changes_the_state_of_its_receiver_and_of_the_account_of_its_business(
    happened: Event, changed: tuple[Subject, ...]
) -> None:
    assert happened.changed_subjects == changed


def test_a_leads_move_is_not_its_accounts() -> None:
    won = event(
        HANAKO,
        effects={"business_of": "acme", "opportunities": {"d": "won"}, "move": {"kind": "won"}},
        stage_to="WON",
        effective_at=NOON,
    )
    assert evolve(AccountState(stage="PROSPECT"), won) == AccountState(
        stage="PROSPECT",
        opportunities={"d": "won"},
        timeline=(Occurrence(NOON, 7, "hanako", "x", {}, {"opportunities": {"d": "won"}}),),
        latest_at=NOON,
    )
    moved = event(ACME, stage_to="CUSTOMER", effective_at=NOON)
    assert evolve(AccountState(stage="PROSPECT"), moved).stage == "CUSTOMER"
