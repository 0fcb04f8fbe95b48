"""`leadledger simulate`: a made-up market reports to a service, and every view has something."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import orjson
import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from service.command.client import Service
from service.command.limits import (
    SENT_BATCH_EVENTS_MAX,
    SIMULATED_DAYS_MAX,
    SIMULATED_PEOPLE_MAX,
    SIMULATED_RATE_MAX,
)
from service.command.options import URL_DEFAULT, Json, Key, Url
from service.command.printing import print_json, print_lines, print_table, terminal
from service.command.sending import ImportTally, RefusedRow, RowBatch, count, posting, send
from service.command.simulating.desk import decisions, select
from service.command.simulating.stream import World, events

REQUESTS_A_SECOND = 5
"""At a chosen rate: often enough to look steady, seldom enough to be cheap."""


def simulate(
    *,
    people: Annotated[
        int,
        typer.Option(
            "--people", min=1, max=SIMULATED_PEOPLE_MAX, help="How many come; each some 13 events."
        ),
    ] = 1_000,
    days: Annotated[
        int,
        typer.Option("--days", min=1, max=SIMULATED_DAYS_MAX, help="The time in which they come."),
    ] = 365,
    until: Annotated[
        datetime | None,
        typer.Option(
            "--until",
            formats=["%Y-%m-%d"],
            show_default="today",
            help="The day before which everything happens, in UTC.",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", help="The same seed, people and days make the same events.")
    ] = 1,
    rate: Annotated[
        int | None,
        typer.Option(
            "--rate",
            min=1,
            max=SIMULATED_RATE_MAX,
            show_default="as fast as the service takes them",
            help="Events a second.",
        ),
    ] = None,
    url: Url = URL_DEFAULT,
    key: Key = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print the events as NDJSON, send nothing."),
    ] = False,
    judge: Annotated[
        bool,
        typer.Option(
            "--judge/--no-judge",
            help="Afterwards merge who was taken for two, take back and correct some events, and "
            "run a selection.",
        ),
    ] = True,
    as_json: Json = False,
) -> None:
    """Send the reports of an invented market to a running service.

    Visits, forms, calls, deals and orders.

    For demonstrations and trials. What is recorded stays recorded, so never simulate into a
    ledger that counts: the companies end in .example, but the figures would be wrong for good. The
    same simulation again doubles nothing, because its ids are the same; what was refused is tried
    again.

    Some reports are refused, as in real life: a decision comes too late, or about nobody known.
    The key needs events:write and decisions:write, and must speak for every source; to judge, also
    ledger:admin, events:read and selections:write.

    Example: leadledger simulate --people 2000 --days 180 --seed 7
    """
    ends = until.replace(tzinfo=UTC) if until is not None else _today()
    world = World(seed, people, ends - timedelta(days=days), ends)
    if dry_run:
        for event in events(world):
            print_lines(orjson.dumps(event).decode())
        return
    started, tally = time.monotonic(), ImportTally()
    with Service(url, key) as service, _progress(world, tally) as advance:
        _report(events(world), service, tally, advance, rate=rate)
        if judge:
            _report(decisions(service, world.name), service, tally, advance, rate=rate)
            select(service, world.name)
    _tell(world, tally, time.monotonic() - started, as_json=as_json)


def _report(
    told: Iterable[dict[str, Any]],
    service: Service,
    tally: ImportTally,
    advance: Any,
    *,
    rate: int | None,
) -> None:
    batches = _batches(told, tally, advance, size=_batch_size(rate))
    send(
        _paced(batches, rate) if rate is not None else batches,
        posting(service, compress=False),
        tally=tally,
        on_refused=_unheard,
        on_sent=lambda: None,
    )


def _today() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _batch_size(rate: int | None) -> int:
    if rate is None:
        return SENT_BATCH_EVENTS_MAX
    return min(SENT_BATCH_EVENTS_MAX, max(1, rate // REQUESTS_A_SECOND))


def _batches(
    told: Iterable[dict[str, Any]], tally: ImportTally, advance: Any, *, size: int
) -> Iterator[RowBatch]:
    pending: list[dict[str, Any]] = []
    for event in told:
        count(tally.events_by_type, event["type"])
        pending.append(event)
        if len(pending) == size:
            advance(event)
            yield _batch(pending)
            pending = []
    if pending:
        yield _batch(pending)


def _batch(pending: list[dict[str, Any]]) -> RowBatch:
    return RowBatch(tuple(range(1, len(pending) + 1)), tuple(pending))


def _paced(batches: Iterable[RowBatch], rate: int) -> Iterator[RowBatch]:
    """Hold each batch back until it is its turn; what was lost by waiting is not caught up."""
    due = time.monotonic()
    for batch in batches:
        time.sleep(max(0.0, due - time.monotonic()))
        due = max(due, time.monotonic() - 1) + len(batch.lines) / rate
        yield batch


def _unheard(_: RefusedRow) -> None:
    """Refusals are counted by reason, and kept by the service."""


class _progress:  # noqa: N801 - used as a function: `with _progress(…) as advance`
    """A bar on a terminal, and nothing in a log; it goes by the simulated time."""

    def __init__(self, world: World, tally: ImportTally) -> None:
        console = terminal(stderr=True)
        columns = (
            TaskProgressColumn(),
            BarColumn(),
            TextColumn("{task.fields[events]:,} events"),
            TimeElapsedColumn(),
        )
        self._world, self._tally = world, tally
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task = self._bar.add_task("", total=1.0, events=0)

    def __enter__(self) -> Any:
        self._bar.start()
        return self._advance

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def _advance(self, event: dict[str, Any]) -> None:
        whole = self._world.ends - self._world.begins
        # What is decided afterwards tells no time: it happens now.
        moment = datetime.fromisoformat(event.get("time", self._world.ends.isoformat()))
        done = (moment - self._world.begins) / whole
        self._bar.update(self._task, completed=done, events=self._tally.events)


def _tell(world: World, tally: ImportTally, seconds: float, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "people": world.people,
                "from": world.begins.isoformat(),
                "until": world.ends.isoformat(),
                "events": tally.events,
                "recorded": tally.recorded,
                "duplicates": tally.duplicates,
                "refused": tally.refused,
                "refused_by_reason": tally.refused_by_reason,
                "events_by_type": tally.events_by_type,
                "seconds": round(seconds, 3),
            }
        )
        return
    rows = [("events sent", tally.events), ("  recorded", tally.recorded)]
    rows += [("  known already", tally.duplicates), ("  refused", tally.refused)]
    rows += [(f"    {reason}", number) for reason, number in tally.refused_by_reason.items()]
    print_table(("", "count"), [(name, f"{number:,}") for name, number in rows], numbers=("count",))
    print_lines(f"{seconds:.1f} s, {tally.events / max(seconds, 0.001):,.0f} events/s")
