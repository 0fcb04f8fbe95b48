"""`leadledger import`: the rows of a table become events."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from service.command.client import Service
from service.command.exits import CommandFailed, Exit
from service.command.importing.batching import batches_of
from service.command.importing.mapping_text import MappingInvalid, check_columns, read_mapping
from service.command.importing.refused_file import refused_file
from service.command.importing.table import Table, open_table
from service.command.importing.translation import translation_of
from service.command.options import URL_DEFAULT, Json, Key, Url
from service.command.printing import complain, print_json, print_lines, print_table, terminal
from service.command.sending import BATCH_EVENTS_MAX, Batch, OnRefused, Refused, Tally, send

REFUSED_SHOWN = 10
"""Enough to see what is wrong; the rest is in the file that --refused names."""


def import_table(
    file: Annotated[Path, typer.Argument(help="The CSV file. It is read once, row by row.")],
    *,
    mapping: Annotated[
        Path,
        typer.Option(
            "--mapping", help="The YAML file that says how rows become events: docs/import.md."
        ),
    ],
    url: Url = URL_DEFAULT,
    key: Key = None,
    refused: Annotated[
        Path | None,
        typer.Option(
            "--refused",
            help="Write what was refused to this file, with line and reason: CSV, or JSON lines "
            "if it ends in .jsonl. It is overwritten.",
        ),
    ] = None,
    batch: Annotated[
        int,
        typer.Option("--batch", min=1, max=BATCH_EVENTS_MAX, help="Events sent in one request."),
    ] = BATCH_EVENTS_MAX,
    gzip: Annotated[
        bool, typer.Option("--gzip", help="Compress what is sent; worth it over slow networks.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Read and translate everything, send nothing; needs no service."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Turn the rows of a table into events.

    They are sent to a running service, and go through the same door as everyone else's.

    What is recorded stays recorded: try the mapping with --dry-run first. Importing the same file
    again changes nothing, because ids derive from the rows; so after a break, run it again.

    Example: leadledger import deals.csv --mapping deals.yaml --refused refused.csv
    """
    started = time.monotonic()
    tally, seen = Tally(), _Seen()
    with _naming(mapping):
        form = read_mapping(_read_text(mapping))
    with ExitStack() as stack:
        table = stack.enter_context(open_table(file, form.table))
        with _naming(mapping):
            check_columns(form, table.header)
        service = None if dry_run else stack.enter_context(Service(url, key))
        # Last: what an earlier run refused is kept until this one can begin.
        write = stack.enter_context(refused_file(refused))

        def on_refused(one: Refused) -> None:
            seen.add(one)
            write(one)

        batches = batches_of(
            table.rows,
            translation_of(form, table.header),
            events_max=batch,
            tally=tally,
            on_refused=on_refused,
        )
        if service is None:
            _count_only(batches, tally)
        else:
            _send(batches, service, table, tally, on_refused, compress=gzip)
        unused = [name for name in table.header if name not in form.mentions]
    seconds = time.monotonic() - started
    if as_json:
        print_json(_summary(tally, seconds, unused) | {"dry_run": dry_run})
    else:
        _print_summary(tally, seconds, seen, unused=unused, refused=refused, dry_run=dry_run)
    if tally.all_refused:
        raise typer.Exit(Exit.REFUSED_ROWS)


class _Seen:
    """The first refusals, to be shown; a class because the rest is forgotten as it comes."""

    def __init__(self) -> None:
        self.first: list[Refused] = []

    def add(self, refused: Refused) -> None:
        if len(self.first) < REFUSED_SHOWN:
            self.first.append(refused)


@contextmanager
def _naming(mapping: Path) -> Iterator[None]:
    """Put the file's name before what is wrong with it."""
    try:
        yield
    except MappingInvalid as error:
        raise CommandFailed(Exit.INVALID_FILE, f"{mapping} does not do:\n{error}") from None


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandFailed(Exit.INVALID_FILE, f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CommandFailed(Exit.INVALID_FILE, f"expected {path} to be UTF-8 text") from None


def _count_only(batches: Iterator[Batch], tally: Tally) -> None:
    for batch in batches:
        tally.events += len(batch.lines)


def _send(
    batches: Iterator[Batch],
    service: Service,
    table: Table,
    tally: Tally,
    on_refused: OnRefused,
    *,
    compress: bool,
) -> None:
    with _progress(table.size_bytes) as advance:
        try:
            send(
                batches,
                service,
                compress=compress,
                tally=tally,
                on_refused=on_refused,
                on_sent=lambda: advance(table.read_bytes, tally.events),
            )
        except BaseException:
            complain(
                f"stopped after {tally.events:,} events; what was recorded stays, and importing "
                "the same file again goes on from there"
            )
            raise


@contextmanager
def _progress(size_bytes: int) -> Iterator[Any]:
    """Show a bar on a terminal, and nothing in a log."""
    console = terminal(stderr=True)
    columns = (
        TaskProgressColumn(),
        BarColumn(),
        TextColumn("{task.fields[events]:,} events, {task.fields[rate]:,.0f}/s"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=size_bytes, events=0, rate=0.0)

        def advance(read_bytes: int, events: int) -> None:
            elapsed_s = progress.tasks[0].elapsed or 0.001
            progress.update(task, completed=read_bytes, events=events, rate=events / elapsed_s)

        yield advance


def _summary(tally: Tally, seconds: float, unused: list[str]) -> dict[str, Any]:
    return {
        **asdict(tally),
        "columns_unused": unused,
        "seconds": round(seconds, 3),
        "events_per_second": round(tally.events / seconds) if seconds else None,
    }


def _print_summary(
    tally: Tally,
    seconds: float,
    seen: _Seen,
    *,
    unused: list[str],
    refused: Path | None,
    dry_run: bool,
) -> None:
    rows = [("rows read", tally.rows), ("rows that make no event", tally.rows_without_event)]
    rows += [("rows refused, nothing of them sent", tally.rows_refused)]
    rows += [("events that would be sent" if dry_run else "events sent", tally.events)]
    if dry_run:
        rows += [(f"  {name}", count) for name, count in tally.events_by_type.items()]
    else:
        rows += [("  recorded", tally.recorded), ("  known already", tally.duplicates)]
        rows += [("  refused", tally.refused)]
    print_table(("", "count"), [(name, f"{count:,}") for name, count in rows], numbers=("count",))
    print_lines(f"{seconds:.1f} s, {tally.events / max(seconds, 0.001):,.0f} events/s")
    if dry_run and unused:
        print_lines(f"columns that the mapping does not use: {', '.join(unused)}")
    if seen.first:
        print_lines("", "refused:")
        print_table(("line", "event", "reason", "detail"), [one[:4] for one in seen.first])
    if tally.all_refused > len(seen.first):
        where = refused or "a file that --refused names, in another run"
        print_lines(f"and {tally.all_refused - len(seen.first):,} more: see {where}")
