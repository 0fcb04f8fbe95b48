"""What deciding costs by itself, without a database: microseconds of pure code."""

import timeit
from datetime import UTC, datetime
from typing import Any

from domain.decide import Party, decide
from domain.events import Event
from domain.identity import Resolution
from domain.lifecycle.compiled import Compiled, compile_lifecycle
from domain.lifecycle.loading import load
from domain.signals import Signal
from domain.state import AccountState, LeadState, State
from events.context import Context
from events.digests import Digests
from events.native import read
from events.refusals import Refusal
from events.shipped import read_lifecycle_text
from tests.bench.figures import Figure
from tests.bench.ledgers import SENDER
from tests.bench.servers import SECRET, Bench, Unexpected

ROUNDS = 5
SCORING_RULES = 50
LEAD = "019aac1e-0000-7000-8000-000000000001"
ACCOUNT = "019aac1e-0000-7000-8000-000000000002"
AT = datetime(2026, 11, 4, tzinfo=UTC)
STATE = State(
    LeadState(
        stage="MAL",
        entered_at=AT,
        entered=("AL", "ML", "MAL"),
        known=True,
        origin="marketing-digital",
        channel="organic",
        account=ACCOUNT,
        attributes={"company_domain": "company.example"},
    ),
    AccountState(stage="PROSPECT", entered_at=AT, entered=("PROSPECT",)),
)


async def measure(bench: Bench) -> list[Figure]:
    """Return the time of deciding about one lead, and of reading what is to be decided."""
    compiled = compile_lifecycle(load(read_lifecycle_text("demand_funnel")))
    context = Context(compiled.lifecycle, Digests(SECRET.encode()), SENDER, datetime.now(UTC))
    open_mail = _reported("email.opened", message="newsletter-1", campaign="spring")
    qualified = _reported("lead.qualified")
    idle, moving = _signal(open_mail, context), _signal(qualified, context)
    if _decide(compiled, moving)[0].stage_to != "MQL":
        raise Unexpected("expected the decision to move the lead to MQL")
    if [event.stage_to for event in _decide(compiled, idle)] != [None]:
        raise Unexpected("expected the mail to move nobody")
    scored = _with_rules(SCORING_RULES)
    visit = _signal(
        _reported("activity.recorded", name="webinar_question"),
        Context(scored.lifecycle, context.digests, SENDER, context.received_at),
    )
    if len(_decide(scored, visit)[0].effects["points"]) != SCORING_RULES // 2:
        raise Unexpected("expected every second rule to give points")
    count = bench.sizes.decided
    return [
        Figure(name, "µs", min(timeit.repeat(work, number=count, repeat=ROUNDS)) / count * 1e6)
        for name, work in (
            ("deciding what moves nothing", lambda: _decide(compiled, idle)),
            (f"deciding under {SCORING_RULES} scoring rules", lambda: _decide(scored, visit)),
            ("deciding what moves", lambda: _decide(compiled, moving)),
            ("reading an event into a signal", lambda: read(open_mail, context)),
        )
    ]


def _with_rules(count: int) -> Compiled:
    """Compile the funnel with so many more rules that all ask about one event type."""
    names = ("webinar_question", "something_else")
    rules = "".join(
        f"    rule_{number}: {{label: {{ja: 規則{number}, en: rule {number}}}, points: 1, most: 3, "
        f"on: [activity.recorded], when: {{event.name: {names[number % 2]}}}}}\n"
        for number in range(count)
    )
    text = read_lifecycle_text("demand_funnel")
    return compile_lifecycle(load(text.replace("    chatted: {", f"{rules}    chatted: {{", 1)))


def _decide(compiled: Compiled, signal: Signal) -> list[Event]:
    party = Party(Resolution(LEAD, LEAD), ACCOUNT)
    decided = decide(compiled, STATE, signal, party, position=1)
    assert isinstance(decided, list), decided
    return decided


def _reported(type: str, **data: str) -> dict[str, Any]:
    return {
        "id": f"{type}-1",
        "type": type,
        "time": "2026-11-04T09:12:33+09:00",
        "lead": {"email": "hanako@company.example"},
        "data": data,
    }


def _signal(reported: dict[str, Any], context: Context) -> Signal:
    signal = read(reported, context)
    if isinstance(signal, Refusal):
        raise Unexpected(f"expected the event to be readable, found {signal}")
    return signal
