"""`leadledger simulate`: a simulated market reports to a service, so that every view has data."""

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
    SIMULATED_REQUESTS_A_SECOND,
)
from service.command.options import URL_DEFAULT, Json, Key, Url
from service.command.printing import print_json, print_lines, print_table, terminal
from service.command.sending import ImportTally, RefusedRow, RowBatch, count, posting, send
from service.command.simulating.desk import decisions, select
from service.command.simulating.stream import World, events


def simulate(
    *,
    people: Annotated[
        int,
        typer.Option(
            "--people",
            min=1,
            max=SIMULATED_PEOPLE_MAX,
            help="The number of people; each makes about 13 events.",
        ),
    ] = 1_000,
    days: Annotated[
        int,
        typer.Option(
            "--days", min=1, max=SIMULATED_DAYS_MAX, help="The period in which they arrive."
        ),
    ] = 365,
    until: Annotated[
        datetime | None,
        typer.Option(
            "--until",
            formats=["%Y-%m-%d"],
            show_default="today",
            help="Everything happens before this day, in UTC.",
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
            show_default="as fast as the service accepts them",
            help="Events per second.",
        ),
    ] = None,
    url: Url = URL_DEFAULT,
    key: Key = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print the events as NDJSON and send nothing."),
    ] = False,
    judge: Annotated[
        bool,
        typer.Option(
            "--judge/--no-judge",
            help="Afterwards, merge duplicate leads, void and correct some events, and run a "
            "selection.",
        ),
    ] = True,
    as_json: Json = False,
) -> None:
    """Send a simulated market's reports to a running service.

    Reports visits, forms, calls, deals and orders.

    For demonstrations and trials. What is recorded stays recorded, so never simulate into a
    production ledger: the companies' domains end in .example, but the figures would be wrong
    permanently. Running the same simulation again records nothing twice, because its ids are the
    same; what was refused is retried.

    Some reports are refused, as in real life: a decision that comes too late, or one about an
    unknown lead. The key needs events:write and decisions:write, and must be allowed to send for
    every source; with --judge also ledger:admin, events:read and selections:write.

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
    _print(world, tally, time.monotonic() - started, as_json=as_json)


def _report(
    reports: Iterable[dict[str, Any]],
    service: Service,
    tally: ImportTally,
    advance: Any,
    *,
    rate: int | None,
) -> None:
    batches = _batches(reports, tally, advance, size=_batch_size(rate))
    send(
        _paced(batches, rate) if rate is not None else batches,
        posting(service, compress=False),
        tally=tally,
        on_refused=_ignore,
        on_sent=lambda: None,
    )


def _today() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _batch_size(rate: int | None) -> int:
    if rate is None:
        return SENT_BATCH_EVENTS_MAX
    return min(SENT_BATCH_EVENTS_MAX, max(1, rate // SIMULATED_REQUESTS_A_SECOND))


def _batches(
    reports: Iterable[dict[str, Any]], tally: ImportTally, advance: Any, *, size: int
) -> Iterator[RowBatch]:
    pending: list[dict[str, Any]] = []
    for event in reports:
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
    """Yield batches at the given rate; lost time is not made up."""
    due = time.monotonic()
    for batch in batches:
        time.sleep(max(0.0, due - time.monotonic()))
        due = max(due, time.monotonic() - 1) + len(batch.lines) / rate
        yield batch


def _ignore(_: RefusedRow) -> None:
    """Ignore a refusal: it is counted by reason, and kept by the service."""


class _progress:  # noqa: N801 - used as a function: `with _progress(…) as advance`
    """A progress bar on a terminal, and nothing in a log; it shows the simulated time."""

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
        # Decisions made afterwards carry no time: they happen now.
        moment = datetime.fromisoformat(event.get("time", self._world.ends.isoformat()))
        done = (moment - self._world.begins) / whole
        self._bar.update(self._task, completed=done, events=self._tally.events)


def _print(world: World, tally: ImportTally, seconds: float, *, as_json: bool) -> None:
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
    rows += [("  already recorded", tally.duplicates), ("  refused", tally.refused)]
    rows += [(f"    {reason}", number) for reason, number in tally.refused_by_reason.items()]
    print_table(("", "count"), [(name, f"{number:,}") for name, number in rows], numbers=("count",))
    print_lines(f"{seconds:.1f} s, {tally.events / max(seconds, 0.001):,.0f} events/s")
