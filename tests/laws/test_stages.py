"""Laws of the stage intervals and of every figure of the funnel, on random histories."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.lifecycle.definition import SubjectKind
from events.database.sessions import Driver
from projections.engine.advance import fold_all
from projections.funnel.figures import Breakdown
from projections.funnel.fold import Stages
from projections.funnel.projection import stage_intervals
from projections.funnel.queries import FunnelQueries
from service.private_postgres import PrivatePostgres
from tests.support.stage_events import day
from tests.support.stage_histories import LIFECYCLE, MOMENTS, ZONE, History, histories
from tests.support.stage_laboratory import CUTS, Laboratory, asked, laboratory_on
from tests.support.stage_ledgers import SCHEMA
from tests.support.stays_by_hand import flow_by_hand, funnel_by_hand, stays_after

QUERIES = FunnelQueries(SCHEMA)


@dataclass(frozen=True)
class Question:
    breakdown: Breakdown
    as_of: datetime | None
    known_at: int | None
    since: datetime
    until: datetime


@st.composite
def questions(draw: st.DrawFn) -> Question:
    since, until = sorted((draw(MOMENTS), draw(MOMENTS)))
    as_of = draw(st.one_of(st.none(), MOMENTS))
    return Question(
        draw(st.sampled_from(Breakdown)),
        day(as_of) if as_of is not None else None,
        draw(st.none() | st.integers(1, 30)),
        day(since),
        day(until),
    )


@pytest.fixture(scope="module")
def laboratory(postgres_server: PrivatePostgres) -> Iterator[Laboratory]:
    with laboratory_on(postgres_server) as opened:
        yield opened


@asked
@given(histories(), CUTS, st.sampled_from(Breakdown))
def test_the_current_funnel_follows_from_all_stays(
    laboratory: Laboratory, history: History, cuts: list[int], breakdown: Breakdown
) -> None:
    answer = laboratory.ask(
        history, cuts, lambda driver: QUERIES.funnel(driver, breakdown=breakdown)
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
        lambda driver: QUERIES.funnel(
            driver,
            breakdown=question.breakdown,
            as_of=question.as_of,
            known_at=question.known_at,
        ),
    )

    stays = stays_after(history.events[: question.known_at], ZONE)
    expected = funnel_by_hand(stays, LIFECYCLE, question.breakdown, question.as_of)
    assert (answer.total, answer.parts) == expected
    assert answer.position == len(history.events[: question.known_at])


@asked
@given(histories(), CUTS, questions())
def test_the_flow_follows_from_the_stays_known_then(
    laboratory: Laboratory, history: History, cuts: list[int], question: Question
) -> None:
    breakdown, since, until = question.breakdown, question.since, question.until
    answer = laboratory.ask(
        history,
        cuts,
        lambda driver: QUERIES.flow(
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
        queries = QUERIES
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
        queries = QUERIES
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
