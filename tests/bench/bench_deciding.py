"""The cost of deciding alone, without a database: microseconds of pure code."""

import timeit
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from domain.deciding.decide import Decided, Party, decide
from domain.event import Event
from domain.lead.identity import Resolution
from domain.lead.state import AccountState, LeadState, State
from domain.lifecycle.compiled.table import CompiledLifecycle, compile_lifecycle
from domain.lifecycle.text.load import load
from domain.signal import Signal
from events.lifecycles.shipped import read_lifecycle_text
from events.refusals import Refusal
from events.signals.context import Context
from events.signals.digests import Digests
from events.signals.native import read
from tests.bench.figures import Aim, Figure, Pair, at_most, figure_of
from tests.bench.ledgers import SENDER
from tests.bench.servers import SECRET, Bench, Unexpected

ROUNDS = 5
SCORING_RULES, LISTS = 50, 20
A_FEW_US, TENS_OF_US = at_most(10), at_most(100)
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
    """Return the time to decide about one lead, and to read what is decided."""
    shipped = compile_lifecycle(load(read_lifecycle_text("demand_funnel")))
    context = Context(shipped.lifecycle, Digests(SECRET.encode()), SENDER, datetime.now(UTC))
    open_mail = _reported("email.opened", message="newsletter-1", campaign="spring")
    sent = _signal(_reported("email.sent", message="newsletter-1"), context)
    opened, moving = _signal(open_mail, context), _signal(_reported("lead.qualified"), context)
    visit = _signal(_reported("visit.recorded", page="/pricing", channel="organic"), context)
    grown = _grown()
    for signal, compiled, stage, points in (
        (sent, shipped, None, 0),
        (opened, shipped, None, 1),
        (moving, shipped, "MQL", 0),
        (visit, shipped, None, 2),
        (visit, grown, None, 2 + SCORING_RULES // 2),
    ):
        event = _decide(compiled, signal)[0]
        if (event.stage_to, len(event.effects.get("points", ()))) != (stage, points):
            raise Unexpected(f"expected {stage} and points of {points} rules, found {event}")
    count = bench.sizes.decided

    def timed(name: str, work: Callable[[], object], *, aim: Aim | None = None) -> Figure:
        return Figure(name, "µs", min(_microseconds(work, count) for _ in range(ROUNDS)), aim=aim)

    pairs = [
        Pair(
            _microseconds(lambda: _decide(shipped, visit), count),
            _microseconds(lambda: _decide(grown, visit), count),
        )
        for _ in range(ROUNDS)
    ]
    return [
        timed("deciding what is only recorded", lambda: _decide(shipped, sent), aim=A_FEW_US),
        timed("deciding what earns points", lambda: _decide(shipped, opened), aim=TENS_OF_US),
        timed("deciding what moves", lambda: _decide(shipped, moving), aim=TENS_OF_US),
        figure_of(
            f"deciding under {SCORING_RULES} scoring rules and {LISTS} lists",
            pairs,
            unit="µs",
            aim=at_most(2),
            note="vs the shipped lifecycle: a visit for which every second rule gives points",
        ),
        timed("reading an event into a signal", lambda: read(open_mail, context)),
    ]


def _microseconds(work: Callable[[], object], count: int) -> float:
    return timeit.timeit(work, number=count) / count * 1e6


def _grown() -> CompiledLifecycle:
    """Compile the funnel with more rules, all about one event type, and more lists."""
    text = read_lifecycle_text("demand_funnel")
    pages = ("/pricing", "/company")
    rules = "".join(
        f"    rule_{number}: {{label: {{ja: 規則{number}, en: rule {number}}}, points: 1, most: 3, "
        f"on: [visit.recorded], when: {{event.page: {pages[number % 2]}}}}}\n"
        for number in range(SCORING_RULES)
    )
    lists = "".join(
        f"  list_{number}: {{label: {{ja: 一覧{number}, en: list {number}}}, "
        "definition: {ja: 例, en: an example}, when: {lead.known: true, lead.grade: A}}\n"
        for number in range(LISTS - len(load(text).lists))
    )
    text = text.replace("    chatted: {", f"{rules}    chatted: {{", 1)
    return compile_lifecycle(load(text.replace("\nlists:\n", f"\nlists:\n{lists}", 1)))


def _decide(compiled: CompiledLifecycle, signal: Signal) -> Sequence[Event]:
    party = Party(Resolution(LEAD, LEAD), ACCOUNT)
    decided = decide(compiled, STATE, signal, party, position=1)
    assert isinstance(decided, Decided), decided
    return decided.events


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
