"""The traits of a stay: what figures break it down by, in addition to its origin and channel.

form.submitted     at 7   campaign spring, acquired by a form   the stay in ML begins with these
lead.handed_over   at 9   owner sato                            an owner as well, from there on

A trait is a code, or absent. Most follow from the effects of an event, and some from its data, so
projections and decisions made again derive the same ones.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

from domain.event import Event
from domain.lifecycle.definition import SubjectKind

Traits: TypeAlias = Mapping[str, str]
"""Name → code."""
TraitChanges: TypeAlias = Mapping[str, str | None]
"""Name → code; None: the trait ends."""

NO_TRAITS: Final[Traits] = {}

OWNER, MARKET, PRIORITY, ACCOUNT = "owner", "market", "priority", "account"
CAMPAIGN, PRODUCT, BUSINESS, RESELLER = "campaign", "product", "business", "reseller"
SCREENED_AS, ACQUIRED_BY, ENTERED_BY = "screened_as", "acquired_by", "entered_by"
SEGMENT, KEY_ROLE = "segment", "key_role"
SILENCE: Final = "silence"
"""Dormant from when a lead has been silent for too long until its next own fact."""
DORMANT: Final = "dormant"
"""That code, which is also the name of the timer."""

AUTOMATIC: Final = "automatic"
"""A stay is entered by this if a rule of the lifecycle moved the lead."""
BY_SELECTION: Final = "selection.run"

ATTRIBUTES: Final = ("industry", "job", "position", "region", "company_size")
_OF_LEAD: Final = (OWNER, MARKET, PRIORITY, ACCOUNT, BUSINESS, RESELLER, SCREENED_AS)
_OF_ACCOUNT: Final = (OWNER, SEGMENT, KEY_ROLE)
NAMES: Final = (
    *_OF_LEAD,
    *_OF_ACCOUNT[1:],
    *(CAMPAIGN, PRODUCT, ACQUIRED_BY, ENTERED_BY, SILENCE),
    *ATTRIBUTES,
)
EFFECT_TRAITS: Final = (*_OF_LEAD, *_OF_ACCOUNT[1:])
"""Those that are effects of the same name."""
_OF_PASS: Final = (CAMPAIGN, PRODUCT, BUSINESS, RESELLER, SCREENED_AS)
"""They end with the pass."""


class TraitChange(NamedTuple):
    """What changed while a stay went on."""

    at: datetime
    position: int
    traits: TraitChanges


def traits_after(
    traits: Traits, event: Event, *, enters: bool = False, begins_pass: bool = False
) -> Traits:
    """Return the traits of a lead or an account after an event that it received in time."""
    is_lead = event.receiver.kind is SubjectKind.LEAD
    changes = _of_lead(traits, event) if is_lead else _named(event, _OF_ACCOUNT)
    if enters:
        changes[ENTERED_BY] = _entered_by(event)
        if is_lead:
            changes[SILENCE] = None
    ended = dict.fromkeys(_OF_PASS) if begins_pass else {}
    return applied(traits, {**ended, **changes}) if ended or changes else traits


def applied(traits: Traits, changes: TraitChanges) -> Traits:
    """Return traits with changes. An empty code is the same as none."""
    return {name: value for name, value in {**traits, **changes}.items() if value}


def difference(before: Traits, after: Traits) -> TraitChanges:
    """Return the changes that lead from some traits to others."""
    return {
        name: after.get(name)
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    }


def _of_lead(traits: Traits, event: Event) -> dict[str, str | None]:
    effects, data = event.effects, event.data
    changes = _named(event, _OF_LEAD)
    for name in _codes(effects.get("attributes", {}), ATTRIBUTES):
        changes[name] = effects["attributes"][name]
    # The campaign belongs to what brought the lead, as its channel does. A fact that came early has
    # brought it already.
    if "channel" in effects and "fact" not in effects:
        changes[CAMPAIGN] = data.get(CAMPAIGN)
    for name in _codes(data, (PRODUCT,)):
        changes[name] = data[name]
    if "known" in effects and ACQUIRED_BY not in traits:
        changes[ACQUIRED_BY] = event.type
    if event.cause is not None and data.get("timer") == DORMANT:
        changes[SILENCE] = DORMANT
    elif DORMANT in effects.get("timers", {}):
        # Silence is counted again from here, or no longer.
        changes[SILENCE] = None
    return changes


def _named(event: Event, names: Iterable[str]) -> dict[str, str | None]:
    effects: Mapping[str, str | None] = event.effects  # type: ignore[assignment]
    return {name: effects[name] for name in names if name in effects}


def _codes(values: Mapping[str, object], names: Iterable[str]) -> list[str]:
    return [name for name in names if isinstance(values.get(name), str)]


def _entered_by(event: Event) -> str:
    """Return the type of the report or decision by which a stay is entered."""
    if "fact" in event.effects:
        early: str = event.data["type"]
        return early
    if "selection" in event.data:
        return BY_SELECTION
    # What a company does automatically has types of its own.
    is_automatic = event.cause is not None and event.subject.kind is SubjectKind.LEAD
    return AUTOMATIC if is_automatic else event.type
