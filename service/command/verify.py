"""`leadledger verify`: check the ledger without trusting anyone."""

import signal
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from events.signals.digests import Digests
from events.verification.findings import MEANING, Check, Section
from events.verification.verify import Checkpoint, CheckpointUnreadable, Page
from service.command.exits import CommandFailed, Exit
from service.command.ledger import on_ledger
from service.command.options import Json
from service.command.printing import print_json, print_lines, print_table, progress_bar
from service.secret import find_secret
from service.settings import read_settings
from service.verifying.running import Asked, Verified
from service.verifying.running import verify as verify_ledger
from service.verifying.scratch import Scratch, scratch_server


def verify(
    *,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE:ROOT",
            help="A checkpoint printed by an earlier verification: the log must continue from it.",
        ),
    ] = None,
    scratch: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Where projections are rebuilt; needs room for two copies of them. Default: the "
            "directory for temporary files.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check that the past has not been changed.

    Recomputes everything that the database alone can reveal and, with the secret
    (LEADLEDGER_SECRET, or the file in the data directory), the seals. docs/ledger.md describes what
    only a checkpoint kept elsewhere can reveal.

    Only reads, in one snapshot: a standby, a read-only copy or a role with SELECT only is enough,
    and the service may keep running. (A long snapshot prevents the server from vacuuming.) Needs
    about a kilobyte of memory per lead. Exit code 7 if anything differs; 11 if nothing differs but
    something could not be checked.

    Example: leadledger verify --json
    """
    signal.signal(signal.SIGTERM, _interrupt)
    given = _parse(checkpoint)
    secret = find_secret(read_settings())
    digests = Digests(secret) if secret is not None else None
    with scratch_server(scratch) as server:
        verified = on_ledger(_work(digests, given, server))
    if as_json:
        print_json(_described(verified))
    else:
        _print(verified)
    raise typer.Exit(_exit_code(verified))


def _interrupt(*_: object) -> None:
    """Stop as on Ctrl-C: stop the private database and remove its files."""
    raise KeyboardInterrupt


def _parse(checkpoint: str | None) -> Checkpoint | None:
    try:
        return None if checkpoint is None else Checkpoint.parse(checkpoint)
    except CheckpointUnreadable as error:
        raise CommandFailed(Exit.USAGE, f"{error}; found {checkpoint}") from None


def _work(digests: Digests | None, checkpoint: Checkpoint | None, scratch: Scratch) -> Any:
    async def work(engine: AsyncEngine, schema: str) -> Verified:
        with progress_bar() as on_progress:

            async def on_page(page: Page, last: int) -> None:
                on_progress(page[-1][0]["position"], last)

            asked = Asked(digests, checkpoint, scratch)
            return await verify_ledger(engine, schema, asked, on_page)

    return work


def _exit_code(verified: Verified) -> Exit:
    if verified.report.differs:
        return Exit.FOUND_WRONG
    return Exit.OK if verified.report.is_complete else Exit.NOT_CHECKED


def _described(verified: Verified) -> dict[str, Any]:
    report, examined = verified
    return {
        "verified": _exit_code(verified) is Exit.OK,
        "differs": report.differs,
        "checkpoint": str(examined.checkpoint),
        "position": examined.checkpoint.size,
        "clock_ahead_s": examined.clock_ahead_s,
        "checks": [
            {
                "check": section.name,
                "outcome": section.outcome,
                "checked": section.checked,
                "not_checked": section.not_checked,
                "why_not": section.why_not or None,
                "differing": section.differing,
                "findings": [
                    {"position": finding.position, "found": str(finding)}
                    for finding in section.first
                ],
                "meaning": MEANING[section.check] if section.differing else None,
            }
            for section in report
        ],
    }


def _print(verified: Verified) -> None:
    report, examined = verified
    print_table(
        ("check", "outcome", "checked", "differing", "not checked"),
        [
            (
                section.name,
                section.outcome,
                f"{section.checked:,}",
                f"{section.differing:,}" if section.differing else "",
                f"{section.not_checked:,}" if section.not_checked else "",
            )
            for section in report
        ],
        numbers=("checked", "differing", "not checked"),
    )
    for section in report:
        _print_section(section)
    if examined.clock_ahead_s:
        print_lines(
            "",
            f"The clock of this ledger is set {examined.clock_ahead_s:,} seconds ahead: it is a "
            "test ledger, and its recorded times prove nothing.",
        )
    print_lines(
        "",
        f"Checkpoint: {examined.checkpoint}",
        "Keep it where no one who runs this database can change it; `leadledger verify "
        "--checkpoint` later checks that the log continues from it.",
    )


def _print_section(section: Section) -> None:
    if section.why_not:
        print_lines("", f"{section.name}: not checked: {section.why_not}.")
    if not section.differing:
        return
    verb = "differs" if section.differing == 1 else "differ"
    print_lines("", f"{section.name}: {section.differing:,} {verb}. {MEANING[section.check]}")
    print_lines(*(f"  {finding}" for finding in section.first))
    left = section.differing - len(section.first)
    if left > 0:
        print_lines(f"  … and {left:,} more.")
    if section.check in (Check.DECISIONS, Check.STATES) and section.differing > 1:
        print_lines("  The others may be consequences of the first.")
