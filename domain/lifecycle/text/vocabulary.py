"""The paths that a condition may read, and the kind of value of each.

They are in one place so that a condition on a value that is never known is found when it is read.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from domain.lifecycle.definition import EventType, Field
from domain.lifecycle.text.place import Place

FIELD_TYPES = (
    *("code", "integer", "amount", "boolean", "time", "date", "page"),
    "currency",
    *("position", "positions", "subject", "fields"),
)


@dataclass(frozen=True, slots=True)
class Known:
    """The kind of value at a path.

    `type` is a field type, or `domain`: the names of the word lists that a mail domain is in.
    """

    type: str
    values: tuple[str, ...] = ()
    """The possible codes, if they are known beforehand."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What conditions may refer to: paths and named word lists."""

    paths: Mapping[str, Known]
    lists: Mapping[str, frozenset[str]]

    def of_attributes(self) -> "Vocabulary":
        """Keep what is known about the person, which is judged again when the profile changes."""
        return self._only(
            path
            for path in self.paths
            if path in _DERIVED_ATTRIBUTES
            or (is_of_lead(path) and path not in LEAD_PATHS and not path.startswith(_OF_COURSE))
        )

    def of_likelihood(self) -> "Vocabulary":
        """Keep what fit, interest and time decide, which is judged whenever points change."""
        judged = (*self.of_attributes().paths, *OF_SECTION["scoring"], *OF_SECTION["targets"])
        return self._only(path for path in judged if path in self.paths)

    def without_score(self) -> "Vocabulary":
        """Leave out what changes continuously."""
        return self._only(path for path in self.paths if path not in OF_SECTION["scoring"])

    def _only(self, paths: Iterable[str]) -> "Vocabulary":
        return Vocabulary(paths={path: self.paths[path] for path in paths}, lists=self.lists)

    def without_event(self) -> "Vocabulary":
        """Leave out the event, for conditions that are judged for any event."""
        return Vocabulary(
            paths={path: known for path, known in self.paths.items() if not is_of_event(path)},
            lists=self.lists,
        )


COMPANY_DOMAIN = "company_domain"
"""The attribute with the names of the word lists that the domain of the lead's address is in."""

LEAD_PATHS: Mapping[str, Known] = {
    "lead.known": Known("boolean"),
    "lead.anonymous": Known("boolean"),
    "lead.stage": Known("code"),
    "lead.open_opportunities": Known("integer"),
    "lead.won_opportunities": Known("integer"),
    "lead.lost_opportunities": Known("integer"),
    "lead.valid_orders": Known("integer"),
    "lead.owner": Known("code"),
    "lead.origin": Known("code"),
    "lead.channel": Known("code"),
    "lead.recycled": Known("boolean"),
    f"lead.{COMPANY_DOMAIN}": Known("domain"),
    "lead.free_mail": Known("boolean"),
    "lead.screened_as": Known("code"),
    "lead.score": Known("amount"),
    "lead.fit": Known("integer"),
    "lead.interest": Known("amount"),
    "lead.grade": Known("code"),
    "lead.targeted": Known("boolean"),
    "lead.market": Known("code"),
    "lead.priority": Known("code"),
    "lead.business": Known("code"),
    "lead.team": Known("code"),
    "lead.unreached_attempts": Known("integer"),
    "lead.awaits_revisit": Known("boolean"),
    "lead.contactable": Known("boolean"),
}
"""What every lead has besides its declared attributes. `lead.anonymous`: it has an anonymous id and
is not known. `lead.company_domain`: the word lists that the mail domain is in, unknown for free
mail or without an address.
`lead.score` is fit (points for attributes) and interest (points for behaviour) together.
"""

ACCOUNT_PATHS: Mapping[str, Known] = {
    "account.segment": Known("code"),
    "account.key_role": Known("code"),
    "account.owner": Known("code"),
    "account.competitor": Known("boolean"),
}
"""What every account has besides its stage. `account.competitor`: a person has listed it as one,
which cannot be true of an unknown company."""

