"""A subject's state as text: nothing is lost, and equal states are equal text."""

import json
from datetime import UTC, datetime

import pytest

from domain.lead import state_json
from domain.lead.state import (
    AccountState,
    Due,
    LeadState,
    Occurrence,
    Pending,
    Point,
    StandingFact,
    Timer,
)
from domain.lifecycle.definition import SubjectKind

FULL_LEAD = LeadState(
    stage="MQL",
    pass_number=2,
    entered_at=datetime(2026, 11, 22, 1, 2, 3, 4, tzinfo=UTC),
    entered=("MAL", "MQL"),
    known=True,
    origin="marketing-digital",
    channel="paid",
    owner="佐藤",
    owners={"inside_sales": "佐藤"},
    reseller="reseller-7",
    account="0193",
    former_accounts=("0191", "0192"),
    attributes={"company_domain": "example.co.jp", "free_mail": True},
    opportunities={"deal": "open"},
    orders={"o": "cancelled"},
    standing=(
        StandingFact(
            "contact.requested",
            7,
            datetime(2026, 11, 21, 8, tzinfo=UTC),
            {"channel": "web"},
            ("ML", "MQL"),
        ),
        StandingFact("order.recorded", 8, datetime(2026, 11, 21, 9, tzinfo=UTC), {}),
    ),
    absorbed_by="0194",
    absorbs=("0195", "0196"),
    lifecycle=3,
    began_under=2,
    timers={"revisit": Timer(datetime(2026, 12, 1, tzinfo=UTC), 9)},
    fit={"decision_maker": 20},
    points=(Point("white_paper", 15, 7, datetime(2026, 11, 1, tzinfo=UTC)),),
    grade="A",
    market="manufacturing",
    priority="high",
    attempts=(datetime(2026, 11, 3, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC)),
    screened_as="later",
    revisit_on="2026-12-01",
    blocks={"email": "unsubscribed"},
    flags={"competitor": "competitor.listed"},
    acquired_at=datetime(2026, 11, 1, 9, tzinfo=UTC),
    marks={"scenario": "completed"},
    business="renewal",
    earlier_opportunities=("old deal",),
    earlier_orders=("old order",),
    team="east",
    deadlines={
        "acceptance": Due(datetime(2026, 11, 26, 9, tzinfo=UTC), "MQL", 9),
        "contract": Due(datetime(2026, 11, 24, 9, tzinfo=UTC), None, 10, 12),
    },
    merged=True,
    apart=("0197",),
    conflicts=("0198", "0199"),
    awaiting=(11, 12),
    parted=("0200",),
    holds=("email", "phone"),
    first_touch="sales-direct",
    origin_corrected=True,
    void=True,
    latest_at=datetime(2026, 11, 24, 9, tzinfo=UTC),
    pending=Pending(13, datetime(2026, 11, 24, 9, 5, tzinfo=UTC)),
)
FULL_ACCOUNT = AccountState(
    stage="C",
    pass_number=3,
    entered_at=datetime(2026, 11, 22, tzinfo=UTC),
    entered=("PL", "C"),
    opportunities={"deal": "won"},
    orders={"o": "valid"},
    segment="high",
    key_role="defend",
    owner="佐藤",
    competitor=True,
    absorbed_by="0194",
    absorbs=("0195",),
    apart=("0197",),
    conflicts=("0198",),
    timeline=(
        Occurrence(
            datetime(2026, 11, 20, tzinfo=UTC), 5, None, "account.updated", {"segment": "high"}, {}
        ),
        Occurrence(
            datetime(2026, 11, 22, tzinfo=UTC),
            8,
            "0193",
            "order.recorded",
            {},
            {"orders": {"o": "valid"}},
        ),
    ),
    latest_at=datetime(2026, 11, 22, tzinfo=UTC),
)


def test_the_full_states_leave_no_field_at_its_default() -> None:
    assert all(a != b for a, b in zip(FULL_LEAD, LeadState(), strict=True))
    assert all(a != b for a, b in zip(FULL_ACCOUNT, AccountState(), strict=True))


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (SubjectKind.LEAD, FULL_LEAD),
        (SubjectKind.LEAD, LeadState()),
        (SubjectKind.LEAD, LeadState(stage="AL", entered=("AL",))),
        (SubjectKind.ACCOUNT, FULL_ACCOUNT),
        (SubjectKind.ACCOUNT, AccountState()),
        (SubjectKind.LEDGER, None),
    ],
)
def test_a_state_is_read_back_whole(
    kind: SubjectKind, state: LeadState | AccountState | None
) -> None:
    found = state_json.decode(kind, state_json.encode(state))
    assert (type(found), found) == (type(state), state)


def test_only_what_differs_from_the_beginning_is_written() -> None:
    assert state_json.encode(LeadState()) == "{}"
    assert state_json.encode(LeadState(stage="AL", known=True)) == '{"known":true,"stage":"AL"}'


def test_keys_are_sorted_at_every_level() -> None:
    text = state_json.encode(FULL_LEAD._replace(attributes={"z": 1, "a": 2}))
    assert text == json.dumps(
        json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


def test_a_state_that_is_not_plain_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError):
        state_json.encode(LeadState(attributes={"x": object()}))
