"""Laws of the stage intervals and of every figure of the funnel, on random histories."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.effects import Effects
from domain.event import Event
from domain.lead.stays import Stay, Stays
from domain.lifecycle.definition import UNPLACED, MoveKind, SubjectKind
from domain.lifecycle.text.load import load
from events.database.sessions import Driver, borrowed
from events.lifecycles.shipped import read_lifecycle_text
from projections.engine.advance import fold_all
from projections.funnel.figures import Breakdown
from projections.funnel.fold import Stages
from projections.funnel.projection import StageIntervals, stage_intervals
from projections.funnel.queries import FunnelQueries
from service.private_postgres import PrivatePostgres
from tests.support.stage_events import Script, day
from tests.support.stage_ledgers import SCHEMA, StageLedger, stage_ledger
from tests.support.stays_by_hand import flow_by_hand, funnel_by_hand, stays_after
from tests.support.tier import by_tier

LIFECYCLE = load(read_lifecycle_text("demand_funnel"))
ZONE = ZoneInfo(LIFECYCLE.time_zone)
LEAD, ACCOUNT = SubjectKind.LEAD, SubjectKind.ACCOUNT
STAGES = {LEAD: tuple(LIFECYCLE.lead.stages), ACCOUNT: tuple(LIFECYCLE.account.stages)}
LEADS, ACCOUNTS = (1, 2, 3, 4), (5, 6)
KINDS = [str(kind) for kind in MoveKind if kind is not MoveKind.ABSORBED]
SOURCES = st.sampled_from([None, "", "unknown", "marketing-digital", "reseller"])
MOMENTS = st.sampled_from([0, 1, 2, 2.5, 30, 31, 60])
"""Few moments, so that many things coincide; around the ends of months in Tokyo."""

Answer = TypeVar("Answer")


@dataclass(repr=False)
class History:
    """Events from the beginning, including the first lifecycle. A class, for a short repr."""

    events: list[Event]

    def __repr__(self) -> str:
        return "\n".join(
            f"{one.position} {one.subject.id[-1:]} {one.occurred_at:%m-%dT%H} {one.stage_to} "
            f"pass {one.pass_number} to {(one.forwarded_to or '')[-1:]} {dict(one.effects)}"
            for one in self.events[1:]
        )


@dataclass
class Course:
    """The state of each subject while a history is drawn: only legal histories are."""

    script: Script
    known: set[int]
    moved_at: dict[int, float]
    pass_numbers: dict[int, int]
    absorbed_by: dict[int, int]

    def receiver(self, number: int) -> int:
        while number in self.absorbed_by:
            number = self.absorbed_by[number]
        return number


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Draw a history: leads and accounts arrive, move, recycle, are absorbed and reported."""
    course = Course(Script(), set(), {}, {}, {})
    course.script.publish()
    for _ in range(draw(st.integers(0, 25))):
        number = draw(st.sampled_from(LEADS + ACCOUNTS))
        kind = LEAD if number in LEADS else ACCOUNT
        step = draw(
            st.sampled_from(
                ["tell", "move", "move", "move", "recycle", "absorb", "correct", "restate"]
            )
        )
        _take(draw, course, number, kind, step)
    return History(course.script.events)


