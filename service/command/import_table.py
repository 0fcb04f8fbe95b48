"""`leadledger import`: turn the rows of a table into events."""

import time
from collections.abc import Callable, Iterator
from collections.abc import Mapping as Mapped
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from service.command.client import Service, ServiceUnavailable
from service.command.exits import CommandFailed, Exit
from service.command.importing.mapping import Mapping
from service.command.importing.mapping_text import MappingInvalid, check_columns, read_mapping
from service.command.importing.opening import Table, misreading, open_table
from service.command.importing.refused import Groups, refused_file
from service.command.importing.report import Checked, Run, print_check, print_run
from service.command.importing.revising import revising
from service.command.importing.suggesting import suggestion_for
from service.command.importing.time_order import in_order_of_time
from service.command.importing.translation import Arrange, batches_of, translation_of
from service.command.importing.values.readers import Surroundings
from service.command.limits import FIRST_ROWS_SHOWN, SENT_BATCH_EVENTS_MAX
from service.command.options import URL_DEFAULT, Json, Key, Url
from service.command.printing import complain, print_lines, terminal
from service.command.sending import (
    Deliver,
    ImportTally,
    OnRefused,
    RefusedRow,
    RowBatch,
    count,
    posting,
    send,
)

SHIPPED_LIFECYCLE = "demand_funnel"
"""The lifecycle that a check uses without a service."""


