"""What the later sections of a lifecycle may refer to, and how they read names."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.lifecycle.calendars import Calendar
from domain.lifecycle.definition import EventKind, EventType, SubjectKind, Track
from domain.lifecycle.text.place import Place
from domain.lifecycle.text.sections.events import read_names
from domain.lifecycle.text.sections.glossary import Glossary
from domain.lifecycle.text.vocabulary import Vocabulary
from domain.lifecycle.text.words import Placed


@dataclass(frozen=True, slots=True)
class LeadScope:
    """What these sections may refer to. A class, because every reader of them needs all of it."""

    glossary: Glossary
    lead: Track
    events: Mapping[str, EventType]
    vocabulary: Vocabulary
    calendars: Mapping[str, Placed[Calendar]]

    def event_types(self, place: Place | None) -> tuple[str, ...]:
        """Read names of event types about a lead."""
        names = [name for name, event in self.events.items() if event.subject is SubjectKind.LEAD]
        return read_names(place, names, kind="an event type about a lead")

    def derived(self, place: Place | None) -> str:
        """Read the name of an event type that only the service writes about a lead."""
        names = [
            name
            for name, event in self.events.items()
            if event.kind is EventKind.DERIVED and event.subject is SubjectKind.LEAD
        ]
        return (place.one_of(names, kind="a derived event about a lead") if place else None) or ""

    def decided(self, place: Place | None) -> str:
        """Read the name of an event type that the service may write to move a lead."""
        names = [
            name
            for name, event in self.events.items()
            if event.kind is not EventKind.FACT and event.subject is SubjectKind.LEAD
        ]
        return (place.one_of(names, kind="a decision about a lead") if place else None) or ""

    def stage(self, place: Place | None) -> str:
        return (place.one_of(self.lead.stages, kind="a stage") if place else None) or ""

    def check_legal(self, place: Place | None, type: str, stage: str) -> None:
        """Complain about an event that can never happen, because no move allows it there."""
        moves = [move for move in self.lead.moves if move.on == type]
        if (
            place
            and type
            and stage
            and not place.is_doubtful("lead.moves")
            and not any(stage in move.sources for move in moves)
        ):
            place.complain(f"no move is declared for {type} from {stage}")