def _take(draw: st.DrawFn, course: Course, number: int, kind: SubjectKind, step: str) -> None:
    receiver = course.receiver(number)
    forwarded_to = receiver if receiver != number else None
    at = draw(MOMENTS)
    script = course.script
    if step != "absorb":
        course.known.add(number)
    if step == "tell":
        script.tell(number, at, kind=kind, forwarded_to=forwarded_to)
    elif step == "correct" and kind is LEAD:
        effects: Effects = {"origin": draw(SOURCES)}
        script.tell(number, at, effects=effects, forwarded_to=forwarded_to)
    elif step == "absorb" and kind is LEAD:
        other = course.receiver(draw(st.sampled_from(LEADS)))
        if other != receiver and number == receiver and {number, other} <= course.known:
            script.absorb(number, at, by=other)
            course.absorbed_by[number] = other
    elif step == "restate" and number == receiver:
        _restate(draw, course, number, kind)
    elif step in ("move", "recycle"):
        at = course.moved_at[receiver] = max(at, course.moved_at.get(receiver, at))
        pass_number = course.pass_numbers.get(receiver, 1)
        effects = {}
        if kind is LEAD:
            effects = {"origin": draw(SOURCES), "channel": draw(SOURCES)}
        if step == "recycle" and kind is LEAD:
            pass_number += 1
        course.pass_numbers[receiver] = pass_number
        script.move(
            number,
            at,
            draw(st.sampled_from(STAGES[kind])),
            draw(st.sampled_from(KINDS)),
            kind=kind,
            pass_number=pass_number,
            effects=effects if draw(st.booleans()) else {},
            forwarded_to=forwarded_to,
        )


def _restate(draw: st.DrawFn, course: Course, number: int, kind: SubjectKind) -> None:
    """Restate which stays count, possibly none; a visitor's may have ended by absorption."""
    moments = sorted(draw(st.lists(MOMENTS, max_size=4)))
    stays: list[Stay] = []
    pass_number = 1
    for place, moment in enumerate(moments):
        is_unplaced = place == 0 and draw(st.booleans())
        pass_number += place > 0 and kind is LEAD and draw(st.booleans())
        stays.append(
            Stay(
                UNPLACED if is_unplaced else draw(st.sampled_from(STAGES[kind])),
                day(moment),
                pass_number,
                None if is_unplaced else draw(st.sampled_from(KINDS)),
                draw(st.integers(1, len(course.script.events))),
                draw(SOURCES) or None if kind is LEAD else None,
                draw(SOURCES) or None if kind is LEAD else None,
            )
        )
    course.pass_numbers[number] = pass_number
    course.moved_at[number] = max([*moments, course.moved_at.get(number, 0)])
    course.script.restate(number, draw(MOMENTS), Stays(tuple(stays)), kind=kind)


@dataclass(frozen=True)
class Question:
    breakdown: Breakdown
    as_of: datetime | None
    known_at: int
    since: datetime
    until: datetime


@st.composite
def questions(draw: st.DrawFn) -> Question:
    since, until = sorted((draw(MOMENTS), draw(MOMENTS)))
    as_of = draw(st.one_of(st.none(), MOMENTS))
    return Question(
        draw(st.sampled_from(Breakdown)),
        day(as_of) if as_of is not None else None,
        draw(st.integers(1, 30)),
        day(since),
        day(until),
    )


@dataclass(frozen=True)
class Laboratory:
    """A database on which every example is projected, queried, and rolled back."""

    loop: asyncio.Runner
    ledger: StageLedger
    queries: FunnelQueries

    def ask(
        self,
        history: History,
        cuts: Sequence[int],
        question: Callable[[Driver], Coroutine[Any, Any, Answer]],
    ) -> Answer:
        return self.loop.run(self._ask(history.events, cuts, question))

    async def _ask(
        self,
        events: Sequence[Event],
        cuts: Sequence[int],
        question: Callable[[Driver], Coroutine[Any, Any, Answer]],
    ) -> Answer:
        async with borrowed(self.ledger.engine) as driver:
            transaction = driver.transaction()
            await transaction.start()
            try:
                await project(driver, self.ledger.projection, events, cuts)
                return await question(driver)
            finally:
                await transaction.rollback()