MARKS = "lead.marks."
OWNERS = "lead.owners."
"""Prefix of the path of a department: its person who works on the lead."""
CONSENT_KEYS = ("channels", "blocks", "frees")
BLOCKED = "lead.blocked_"
"""Prefix of the path of a channel: whether the person has closed it."""
_OF_COURSE = (MARKS, OWNERS, BLOCKED)
"""Prefixes of the paths about the progress of the lead, which say nothing about the person."""
OF_SECTION: Mapping[str, tuple[str, ...]] = {
    "scoring": ("lead.score", "lead.fit", "lead.interest"),
    "grades": ("lead.grade",),
    "targets": ("lead.targeted", "lead.market", "lead.priority"),
}
"""Paths that are never known if the text lacks a section."""

_DERIVED_ATTRIBUTES = (f"lead.{COMPANY_DOMAIN}", "lead.free_mail")

EVENT_TYPE = "event.type"
EVENT_DEPARTMENT = "event.department"


def known_paths(
    *,
    lead_stages: Collection[str],
    account_stages: Collection[str],
    origins: Collection[str],
    departments: Collection[str],
    attributes: Mapping[str, Field],
    events: Mapping[str, EventType],
    likelihood: Mapping[str, tuple[str, ...]],
) -> dict[str, Known]:
    """List every path of a lifecycle with the kind of its value.

    `likelihood` are the paths of its sections of targets, scoring and grades, with their codes.
    """
    judged = {path for paths in OF_SECTION.values() for path in paths}
    return {
        **{path: known for path, known in LEAD_PATHS.items() if path not in judged},
        **{path: Known(LEAD_PATHS[path].type, codes) for path, codes in likelihood.items()},
        "lead.stage": Known("code", tuple(lead_stages)),
        "lead.origin": Known("code", tuple(origins)),
        **ACCOUNT_PATHS,
        "account.stage": Known("code", tuple(account_stages)),
        "account.open_opportunities": Known("integer"),
        **{f"lead.{name}": Known(field.type, field.values) for name, field in attributes.items()},
        **_event_paths(events.values()),
        **_mark_paths(events.values()),
        **{f"{OWNERS}{name}": Known("code") for name in departments},
        EVENT_TYPE: Known("code", tuple(events)),
        EVENT_DEPARTMENT: Known("code", tuple(departments)),
    }


def _mark_paths(events: Iterable[EventType]) -> dict[str, Known]:
    values: dict[str, tuple[str, ...]] = {}
    for event in events:
        for name, value in event.marks.items():
            path = f"{MARKS}{name}"
            values[path] = (*values.get(path, ()), *((value,) if value is not None else ()))
    return {path: Known("code", tuple(dict.fromkeys(found))) for path, found in values.items()}


def channel_paths(consent: Place | None) -> dict[str, Known]:
    """List the paths of the channels that the section `consent` declares."""
    channels = consent.entries(known=CONSENT_KEYS).get("channels") if consent else None
    names = channels.entries() if channels else {}
    return {f"{BLOCKED}{name}": Known("boolean") for name in names}


def is_of_event(path: str) -> bool:
    return path.startswith("event.")


def is_of_lead(path: str) -> bool:
    return path.startswith("lead.")


def undeclared(reads: Iterable[str], event: EventType) -> tuple[str, ...]:
    """Return those paths that read a field which this event type does not declare."""
    declared = {EVENT_TYPE, EVENT_DEPARTMENT, *(f"event.{name}" for name in event.fields)}
    return tuple(path for path in reads if is_of_event(path) and path not in declared)


def _event_paths(events: Iterable[EventType]) -> dict[str, Known]:
    """Join the fields of all event types: a field has the same type in all of them."""
    paths: dict[str, Known] = {}
    for event in events:
        for name, field in event.fields.items():
            if field.type == "fields":
                continue
            path = f"event.{name}"
            before = paths.get(path)
            if before is None:
                paths[path] = Known(field.type, field.values)
            elif before.values != field.values:
                open_ended = not (before.values and field.values)
                joined = () if open_ended else tuple(dict.fromkeys(before.values + field.values))
                paths[path] = Known(field.type, joined)
    return paths