def import_table(
    file: Annotated[
        Path, typer.Argument(help="The table: CSV in any usual encoding, or a workbook.")
    ],
    *,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping",
            help="The YAML file that describes how rows become events: see docs/import.md.",
        ),
    ] = None,
    url: Url = URL_DEFAULT,
    key: Key = None,
    suggest: Annotated[
        bool,
        typer.Option("--suggest", help="Print a draft mapping, based on the column names."),
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Read, translate and judge everything, but send nothing."),
    ] = False,
    lifecycle: Annotated[
        str | None,
        typer.Option(
            "--lifecycle",
            help="With --check: judge by this shipped lifecycle or YAML file, without a service.",
        ),
    ] = None,
    revise: Annotated[
        bool,
        typer.Option(
            "--revise",
            help="Correct events recorded earlier from the same rows, where the rows have changed.",
        ),
    ] = False,
    refused: Annotated[
        Path | None,
        typer.Option(
            "--refused",
            help="Write refused rows and events to this file, with line and reason: CSV, or JSON "
            "lines if its name ends in .jsonl or .ndjson. The file is overwritten.",
        ),
    ] = None,
    batch: Annotated[
        int,
        typer.Option(
            "--batch", min=1, max=SENT_BATCH_EVENTS_MAX, help="Events sent in one request."
        ),
    ] = SENT_BATCH_EVENTS_MAX,
    gzip: Annotated[
        bool, typer.Option("--gzip", help="Compress requests; worth it on slow networks.")
    ] = False,
    as_listed: Annotated[
        bool,
        typer.Option(
            "--as-listed",
            help="Send events in the order of the rows. By default they are sent in the order of "
            "their times: the same figures, and fewer restatements.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Turn the rows of a table into events.

    The events are sent to a running service, which treats them like those of any other client.

    What is recorded stays recorded: try the mapping with --check first. Importing the same file
    again changes nothing, because ids derive from the rows. After an interruption, run it again.

    Example: leadledger import deals.csv --mapping deals.yaml --refused refused.csv
    """
    if suggest:
        print_lines(suggestion_for(file))
        return
    if mapping is None:
        raise CommandFailed(
            Exit.USAGE,
            "no mapping given: name one with --mapping; "
            f"`leadledger import --suggest {file}` prints a draft",
        )
    with ExitStack() as stack:
        form = _read_mapping(mapping)
        service = None
        if not check or (key and lifecycle is None):
            service = stack.enter_context(Service(url, key))
        table = stack.enter_context(open_table(file, form.table))
        _check_columns(form, table, file=file, mapping=mapping)
        # A check shows the first rows as they are listed, and judges by time in any case.
        arrange = iter if as_listed or check else in_order_of_time
        work = _Work(form, table, batch, stack, refused, arrange=arrange)
        if check:
            work.check(file, service, lifecycle=lifecycle, as_json=as_json)
        else:
            assert service is not None
            deliver = (revising if revise else posting)(service, compress=gzip)
            work.send(file, service, deliver, as_json=as_json)
    if work.tally.all_refused:
        raise typer.Exit(Exit.REFUSED_ROWS)


class _Work:
    """One run over one table. A class, because reading, counting and printing share its state."""

    def __init__(
        self,
        form: Mapping,
        table: Table,
        size: int,
        stack: ExitStack,
        refused: Path | None,
        *,
        arrange: Arrange,
    ) -> None:
        self.form, self.table, self.size, self.refused = form, table, size, refused
        self.arrange = arrange
        self.tally, self.groups = ImportTally(), Groups()
        self.started = time.monotonic()
        # Last, so that the file of an earlier run is kept until this run can start.
        self.write = stack.enter_context(refused_file(refused))

    def on_refused(self, refused: RefusedRow) -> None:
        self.groups.add(refused)
        self.write(refused)

    def batches(self, surroundings: Surroundings) -> Iterator[RowBatch]:
        return batches_of(
            self.table.rows,
            translation_of(self.form, self.table.header, surroundings),
            events_max=self.size,
            personal=self.form.personal,
            tally=self.tally,
            on_refused=self.on_refused,
            arrange=self.arrange,
        )

    def send(self, file: Path, service: Service, deliver: Deliver, *, as_json: bool) -> None:
        zone = _zone_of(service) if self.form.leaves_zone_open else None
        batches = self.batches(Surroundings(zone, _modified(file)))
        _send(batches, deliver, self.table, self.tally, self.on_refused)
        service.complete()
        print_run(self.run, as_json=as_json, refused=self.refused)

    def check(
        self, file: Path, service: Service | None, *, lifecycle: str | None, as_json: bool
    ) -> None:
        # Only a check needs the state machine and what that imports.
        from service.command.importing.judging import judge_by

        text, judged_by = _lifecycle_text(service, lifecycle)
        judge = judge_by(text)
        first: dict[int, list[Mapped[str, Any]]] = {}
        zone = ZoneInfo(judge.context.lifecycle.time_zone)
        for batch in self.batches(Surroundings(zone, _modified(file))):
            self.tally.events += len(batch.lines)
            for line, event in zip(batch.lines, batch.events, strict=True):
                if line in first or len(first) < FIRST_ROWS_SHOWN:
                    first.setdefault(line, []).append(event)
            for ignored in judge.read(batch, self.on_would_be_refused):
                count(self.tally.ignored, ignored.text)
        not_judged = judge.judge(self.on_would_be_refused)
        checked = Checked(first, judged_by, not_judged, judge.is_full)
        print_check(self.run, checked, as_json=as_json)

    def on_would_be_refused(self, refused: RefusedRow) -> None:
        self.on_refused(refused)
        self.tally.refused += 1
        count(self.tally.refused_by_reason, refused.reason)

    @property
    def run(self) -> Run:
        unused = [name for name in self.table.header if name not in self.form.mentions]
        seconds = time.monotonic() - self.started
        groups = self.groups.largest_first()
        return Run(self.tally, groups, self.table.form, unused, seconds)


def _read_mapping(path: Path) -> Mapping:
    try:
        return read_mapping(_read_text(path))
    except MappingInvalid as error:
        raise _invalid(path, error) from None


def _check_columns(form: Mapping, table: Table, *, file: Path, mapping: Path) -> None:
    """Check that the table has the columns; if the file is misread, report that instead."""
    try:
        check_columns(form, table.header)
    except MappingInvalid as error:
        misread = misreading(file, form.table)
        if misread is not None:
            raise CommandFailed(Exit.INVALID_FILE, f"{mapping}: {misread}") from None
        raise _invalid(mapping, error) from None


def _invalid(mapping: Path, error: MappingInvalid) -> CommandFailed:
    return CommandFailed(
        Exit.INVALID_FILE, f"{mapping} is not valid, or does not fit the table:\n{error}"
    )


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CommandFailed(Exit.INVALID_FILE, f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CommandFailed(Exit.INVALID_FILE, f"expected {path} to be UTF-8 text") from None


def _modified(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)


def _zone_of(service: Service) -> ZoneInfo:
    """Return the lifecycle's zone, for dates whose zone neither cell nor mapping states."""
    try:
        return ZoneInfo(service.get("/v1/lifecycle")["time_zone"])
    except ServiceUnavailable:
        raise
    except CommandFailed as error:
        raise CommandFailed(
            error.exit_code,
            f"{error}\nThe lifecycle defines the zone of these dates. State the zone in the "
            "mapping's `time`, such as `zone: Asia/Tokyo`, or use a key with projections:read",
        ) from None


def _lifecycle_text(service: Service | None, name: str | None) -> tuple[str, str]:
    """Return the text of the lifecycle that a check uses, and what to call it."""
    from events.lifecycles.shipped import read_lifecycle_text  # noqa: PLC0415  only a check needs it

    if service is None:
        name = name or SHIPPED_LIFECYCLE
        return read_lifecycle_text(name), f"the lifecycle {name}"
    in_force = service.get("/v1/lifecycle")
    named = f"version {in_force['version']} of the ledger's lifecycle {in_force['name']}"
    return in_force["text"], named


def _send(
    batches: Iterator[RowBatch],
    deliver: Deliver,
    table: Table,
    tally: ImportTally,
    on_refused: OnRefused,
) -> None:
    with _progress(table.size) as advance:
        try:
            send(
                batches,
                deliver,
                tally=tally,
                on_refused=on_refused,
                on_sent=lambda: advance(_done(table, tally), tally.events),
            )
        except BaseException:
            complain(
                f"stopped after {tally.events:,} events; what was recorded stays, and importing "
                "the same file again continues from there"
            )
            raise


def _done(table: Table, tally: ImportTally) -> int:
    """Return how much of the table's size is sent, by the events that have been made of it."""
    made = sum(tally.events_by_type.values())
    return table.done() * tally.events // made if made else table.done()


@contextmanager
def _progress(size: int) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on a terminal, and nothing in a log."""
    console = terminal(stderr=True)
    columns = (
        TaskProgressColumn(),
        BarColumn(),
        TextColumn("{task.fields[events]:,} events, {task.fields[rate]:,.0f}/s"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=size, events=0, rate=0.0)

        def advance(done: int, events: int) -> None:
            elapsed_s = progress.tasks[0].elapsed or 0.001
            progress.update(task, completed=done, events=events, rate=events / elapsed_s)

        yield advance
