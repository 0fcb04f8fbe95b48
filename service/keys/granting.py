"""No key grants what it does not hold: what one key may do to another.

Otherwise a key with `keys:admin` could make a key that may do everything. Every such key may take
rights away. Granting is limited, and a grant is judged as a whole: a scope that the granter holds,
for a source that it may not speak for, is not a right that it holds.
"""

from datetime import datetime
from typing import Any, NamedTuple

from domain.lifecycle.definition import Right
from domain.times import format_utc
from events.signals.sender import ANY_SOURCE
from service.keys.terms import KeyTerms, StoredKey


class Lack(NamedTuple):
    """A right that would be granted although the granter does not have it."""

    field: str
    held: Any
    wanted: Any


class GrantRefused(Exception):
    """A key cannot grant another key anything that it does not hold itself."""

    def __init__(self, lack: Lack) -> None:
        super().__init__(
            f"The calling key would grant more than it holds: {lack.field}. Use a key that "
            "holds as much, use the key printed at the first start, or run `leadledger key` "
            "on the database's host."
        )
        self.lack = lack


def check_grant(granter: StoredKey | None, wanted: KeyTerms) -> None:
    """Raise GrantRefused if the new key would hold more than its maker.

    Without a granter the caller works on the database itself, and may do everything there.
    """
    if granter is None:
        return
    lack = lacking(granter.terms, wanted, is_founder=granter.is_founder)
    if lack is not None:
        raise GrantRefused(lack)


def check_change(granter: StoredKey | None, before: KeyTerms, wanted: KeyTerms) -> None:
    """Raise GrantRefused if the key would gain more than the granter holds; less is always fine."""
    if lacking(before, wanted) is not None:
        check_grant(granter, wanted)


def check_takeover(granter: StoredKey | None, old: StoredKey, wanted: KeyTerms) -> None:
    """Raise GrantRefused if a rotation would reveal the secret of a key that holds more."""
    if old.is_founder and granter is not None and not granter.is_founder:
        raise GrantRefused(Lack("founder", held=False, wanted=True))
    check_grant(granter, wanted)


def lacking(held: KeyTerms, wanted: KeyTerms, *, is_founder: bool = False) -> Lack | None:
    """Return the first item in which the wanted terms exceed those held.

    The founder's key grants every scope, including those of later versions, to every department and
    for every source: some key has to. Its expiry and its rate limit it like any other key.
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
    # An administrator of the ledger reports for every department.
    departments = {None, held.department}
    if wanted.department not in departments and Right.ADMINISTRATION not in held.scopes:
        return Lack("department", held.department, wanted.department)
    return None


def _ends_by(end: datetime, wanted: datetime | None) -> bool:
    return wanted is not None and wanted <= end


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else format_utc(moment)
