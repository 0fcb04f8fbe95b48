"""Print for people: tables whose columns stand under each other in every script, and JSON."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

PIPED_WIDTH = 10_000
"""Into a file or a pipe nothing is wrapped at the width of a terminal that is not there."""

NUMBERS_SPLIT_MIN = 3
"""A table of fewer numbers is one of texts, which are wrapped."""


def terminal(*, stderr: bool = False) -> Console:
    """Return where to print; nothing in what is printed is taken for markup."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPED_WIDTH
    return Console(stderr=stderr, width=width, markup=False, highlight=False, emoji=False)


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int | None], None]]:
    """Show on a terminal how far long work has come, and of how much where that is known."""
    console = terminal(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    numbers: Sequence[str] = (),
    console: Console | None = None,
) -> None:
    """Print rows under their columns; those named in `numbers` are right-aligned.

    Numbers and their headings are never broken: where they do not fit, the rest of them follow in
    another table, with the same texts before them. Texts are wrapped between words.
    """
    console = console or terminal()
    texts = [index for index, name in enumerate(columns) if name not in numbers]
    waiting = [index for index, name in enumerate(columns) if name in numbers]
    table = _table(columns, rows, range(len(columns)), numbers)
    if len(waiting) < NUMBERS_SPLIT_MIN or _width(table, console) <= console.width:
        console.print(table)
        return
    while waiting:
        taken = len(waiting)
        while (
            taken > 1
            and _width(_table(columns, rows, sorted([*texts, *waiting[:taken]]), numbers), console)
            > console.width
        ):
            taken -= 1
        console.print(_table(columns, rows, sorted([*texts, *waiting[:taken]]), numbers))
        waiting = waiting[taken:]
        if waiting:
            console.print()


def _table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    chosen: Sequence[int],
    numbers: Sequence[str],
) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index in chosen:
        is_number = columns[index] in numbers
        table.add_column(
            printable(columns[index]),
            justify="right" if is_number else "left",
            overflow="fold",
            no_wrap=is_number,
        )
    for row in rows:
        table.add_row(*(printable(row[index]) for index in chosen))
    return table


def _width(table: Table, console: Console) -> int:
    """Return how wide a table is where nothing in it is wrapped."""
    return Measurement.get(console, console.options.update(width=PIPED_WIDTH), table).maximum


def print_lines(*lines: str) -> None:
    """Print sentences on standard output, as they are."""
    sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))
    sys.stdout.flush()


def print_json(value: Any) -> None:
    """Print what a program reads, on standard output and alone there."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")
    sys.stdout.flush()


def complain(message: str) -> None:
    """Say what went wrong, where it does not mix with what was asked for."""
    sys.stderr.write(f"leadledger: {printable(message)}\n")


def printable(value: object) -> str:
    """Return text that cannot steer the terminal: what others sent us is shown, never obeyed."""
    text = "" if value is None else str(value)
    return "".join(
        character if character.isprintable() or character == "\n" else "\ufffd"
        for character in text
    )
