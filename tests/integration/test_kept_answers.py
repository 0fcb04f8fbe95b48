"""Answers about the past are kept: what was known at a position never changes."""

from collections.abc import Iterator

import pytest

from events.database.sessions import Driver
from projections.figures.catalogue import FIGURES
from projections.figures.queries import FigureQueries
from projections.figures.question import Question
from service.private_postgres import PrivatePostgres
from tests.support.stage_events import Script, day
from tests.support.stage_histories import LIFECYCLE, History
from tests.support.stage_laboratory import Laboratory, laboratory_on
from tests.support.stage_ledgers import SCHEMA

STOCK = FIGURES["stock"]
EMPTY = "; ".join(
    f"DELETE FROM ledger.stage_{table}" for table in ("standing", "stays", "sums", "counts")
)


@pytest.fixture(scope="module")
def laboratory(postgres_server: PrivatePostgres) -> Iterator[Laboratory]:
    with laboratory_on(postgres_server) as opened:
        yield opened


def entered(lead: int) -> History:
    """Return a log in which this many leads entered MQL."""
    script = Script()
    script.publish()
    for number in range(lead):
        script.move(number, number + 1, "MQL")
    return History(script.events)


async def standing(queries: FigureQueries, driver: Driver, question: Question) -> int:
    answer = await queries.answer(driver, STOCK, LIFECYCLE, question)
    [row] = [row for row in answer.total if row.key.name == "MQL"]
    return row.counts["standing"]


def test_a_repeated_question_is_answered_from_memory(laboratory: Laboratory) -> None:
    history, queries = entered(3), FigureQueries(SCHEMA)
    then = Question(as_of=day(10), known_at=len(history.events))

    async def ask_twice(driver: Driver) -> tuple[int, int, int]:
        first = await standing(queries, driver, then)
        await driver.execute(EMPTY)
        return (
            first,
            await standing(queries, driver, then),
            await standing(queries, driver, then._replace(as_of=day(11))),
        )

    assert laboratory.ask(history, [], ask_twice) == (3, 3, 0)


def test_a_rebuilt_projection_is_asked_again(laboratory: Laboratory) -> None:
    history, queries = entered(3), FigureQueries(SCHEMA)
    then = Question(as_of=day(10), known_at=len(history.events))

    async def rebuild_between(driver: Driver) -> tuple[int, int]:
        first = await standing(queries, driver, then)
        await driver.execute("UPDATE ledger.projections SET generation = 2")
        return first, await standing(queries, driver, then)

    assert laboratory.ask(history, [], rebuild_between) == (3, 0)


def test_the_present_is_never_remembered(laboratory: Laboratory) -> None:
    history, queries = entered(3), FigureQueries(SCHEMA)
    now = Question(as_of=day(10), known_at=len(history.events), is_now=True)

    async def ask_twice(driver: Driver) -> tuple[int, int]:
        first = await standing(queries, driver, now)
        await driver.execute(EMPTY)
        return first, await standing(queries, driver, now)

    assert laboratory.ask(history, [], ask_twice) == (3, 0)


def test_only_so_many_answers_are_kept(laboratory: Laboratory) -> None:
    history, queries = entered(3), FigureQueries(SCHEMA, answers_kept=2)
    moments = [Question(as_of=day(10 + number), known_at=4) for number in range(3)]

    async def ask_for_more(driver: Driver) -> list[int]:
        counts = [await standing(queries, driver, moment) for moment in moments]
        await driver.execute(EMPTY)
        return counts + [await standing(queries, driver, moment) for moment in reversed(moments)]

    assert laboratory.ask(history, [], ask_for_more) == [3, 3, 3, 3, 3, 0]
