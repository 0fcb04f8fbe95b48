"""Nobody grants what they do not hold: what one key may make of another.

A key with `keys:admin` could otherwise make itself one that may do everything. Taking away is open
to every such key; giving is not, and what is given is looked at as a whole: a scope that one holds,
for a source that one does not speak for, is nothing that one holds.
"""

from datetime import datetime
from typing import Any, NamedTuple

from domain.lifecycle.definition import Right
from domain.times import format_utc
from events.signals.sender import ANY_SOURCE
from service.keys.terms import KeyTerms, StoredKey


class Lack(NamedTuple):
    """Something that a key would be given and that its giver does not have."""

    field: str
    held: Any
    wanted: Any


class GrantRefused(Exception):
    """A key gives another key nothing that it does not hold itself."""

    def __init__(self, lack: Lack) -> None:
        super().__init__(
            f"The key that asks would give more than it holds: {lack.field}. Ask with a key that "
            "holds as much, with the one that the first start printed, or run `leadledger key` "
            "where the database is."
        )
        self.lack = lack


def check_grant(granter: StoredKey | None, wanted: KeyTerms) -> None:
    """Raise GrantRefused if a key would be made of more than its maker holds.

    Without a granter somebody works on the database itself, and may do everything there.
    """
    if granter is None:
        return
    lack = lacking(granter.terms, wanted, is_founder=granter.is_founder)
    if lack is not None:
        raise GrantRefused(lack)


def check_change(granter: StoredKey | None, before: KeyTerms, wanted: KeyTerms) -> None:
    """Raise GrantRefused if a key would be given more than the giver holds; less is always fine."""
    if lacking(before, wanted) is not None:
        check_grant(granter, wanted)


def check_takeover(granter: StoredKey | None, old: StoredKey, wanted: KeyTerms) -> None:
    """Raise GrantRefused if a rotation would show its asker the secret of more than it holds."""
    if old.is_founder and granter is not None and not granter.is_founder:
        raise GrantRefused(Lack("founder", held=False, wanted=True))
    check_grant(granter, wanted)


def lacking(held: KeyTerms, wanted: KeyTerms, *, is_founder: bool = False) -> Lack | None:
    """Return the first thing in which the wanted terms go beyond those held.

    The founder's key grants every scope, those of later versions included, to every department and
    for every source: somebody has to. Its time and its rate bind it like any other.
    """
    found = None if is_founder else _rights_lacking(held, wanted)
    if found is not None:
        return found
    if held.origins and not (wanted.origins and set(wanted.origins) <= set(held.origins)):
        return Lack("origins", list(held.origins), list(wanted.origins))
    if held.expires_at is not None and not _ends_by(held.expires_at, wanted.expires_at):
        return Lack("expires_at", format_utc(held.expires_at), _written(wanted.expires_at))
    rate, wanted_rate = held.events_per_second, wanted.events_per_second
    if rate is not None and (wanted_rate is None or wanted_rate > rate):
        return Lack("events_per_second", rate, wanted_rate)
    return None


def _rights_lacking(held: KeyTerms, wanted: KeyTerms) -> Lack | None:
    if not set(wanted.scopes) <= set(held.scopes):
        return Lack("scopes", list(held.scopes), list(wanted.scopes))
    if ANY_SOURCE not in held.sources and not set(wanted.sources) <= set(held.sources):
        return Lack("sources", list(held.sources), list(wanted.sources))
    # Whoever administers the ledger reports for every department.
    departments = {None, held.department}
    if wanted.department not in departments and Right.ADMINISTRATION not in held.scopes:
        return Lack("department", held.department, wanted.department)
    return None


def _ends_by(end: datetime, wanted: datetime | None) -> bool:
    return wanted is not None and wanted <= end


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else format_utc(moment)
