"""Random histories of stages: subjects arrive, move, recycle, are absorbed and restated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from domain.effects import Effects
from domain.event import Event
from domain.lead.stays import Stay, Stays
from domain.lifecycle.definition import UNPLACED, MoveKind, SubjectKind
from domain.lifecycle.text.load import load
from domain.traits import TraitChange, TraitChanges
from events.lifecycles.shipped import read_lifecycle_text
from tests.support.stage_events import Script, day, subject_id

LIFECYCLE = load(read_lifecycle_text("demand_funnel"))
ZONE = ZoneInfo(LIFECYCLE.time_zone)
LEAD, ACCOUNT = SubjectKind.LEAD, SubjectKind.ACCOUNT
STAGES = {LEAD: tuple(LIFECYCLE.lead.stages), ACCOUNT: tuple(LIFECYCLE.account.stages)}
LEADS, ACCOUNTS = (1, 2, 3, 4), (5, 6)
KINDS = [str(kind) for kind in MoveKind if kind is not MoveKind.ABSORBED]
SOURCES = st.sampled_from([None, "", "unknown", "marketing-digital", "reseller"])
BECOMES_KNOWN = st.sampled_from([Effects(), Effects(known=True)])
TRAITS = st.sampled_from(
    [
        *3 * [Effects()],
        Effects(owner="sato"),
        Effects(owner="abe", market="north"),
        Effects(owner=None),
        *2 * [Effects(account=subject_id(5))],
        Effects(account=subject_id(6)),
        Effects(attributes={"region": "kanto"}),
        Effects(screened_as="now"),
        *2 * [Effects(timers={"dormant": "2026-12-01T00:00:00Z"})],
    ]
)
OF_COMPANY = st.sampled_from([Effects(), Effects(segment="high"), Effects(key_role="defend")])
DATA = st.sampled_from([{}, {"campaign": "spring"}, {"product": "press", "campaign": "expo"}])
TRAIT_CHANGES: st.SearchStrategy[TraitChanges] = st.sampled_from(
    [
        *({}, {"entered_by": "form.submitted"}, {"owner": "sato", "campaign": "spring"}),
        *({"owner": None}, {"market": "south", "region": "kanto", "screened_as": None}),
        *({"silence": "dormant"}, {"silence": None}),
    ]
)
ENTERED_BY = st.sampled_from(["stage.corrected", "form.submitted"])
STEPS = ("tell", "move", "move", "move", "restate")
LEAD_STEPS = (*STEPS, "recycle", "absorb", "correct", "wait", "wait")
STEPS_MAX = 25
MOMENTS = st.sampled_from([0, 1, 2, 2.5, 30, 31, 60])
"""Few moments, so that many things coincide; around the ends of months in Tokyo."""


@dataclass(repr=False)
class History:
    """Events from the beginning, including the first lifecycle. A class, for a short repr."""

    events: list[Event]

    def __repr__(self) -> str:
        return "\n".join(
            f"{one.position} {one.subject.id[-1:]} {one.occurred_at:%m-%dT%H} {one.stage_to} "
            f"pass {one.pass_number} to {(one.forwarded_to or '')[-1:]} {dict(one.effects)}"
            for one in self.events[1:]
        )


@dataclass
class Course:
    """The state of each subject while a history is drawn: only legal histories are."""

    script: Script
    stages: Mapping[SubjectKind, Sequence[str]]
    known: set[int]
    moved_at: dict[int, float]
    pass_numbers: dict[int, int]
    absorbed_by: dict[int, int]

    def receiver(self, number: int) -> int:
        while number in self.absorbed_by:
            number = self.absorbed_by[number]
        return number


@st.composite
def histories(
    draw: st.DrawFn, stages: Mapping[SubjectKind, Sequence[str]] = STAGES, *, steps_min: int = 0
) -> History:
    """Draw a history: leads and accounts arrive, move, recycle, are absorbed and reported.

    The fewer stages and the more steps, the more leads take the same way through several stages.
    """
    course = Course(Script(), stages, set(), {}, {}, {})
    course.script.publish()
    for _ in range(draw(st.integers(steps_min, STEPS_MAX))):
        number = draw(st.sampled_from(LEADS + ACCOUNTS))
        kind = LEAD if number in LEADS else ACCOUNT
        steps = LEAD_STEPS if kind is LEAD else STEPS
        step = draw(st.sampled_from(steps))
        _take(draw, course, number, kind, step)
    return History(course.script.events)


def _take(draw: st.DrawFn, course: Course, number: int, kind: SubjectKind, step: str) -> None:
    receiver = course.receiver(number)
    forwarded_to = receiver if receiver != number else None
    at = draw(MOMENTS)
    script = course.script
    if step != "absorb":
        course.known.add(number)
    if step == "tell":
        says = draw(TRAITS if kind is LEAD else OF_COMPANY)
        script.tell(number, at, kind=kind, effects=says, data=draw(DATA), forwarded_to=forwarded_to)
    elif step == "wait":
        script.wait(receiver, at)
    elif step == "correct":
        effects = draw(BECOMES_KNOWN) | Effects(origin=draw(SOURCES))
        script.tell(number, at, effects=effects, forwarded_to=forwarded_to)
    elif step == "absorb":
        other = course.receiver(draw(st.sampled_from(LEADS)))
        if other != receiver and number == receiver and {number, other} <= course.known:
            script.absorb(number, at, by=other)
            course.absorbed_by[number] = other
    elif step == "restate" and number == receiver:
        _restate(draw, course, number, kind)
    elif step in ("move", "recycle"):
        _move(draw, course, number, kind, begins_pass=step == "recycle")


def _move(
    draw: st.DrawFn, course: Course, number: int, kind: SubjectKind, *, begins_pass: bool
) -> None:
    receiver, at = course.receiver(number), draw(MOMENTS)
    at = course.moved_at[receiver] = max(at, course.moved_at.get(receiver, at))
    pass_number = course.pass_numbers.get(receiver, 1)
    effects = draw(OF_COMPANY)
    if kind is LEAD:
        source = Effects(origin=draw(SOURCES), channel=draw(SOURCES))
        effects = draw(BECOMES_KNOWN) | draw(TRAITS) | source
    if begins_pass:
        pass_number += 1
    course.pass_numbers[receiver] = pass_number
    course.script.move(
        number,
        at,
        draw(st.sampled_from(course.stages[kind])),
        draw(st.sampled_from(KINDS)),
        type=draw(ENTERED_BY),
        kind=kind,
        pass_number=pass_number,
        effects=effects if draw(st.booleans()) else {},
        data=draw(DATA),
        forwarded_to=receiver if receiver != number else None,
    )


def _restate(draw: st.DrawFn, course: Course, number: int, kind: SubjectKind) -> None:
    """Restate which stays count, possibly none; a visitor's may have ended by absorption."""
    moments = sorted(draw(st.lists(MOMENTS, max_size=4)))
    stays: list[Stay] = []
    pass_number = 1
    for place, moment in enumerate(moments):
        is_unplaced = place == 0 and draw(st.booleans())
        pass_number += place > 0 and kind is LEAD and draw(st.booleans())
        stays.append(
            Stay(
                UNPLACED if is_unplaced else draw(st.sampled_from(course.stages[kind])),
                day(moment),
                pass_number,
                None if is_unplaced else draw(st.sampled_from(KINDS)),
                draw(st.integers(1, len(course.script.events))),
                draw(SOURCES) or None if kind is LEAD else None,
                draw(SOURCES) or None if kind is LEAD else None,
                draw(TRAIT_CHANGES) if kind is LEAD else {},
                tuple(
                    TraitChange(day(moment + wait), 1, draw(TRAIT_CHANGES))
                    for wait in draw(st.sampled_from([(), (), (0,), (0.5, 1)]))
                    if kind is LEAD
                ),
            )
        )
    course.pass_numbers[number] = pass_number
    course.moved_at[number] = max([*moments, course.moved_at.get(number, 0)])
    acquired = draw(st.none() | MOMENTS) if kind is LEAD and stays else None
    course.script.restate(
        number,
        draw(MOMENTS),
        Stays(tuple(stays)),
        kind=kind,
        acquired_at=day(acquired) if acquired is not None else None,
    )