async def project(
    driver: Driver, projection: StageIntervals, events: Sequence[Event], cuts: Sequence[int]
) -> None:
    """Project a history in batches that end at the cuts, every other one in a new process."""
    bounds = sorted({0, len(events), *(cut % (len(events) + 1) for cut in cuts)})
    state = projection.begin(is_complete=True)
    for number, (begin, end) in enumerate(pairwise(bounds)):
        if number % 2:
            state = projection.begin(is_complete=False)
        batch = events[begin:end]
        await projection.load(driver, 1, state, batch)
        fold_all(projection, state, batch)
        await projection.write(driver, 1, state)
    await driver.execute(
        "INSERT INTO ledger.projections (name, generation, version, status, position) "
        "VALUES ('stage_intervals', 1, 1, 'live', $1)",
        len(events),
    )


@pytest.fixture(scope="module")
def laboratory(postgres_server: PrivatePostgres) -> Iterator[Laboratory]:
    with asyncio.Runner() as loop:
        opened = stage_ledger(postgres_server)
        ledger = loop.run(opened.__aenter__())
        script = Script()
        script.publish()
        loop.run(ledger.append(script.events))
        yield Laboratory(loop, ledger, FunnelQueries(SCHEMA))
        loop.run(opened.__aexit__(None, None, None))


