"""Verify the ledger, and print what was found."""

import gc
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from events.signals.digests import Digests
from events.verification.checkpoint import Checkpoint
from events.verification.findings import MEANING, Check, Section
from events.verification.verify import Page
from service.command.exits import Exit
from service.command.in_database.ledger import Work, open_ledger
from service.command.printing import print_json, print_lines, print_table, progress_bar
from service.secret import find_secret
from service.settings import Settings
from service.verifying.running import Asked, Verified, verify
from service.verifying.scratch import Scratch, scratch_server


def verify_and_print(
    settings: Settings, *, checkpoint: Checkpoint | None, scratch: Path | None, as_json: bool
) -> Exit:
    """Verify the ledger of the settings, print the report, and return what it comes to.

    The ledger is opened first: making a server takes a second, for nothing if there is no ledger.
    """
    secret = find_secret(settings)
    digests = Digests(secret) if secret is not None else None
    with open_ledger(settings) as ledger, scratch_server(scratch) as server:
        verified = ledger.do(_work(digests, checkpoint, server))
    if as_json:
        print_json(_described(verified))
    else:
        _print(verified)
    return _exit_code(verified)


def _work(
    digests: Digests | None, checkpoint: Checkpoint | None, scratch: Scratch
) -> Work[Verified]:
    async def work(engine: AsyncEngine, schema: str) -> Verified:
        # The collector would examine all states again and again, and find nothing: they have no
        # cycles. So it examines each once, after the page that has made it.
        gc.disable()
        with progress_bar() as on_progress:

            async def on_page(page: Page, last: int) -> None:
                gc.collect(0)
                gc.freeze()
                on_progress(page[-1][0]["position"], last)

            asked = Asked(digests, checkpoint, scratch)
            return await verify(engine, schema, asked, on_page)

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
                "still_to_come": section.still_to_come,
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
    if section.still_to_come:
        print_lines(
            "",
            f"{section.name}: leads that wait to be decided again because of late reports: "
            f"{section.still_to_come:,}. What counts for them is recorded later.",
        )
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
