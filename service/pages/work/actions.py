"""What a person can report about a lead by hand: which events, and the fields of their forms.

The lifecycle decides: an event type of a company's own appears with its own words.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from domain.lead.state import LeadState
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import (
    EventKind,
    EventType,
    Field,
    Lifecycle,
    Role,
    SubjectKind,
)
from domain.lifecycle.service_events import OFFERED
from domain.lifecycle.words import Words
from events.batch.ids import new_id
from events.signals.native import may_report
from events.signals.sender import Sender
from service.ingest.labels import label_of
from service.pages.frame.rendering import View
from service.pages.frame.wording import catalogue

CONTACT: Final = "screening.attempted"
COMPLETED: Final = "screening.completed"
BY_HAND: Final = (
    *(CONTACT, COMPLETED),
    *("meeting.scheduled", "meeting.held", "meeting.missed"),
    *("do_not_call.set", "reseller.reported"),
)
"""Facts that people report by hand; systems report the others."""
MEMO: Final = "memo"
REACHED, OUTCOME, SPOKEN = "reached", "outcome", "spoken"
"""Whether the person was reached follows from the outcome, so nobody is asked twice."""
_INPUTS: Final[Mapping[str, str]] = {"date": "date", "integer": "number", "boolean": "choice"}
"""How a field of a type is entered; any other is a text, or a choice if it has values."""


class FormField(NamedTuple):
    name: str
    label: str
    input: str
    """`choice`, `date`, `number` or `text`."""
    is_required: bool
    choices: list[tuple[str, str]]
    value: str = ""


class ActionForm(NamedTuple):
    """The form that reports one type of event."""

    type: str
    label: str
    event_id: str
    """Made when the form is shown."""
    fields: list[FormField]
    leads_to: str | None
    """The only stage to which it can move the lead from here."""
    is_open: bool


def actions_for(
    view: View,
    compiled: CompiledLifecycle,
    state: LeadState,
    sender: Sender,
    *,
    given: Mapping[str, str],
) -> list[ActionForm]:
    """Return the forms for what this person may report about a lead in its current state.

    `given`: what was entered in a form that is shown again, with its `type`.
    """
    return [
        _form(view, compiled, state, event_type, given)
        for event_type in compiled.lifecycle.events.values()
        if is_possible(compiled, state, event_type, sender)
    ]


def action_for(
    view: View, compiled: CompiledLifecycle, state: LeadState, sender: Sender, event: str
) -> ActionForm | None:
    """Return the form of one type of event; None if this person may not report it now.

    A list needs one or two of the forms per lead. Making all of them took most of its time.
    """
    event_type = compiled.lifecycle.events.get(event)
    if event_type is None or not is_possible(compiled, state, event_type, sender):
        return None
    return _form(view, compiled, state, event_type, {})


def is_possible(
    compiled: CompiledLifecycle, state: LeadState, event_type: EventType, sender: Sender
) -> bool:
    """Whether a person may report such an event, and the stage allows it."""
    if event_type.subject is not SubjectKind.LEAD or not may_report(sender, event_type):
        return False
    if event_type.kind is EventKind.FACT:
        return event_type.name in BY_HAND
    if event_type.kind is not EventKind.DECISION or event_type.name in OFFERED:
        return False
    if event_type.role is Role.LINKS_ACCOUNT:
        # It names a company, which no form here does.
        return False
    # A decision that no move mentions is legal everywhere.
    is_free = not compiled.lead.targets(event_type.name)
    return is_free or bool(_targets(compiled, state, event_type))


def _targets(compiled: CompiledLifecycle, state: LeadState, event_type: EventType) -> set[str]:
    """Return the stages that an event may lead to from here; none if it may not happen here."""
    moves = compiled.lead.allowed(state.stage)
    return {move.to for move in moves if move.on == event_type.name}


def _form(
    view: View,
    compiled: CompiledLifecycle,
    state: LeadState,
    event_type: EventType,
    given: Mapping[str, str],
) -> ActionForm:
    is_again = given.get("type") == event_type.name
    values = given if is_again else {}
    targets = _targets(compiled, state, event_type) - {state.stage}
    return ActionForm(
        event_type.name,
        view.codes.event(event_type.name),
        values.get("event_id") or f"page-{new_id()}",
        list(_fields(view, compiled.lifecycle, event_type, values)),
        view.codes.stage(*targets) if len(targets) == 1 else None,
        is_open=is_again,
    )


def _fields(
    view: View, lifecycle: Lifecycle, event_type: EventType, values: Mapping[str, str]
) -> Iterator[FormField]:
    """Yield the fields of a form: required ones first, and a memo."""
    fields = sorted(event_type.fields.values(), key=lambda field: not field.required)
    for field in fields:
        if not (field.name == REACHED and _tells_reached(event_type)):
            value = values.get(field.name, _suggested(event_type, field))
            yield _field(view, lifecycle, field, value)
    yield FormField(MEMO, view.words("work.memo"), MEMO, False, [], values.get(MEMO, ""))  # noqa: FBT003


def _tells_reached(event_type: EventType) -> bool:
    outcome = event_type.fields.get(OUTCOME)
    return outcome is not None and SPOKEN in outcome.values


def _suggested(event_type: EventType, field: Field) -> str:
    return "phone" if field.name == "channel" and event_type.name.startswith("screening.") else ""


def _field(view: View, lifecycle: Lifecycle, field: Field, value: str) -> FormField:
    choices = [(code, _label(lifecycle, field, code, view)) for code in field.values]
    if field.type == "boolean":
        choices = [(code, view.words(f"work.{code}")) for code in ("true", "false")]
    kind = "choice" if choices else _INPUTS.get(field.type, "text")
    label = field_label(view, field.name)
    return FormField(field.name, label, kind, field.required, choices, value)


def field_label(view: View, name: str) -> str:
    """Return what a field is called; its own name, if it is a company's own."""
    return catalogue(view.words.language).get(f"field.{name}", name)


def _label(lifecycle: Lifecycle, field: Field, code: str, view: View) -> str:
    """Return the words of a code, from whichever list of the lifecycle has it."""
    words: Mapping[str, Mapping[str, Words]] = {
        "reason": lifecycle.reasons,
        "class": lifecycle.classes,
        "outcome": lifecycle.outcomes,
        "origin": lifecycle.origins,
        "for_department": lifecycle.departments,
        "from_department": lifecycle.departments,
        "to_department": lifecycle.departments,
    }
    if field.name == "to":
        return view.codes.stage(code)
    return label_of(words.get(field.name, {}), code, view.codes.language)


def data_of(event_type: EventType, form: Mapping[str, str]) -> dict[str, Any]:
    """Return the data of the event that a form reports."""
    data: dict[str, Any] = {
        name: _value(field, form[name]) for name, field in event_type.fields.items() if name in form
    }
    if _tells_reached(event_type) and OUTCOME in form:
        data[REACHED] = form[OUTCOME] == SPOKEN
    if MEMO in form:
        data[MEMO] = form[MEMO]
    return data


def _value(field: Field, text: str) -> Any:
    """Return what was entered as JSON has it; what cannot be read is judged as it is."""
    if field.type == "boolean" and text in ("true", "false"):
        return text == "true"
    if field.type == "integer" and text.lstrip("-").isdecimal():
        return int(text)
    return text
