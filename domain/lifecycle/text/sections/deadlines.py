"""The text of hand-overs and deadlines."""

from domain.lifecycle.automation import Assignment, Deadline, HandOver, Return
from domain.lifecycle.service_events import DEADLINES
from domain.lifecycle.text.conditions import UNREADABLE, read_condition
from domain.lifecycle.text.place import Place
from domain.lifecycle.text.sections.calendars import read_period
from domain.lifecycle.text.sections.scope import LeadScope
from domain.lifecycle.text.vocabulary import is_of_event
from domain.lifecycle.text.words import (
    WORD_KEYS,
    Placed,
    check_code,
    check_names,
    read_words,
    values_of,
)

HAND_OVER_KEYS = (*WORD_KEYS, "entering", "by", "from", "to", "assign", "brief")
ASSIGNMENT_KEYS = ("owner", "team", "when")
DEADLINE_KEYS = (
    *(*WORD_KEYS, "entering", "on", "when", "met_by"),
    *("within", "calendar", "returns"),
)
RETURN_KEYS = ("after", "by")


def read_hand_overs(place: Place | None, around: LeadScope) -> tuple[HandOver, ...]:
    return tuple(
        _read_hand_over(name, entry, around)
        for name, entry in (place.entries().items() if place else ())
    )


def _read_hand_over(name: str, place: Place, around: LeadScope) -> HandOver:
    check_code(place, name)
    keys = place.entries(known=HAND_OVER_KEYS, required=("entering", "by", "from", "to"))
    departments = around.glossary.departments
    entering, by = around.stage(keys.get("entering")), around.decided(keys.get("by"))
    around.check_legal(keys.get("by"), by, entering)
    parties = {
        key: (keys[key].one_of(departments, kind="a department") if key in keys else None) or ""
        for key in ("from", "to")
    }
    return HandOver(
        name=name,
        words=read_words(place, keys, languages=around.glossary.languages),
        entering=entering,
        by=by,
        from_department=parties["from"],
        to_department=parties["to"],
        assign=tuple(
            _read_assignment(item, around)
            for item in (keys["assign"].items() if "assign" in keys else ())
        ),
        brief=_read_brief(keys.get("brief"), around),
    )


def _read_assignment(place: Place, around: LeadScope) -> Assignment:
    """Read one row of the table. It is judged for any event, so it cannot read the event."""
    keys = place.entries(known=ASSIGNMENT_KEYS)
    if "owner" not in keys and "team" not in keys:
        place.complain("assigns the lead to no one; give an `owner`, a `team`, or both")
    condition = None
    if "when" in keys:
        condition = read_condition(keys["when"], around.vocabulary.without_event()) or UNREADABLE
    return Assignment(
        owner=keys["owner"].text() if "owner" in keys else None,
        team=keys["team"].text() if "team" in keys else None,
        condition=condition,
    )


def _read_brief(place: Place | None, around: LeadScope) -> tuple[str, ...]:
    paths = [path for path in around.vocabulary.paths if not is_of_event(path)]
    items = place.items() if place else []
    read = [item.one_of(paths, kind="a path of a lead or an account") for item in items]
    return tuple(dict.fromkeys(path for path in read if path))


def read_deadlines(place: Place | None, around: LeadScope) -> dict[str, Deadline]:
    if place is None:
        return {}
    for type in DEADLINES:
        if type not in around.events:
            place.complain(f"the event type {type} is missing; the service writes it")
    read = {
        name: Placed(entry, _read_deadline(name, entry, around))
        for name, entry in place.entries().items()
    }
    check_names({name: Placed(placed.place, placed.value.words) for name, placed in read.items()})
    return values_of(read)


def _read_deadline(name: str, place: Place, around: LeadScope) -> Deadline:
    check_code(place, name)
    keys = place.entries(known=DEADLINE_KEYS, required=("met_by", "within", "calendar"))
    if ("entering" in keys) == ("on" in keys):
        place.complain("expected either `entering`, a stage, or `on`, event types")
    entering = around.stage(keys["entering"]) if "entering" in keys else None
    if "when" in keys and "on" not in keys:
        keys["when"].complain("only applies to events of `on`; a stage always starts the deadline")
    calendar = keys.get("calendar")
    return Deadline(
        name=name,
        words=read_words(place, keys, languages=around.glossary.languages),
        entering=entering,
        on=frozenset(around.event_types(keys.get("on"))),
        met_by=frozenset(around.event_types(keys.get("met_by"))),
        within=read_period(keys.get("within")),
        calendar=(calendar.one_of(around.calendars, kind="a calendar") if calendar else None) or "",
        returns=_read_return(keys.get("returns"), entering, around),
        condition=(read_condition(keys["when"], around.vocabulary) or UNREADABLE)
        if "when" in keys
        else None,
    )


def _read_return(place: Place | None, entering: str | None, around: LeadScope) -> Return | None:
    if place is None:
        return None
    keys = place.entries(known=RETURN_KEYS, required=RETURN_KEYS)
    by = around.derived(keys.get("by"))
    around.check_legal(keys.get("by"), by, entering or "")
    if any(move.begins_pass for move in around.lead.moves if move.on == by):
        keys["by"].complain(f"{by} begins a pass; a return must be a move that can be taken back")
    return Return(after=read_period(keys.get("after")), by=by)
