"""The text of screening, recycling, silence and closed channels."""

from collections.abc import Collection

from domain.lifecycle.automation import (
    ChannelRule,
    Consent,
    Dormancy,
    Recycling,
    Screening,
    Unreachable,
)
from domain.lifecycle.definition import EventKind, SubjectKind
from domain.lifecycle.names import suggestion
from domain.lifecycle.text.conditions import UNREADABLE, read_condition
from domain.lifecycle.text.place import Place
from domain.lifecycle.text.sections.events import read_names
from domain.lifecycle.text.sections.scope import LeadScope
from domain.lifecycle.text.vocabulary import CONSENT_KEYS, undeclared
from domain.lifecycle.text.words import read_named, values_of
from domain.limits import CALL_ATTEMPTS_MAX, CONTACT_DAYS_MAX

MEETING_KEYS = ("scheduled_by", "held_by", "missed_by")
SCREENING_KEYS = ("attempted_by", "completed_by", *MEETING_KEYS, "revisit_days", "unreachable")
UNREACHABLE_KEYS = ("attempts", "within_days", "by", "reason")
RECYCLING_KEYS = ("set_by", "days", "otherwise_days", "due_by", "ended_by")
DORMANCY_KEYS = ("after_days", "stages", "except", "by")
CHANNEL_RULE_KEYS = ("on", "channels", "when")


_REACHED, _CLASS, _REASON = "reached", "class", "reason"


def read_screening(place: Place | None, around: LeadScope) -> Screening | None:
    if place is None:
        return None
    keys = place.entries(known=SCREENING_KEYS, required=("attempted_by", "completed_by"))
    attempted = around.event_types(keys.get("attempted_by"))
    completed = around.event_types(keys.get("completed_by"))
    _check_fields(keys.get("attempted_by"), attempted, _REACHED, around)
    _check_fields(keys.get("completed_by"), completed, _CLASS, around)
    return Screening(
        attempted_by=frozenset(attempted),
        completed_by=frozenset(completed),
        **{key: frozenset(around.event_types(keys.get(key))) for key in MEETING_KEYS},
        revisit_days=_read_days(keys.get("revisit_days"), around.glossary.classes, "a class"),
        unreachable=_read_unreachable(keys.get("unreachable"), around),
    )


def _read_unreachable(place: Place | None, around: LeadScope) -> Unreachable | None:
    if place is None:
        return None
    keys = place.entries(known=UNREACHABLE_KEYS, required=UNREACHABLE_KEYS)
    by, reason = around.decided(keys.get("by")), keys.get("reason")
    return Unreachable(
        attempts=keys["attempts"].integer(1, CALL_ATTEMPTS_MAX) if "attempts" in keys else 1,
        within_days=keys["within_days"].integer(1, CONTACT_DAYS_MAX)
        if "within_days" in keys
        else 1,
        by=by,
        reason=(reason.one_of(around.glossary.reasons, kind="a reason") if reason else None) or "",
    )


def read_recycling(place: Place | None, around: LeadScope) -> Recycling | None:
    if place is None:
        return None
    keys = place.entries(known=RECYCLING_KEYS, required=("set_by", "otherwise_days", "due_by"))
    set_by = around.event_types(keys.get("set_by"))
    _check_fields(keys.get("set_by"), set_by, _REASON, around)
    otherwise = keys.get("otherwise_days")
    return Recycling(
        set_by=frozenset(set_by),
        days=_read_days(keys.get("days"), around.glossary.reasons, "a reason"),
        otherwise_days=otherwise.integer(1, CONTACT_DAYS_MAX) if otherwise else 1,
        due_by=around.derived(keys.get("due_by")),
        ended_by=frozenset(around.event_types(keys.get("ended_by"))),
    )


def read_dormancy(place: Place | None, around: LeadScope) -> Dormancy | None:
    """Read when a lead counts as silent. Every fact about it but those named breaks the silence."""
    if place is None:
        return None
    keys = place.entries(known=DORMANCY_KEYS, required=("after_days", "stages", "by"))
    facts = [
        name
        for name, event in around.events.items()
        if event.kind is EventKind.FACT and event.subject is SubjectKind.LEAD
    ]
    quiet = read_names(keys.get("except"), facts, kind="a fact about a lead")
    stages = read_names(keys.get("stages"), around.lead.stages, kind="a stage")
    return Dormancy(
        after_days=keys["after_days"].integer(1, CONTACT_DAYS_MAX) if "after_days" in keys else 1,
        stages=frozenset(stages),
        activity=frozenset(facts) - frozenset(quiet),
        by=around.derived(keys.get("by")),
    )


def read_consent(place: Place | None, around: LeadScope) -> Consent | None:
    if place is None:
        return None
    keys = place.entries(known=CONSENT_KEYS, required=("channels",))
    channels = read_named(keys.get("channels"), languages=around.glossary.languages)
    rules = [
        _read_channel_rule(item, tuple(channels), around, blocks=group == "blocks")
        for group in ("blocks", "frees")
        for item in (keys[group].items() if group in keys else ())
    ]
    return Consent(channels=values_of(channels), rules=tuple(rules))


def _read_channel_rule(
    place: Place, channels: tuple[str, ...], around: LeadScope, *, blocks: bool
) -> ChannelRule:
    keys = place.entries(known=CHANNEL_RULE_KEYS, required=("on",))
    names = [name for name, event in around.events.items() if event.subject is SubjectKind.LEAD]
    on = (keys["on"].one_of(names, kind="an event type about a lead") if "on" in keys else "") or ""
    condition = None
    if "when" in keys:
        condition = read_condition(keys["when"], around.vocabulary) or UNREADABLE
        asked = undeclared(condition.reads, around.events[on]) if on else ()
        if asked:
            keys["when"].complain(f"reads {', '.join(asked)}, unknown at {on}")
    concerned = read_names(keys.get("channels"), channels, kind="a channel of this section")
    return ChannelRule(on=on, channels=concerned or channels, blocks=blocks, condition=condition)


def _read_days(place: Place | None, codes: Collection[str], kind: str) -> dict[str, int]:
    days: dict[str, int] = {}
    for code, entry in place.entries().items() if place else ():
        if code not in codes:
            entry.complain(f"'{code}' is not {kind}; {suggestion(code, codes)}")
        days[code] = entry.integer(1, CONTACT_DAYS_MAX)
    return days


def _check_fields(
    place: Place | None, types: tuple[str, ...], field: str, around: LeadScope
) -> None:
    for type in types:
        if place and field not in around.events[type].fields:
            place.complain(f"{type} needs the field `{field}`")
