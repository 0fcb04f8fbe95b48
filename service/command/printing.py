"""Print tables whose columns align in every script, and JSON."""

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
"""Output to a file or a pipe is not wrapped: there is no terminal width to wrap at."""

NUMBERS_SPLIT_MIN = 3
"""A table with fewer number columns is mostly text, and text is wrapped."""


def terminal(*, stderr: bool = False) -> Console:
    """Return the console to print on; it interprets nothing as markup."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPED_WIDTH
    return Console(stderr=stderr, width=width, markup=False, highlight=False, emoji=False)


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int | None], None]]:
    """Show the progress of long work on a terminal, with the total if it is known."""
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

    Numbers and their headings are never broken: those that do not fit follow in another table,
    after the same text columns. Text is wrapped between words.
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
    """Return the width of a table in which nothing is wrapped."""
    return Measurement.get(console, console.options.update(width=PIPED_WIDTH), table).maximum


def print_lines(*lines: str) -> None:
    """Print lines to standard output."""
    sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))
    sys.stdout.flush()


def print_json(value: Any) -> None:
    """Print JSON to standard output, where it is the only output."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")
    sys.stdout.flush()


def complain(message: str) -> None:
    """Print an error to standard error, so that it does not mix with the output."""
    sys.stderr.write(f"leadledger: {printable(message)}\n")


def printable(value: object) -> str:
    """Return text that cannot control the terminal: input from others is shown, never executed."""
    text = "" if value is None else str(value)
    return "".join(
        character if character.isprintable() or character == "\n" else "\ufffd"
        for character in text
    )
