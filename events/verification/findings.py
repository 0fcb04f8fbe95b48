"""The results of a verification, check by check: what is right, what differs, what was not checked.

All findings are counted, but only the first few of each check are kept, so that even a ledger that
differs everywhere can be reported in bounded memory.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from events.limits import FINDING_CHARACTERS_MAX, FINDINGS_SHOWN


class Check(StrEnum):
    """What is checked, in the order in which it is reported."""

    ORDER = "order"
    RECORDS = "records"
    LEAVES = "leaves"
    SEALS = "seals"
    HEAD = "head"
    PERSONAL = "personal data"
    IDENTIFIERS = "identifiers"
    DECISIONS = "decisions"
    STATES = "states"
    REFUSALS = "refusals"
    KEYS = "keys"
    READS = "reads of personal data"
    PROJECTIONS = "projections"
    SCHEMA = "schema"
    RIGHTS = "rights"
    CHECKPOINT = "checkpoint"


MEANING: dict[Check, str] = {
    Check.ORDER: "Events were removed, inserted or moved; restore the log from a backup.",
    Check.RECORDS: "The lookup columns of an event, or its record, were edited in the database; "
    "the record is authoritative if its seal is valid.",
    Check.LEAVES: "A record or its leaf was edited in the database; compare with a backup, or with "
    "the leaf in the answer to the sender.",
    Check.SEALS: "This row was written without the ledger's secret: its record and leaf; compare "
    "with a backup.",
    Check.HEAD: "The end of the log was moved or cut off, or the head was edited; compare with a "
    "backup and with the copies that readers of the feed hold.",
    Check.PERSONAL: "Personal data, a fingerprint, an identifier or an actor was edited, removed "
    "or added in the database; no erasure is recorded for it.",
    Check.IDENTIFIERS: "Identifiers were removed, added or redirected in the database, so that one "
    "person is mistaken for another; restore the table from a backup.",
    Check.DECISIONS: "The log contains an outcome that its own rules do not produce: the event, an "
    "earlier one of the same lead, or the lifecycle was rewritten.",
    Check.STATES: "The states for the next decisions do not follow from the log; stop the service "
    "and restore the table from a backup.",
    Check.REFUSALS: "A refusal was edited in the database.",
    Check.KEYS: "A key was edited, added or removed in the database, so it may have rights that "
    "were never granted: revoke it, and check what it has sent.",
    Check.READS: "Who saw personal data was edited or removed in the database: restore the table "
    "from a backup, and ask who had access to it.",
    Check.PROJECTIONS: "Figures and lists do not follow from the log; recreate them with "
    "`leadledger rebuild`.",
    Check.SCHEMA: "A guard, a function or a table differs from what the migrations create; compare "
    "with a fresh schema, and check what has been written since.",
    Check.RIGHTS: "A role other than the owner may change what no one should: revoke it, and "
    "migrate.",
    Check.CHECKPOINT: "The log is not a continuation of the log from which this checkpoint was "
    "taken: it was rewritten, or an older copy was restored.",
}
"""What a difference in each check means, and what to do."""


class Finding(Exception):
    """A difference between what is expected and what is found."""

    def __init__(self, position: int | None, what: str, expected: object, found: object) -> None:
        where = f"position {position}: " if position is not None else ""
        super().__init__(f"{where}{what}: expected {_shown(expected)}, found {_shown(found)}")
        self.position = position
        self.what = what


def expect(position: int | None, what: str, expected: object, found: object) -> None:
    """Raise Finding unless both are equal."""
    if expected != found:
        raise Finding(position, what, expected, found)


def _shown(value: object) -> str:
    text = value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= FINDING_CHARACTERS_MAX else f"{text[:FINDING_CHARACTERS_MAX]} …"


@dataclass(slots=True)
class Section:
    """One check. A class, because it counts."""

    check: Check
    part: str = ""
    """Which one of several: the name of the projection."""
    checked: int = 0
    not_checked: int = 0
    why_not: str = ""
    still_to_come: int = 0
    """Leads that wait to be decided again: what counts for them is not recorded yet."""
    differing: int = 0
    first: list[Finding] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.check}: {self.part}" if self.part else str(self.check)

    @property
    def outcome(self) -> str:
        """Return `differs`, `not checked` if anything was left out, or `ok`."""
        if self.differing:
            return "differs"
        return "not checked" if self.why_not else "ok"

    def note(self, finding: Finding, *, count: int = 1) -> None:
        """Count a finding; the first few are kept."""
        self.differing += count
        if len(self.first) < FINDINGS_SHOWN:
            self.first.append(finding)

    def skip(self, why: str, count: int = 0) -> None:
        """Note that something was not checked, and how much if that is known."""
        self.not_checked += count
        self.why_not = why


@dataclass(slots=True)
class Report:
    """All checks. A class, because each check fills its own section."""

    sections: dict[tuple[Check, str], Section] = field(default_factory=dict)

    def section(self, check: Check, part: str = "") -> Section:
        """Return the section of a check, creating it on first use."""
        known = self.sections.get((check, part))
        if known is None:
            known = self.sections[check, part] = Section(check, part)
        return known

    def attempt(self, check: Check, step: Callable[..., None], *args: object) -> None:
        """Run a step of a check, and note what it finds."""
        try:
            step(*args)
        except Finding as finding:
            self.section(check).note(finding)

    def __iter__(self) -> Iterator[Section]:
        order = list(Check)
        return iter(sorted(self.sections.values(), key=lambda section: order.index(section.check)))

    @property
    def differs(self) -> bool:
        return any(section.differing for section in self.sections.values())

    @property
    def is_complete(self) -> bool:
        """Whether nothing was left out."""
        return not any(section.why_not for section in self.sections.values())

    @property
    def findings(self) -> list[Finding]:
        """Return the findings that were kept, in the order of the checks."""
        return [finding for section in self for finding in section.first]