CUTS = st.lists(st.integers(0, 30), max_size=4)
asked = settings(
    max_examples=by_tier(push=30, nightly=500),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@asked
@given(histories(), CUTS, st.sampled_from(Breakdown))
def test_the_current_funnel_follows_from_all_stays(
    laboratory: Laboratory, history: History, cuts: list[int], breakdown: Breakdown
) -> None:
    answer = laboratory.ask(
        history, cuts, lambda driver: laboratory.queries.funnel(driver, breakdown=breakdown)
    )

    stays = stays_after(history.events, ZONE)
    assert (answer.total, answer.parts) == funnel_by_hand(stays, LIFECYCLE, breakdown, None)
    assert (answer.position, answer.lifecycle_version) == (len(history.events), 1)


@asked
@given(histories(), CUTS, questions())
def test_a_past_funnel_follows_from_the_stays_known_then(
    laboratory: Laboratory, history: History, cuts: list[int], question: Question
) -> None:
    answer = laboratory.ask(
        history,
        cuts,
        lambda driver: laboratory.queries.funnel(
            driver,
            breakdown=question.breakdown,
            as_of=question.as_of,
            known_at=question.known_at,
        ),
    )

    stays = stays_after(history.events[: question.known_at], ZONE)
    expected = funnel_by_hand(stays, LIFECYCLE, question.breakdown, question.as_of)
    assert (answer.total, answer.parts) == expected
    assert answer.position == min(question.known_at, len(history.events))


@asked
@given(histories(), CUTS, questions())
def test_the_flow_follows_from_the_stays_known_then(
    laboratory: Laboratory, history: History, cuts: list[int], question: Question
) -> None:
    breakdown, since, until = question.breakdown, question.since, question.until
    answer = laboratory.ask(
        history,
        cuts,
        lambda driver: laboratory.queries.flow(
            driver,
            since=since,
            until=until,
            breakdown=breakdown,
            known_at=question.known_at,
        ),
    )

    stays = stays_after(history.events[: question.known_at], ZONE)
    expected = flow_by_hand(stays, LIFECYCLE, breakdown, since, until)
    assert (answer.total, answer.parts) == expected


@asked
@given(histories(), MOMENTS, MOMENTS)
def test_stock_tomorrow_is_stock_today_plus_in_minus_out(
    laboratory: Laboratory, history: History, one: float, other: float
) -> None:
    since, until = day(min(one, other)), day(max(one, other))
    an_instant = timedelta(microseconds=1)

    async def question(driver: Driver) -> Any:
        queries = laboratory.queries
        return (
            await queries.flow(driver, since=since, until=until),
            await queries.funnel(driver, as_of=since - an_instant),
            await queries.funnel(driver, as_of=until - an_instant),
        )

    flow, before, after = laboratory.ask(history, [], question)

    for stages, then, now, unplaced in (
        (flow.total.leads, before.total.leads, after.total.leads, "leads_unplaced"),
        (flow.total.accounts, before.total.accounts, after.total.accounts, "accounts_unplaced"),
    ):
        for stage in stages:
            gone = sum(stage.exits.values())
            assert stage.after == stage.before + stage.entries + stage.reentries - gone
        assert [stage.before for stage in stages[1:]] == [figure.standing for figure in then]
        assert [stage.after for stage in stages[1:]] == [figure.standing for figure in now]
        assert stages[0].before == getattr(before.total, unplaced)
        assert stages[0].after == getattr(after.total, unplaced)


@asked
@given(histories(), CUTS, st.sampled_from([one for one in Breakdown if one is not Breakdown.NONE]))
def test_a_breakdown_adds_up_to_the_total(
    laboratory: Laboratory, history: History, cuts: list[int], breakdown: Breakdown
) -> None:
    async def question(driver: Driver) -> Any:
        queries = laboratory.queries
        return (
            await queries.funnel(driver),
            await queries.funnel(driver, breakdown=breakdown),
            await queries.funnel(driver, known_at=len(history.events), breakdown=breakdown),
        )

    whole, parted, then = laboratory.ask(history, cuts, question)

    assert parted.total == whole.total
    assert (then.total, then.parts) == (parted.total, parted.parts)
    for number, stage in enumerate(whole.total.leads):
        parts = [part.leads[number] for part in parted.parts]
        added = tuple(sum(one[place] for one in parts) for place in (1, 2, 3))
        assert added == stage[1:]
    assert sum(part.leads_unplaced for part in parted.parts) == whole.total.leads_unplaced


@asked
@given(histories(), CUTS)
def test_counts_match_the_intervals(
    laboratory: Laboratory, history: History, cuts: list[int]
) -> None:
    aggregate = """
        SELECT 'none', '', kind, stage, before, count(*),
               count(*) FILTER (WHERE exit_position IS NULL)
          FROM ledger.stage_intervals
         WHERE known_to IS NULL
         GROUP BY kind, stage, before
         ORDER BY kind, stage, before
    """
    counted = """
        SELECT breakdown, value, kind, stage, before, entries, standing
          FROM ledger.stage_counts
         WHERE breakdown = 'none'
         ORDER BY kind, stage, before
    """

    async def question(driver: Driver) -> Any:
        return [
            [tuple(row.values()) for row in await driver.fetch(statement)]
            for statement in (aggregate, counted)
        ]

    from_intervals, kept = laboratory.ask(history, cuts, question)

    assert kept == from_intervals


@asked
@given(histories(), CUTS)
def test_projecting_in_batches_equals_projecting_at_once(
    laboratory: Laboratory, history: History, cuts: list[int]
) -> None:
    projection = laboratory.ledger.projection
    statement = projection.sql["differences"]

    async def question(driver: Driver) -> Any:
        state = projection.begin(is_complete=True)
        fold_all(projection, state, history.events)
        await projection.write(driver, 2, state)
        return await driver.fetch(statement.driver_sql, 1, 2, 20)

    assert laboratory.ask(history, cuts, question) == []


@given(histories())
def test_no_subject_is_lost_or_in_two_stages(history: History) -> None:
    projection = stage_intervals(SCHEMA)
    state: Stages = projection.begin(is_complete=True)
    fold_all(projection, state, history.events)

    # A mention alone neither places a company nor brings one back of which nothing counts.
    placing = [
        event
        for event in history.events[1:]
        if event.receiver.kind is SubjectKind.LEAD or event.stage_to or "stays" in event.effects
    ]
    last = {event.receiver.id: event for event in placing}
    nothing_counts = {id for id, event in last.items() if event.effects.get("stays") == []}
    absorbed = {event.subject.id for event in history.events if "absorbed_by" in event.effects}
    assert state.standing.keys() == last.keys() - absorbed - nothing_counts
    standing = sum(counted[1] for counted in state.counts.values())
    assert standing == len(state.standing)
