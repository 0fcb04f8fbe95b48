"""The text of the moves of a track."""

from collections.abc import Mapping
from dataclasses import replace

from domain.lifecycle.definition import UNPLACED, EventType, Guard, Move, MoveKind, SubjectKind
from domain.lifecycle.text.place import Place
from domain.lifecycle.text.sections.events import read_names
from domain.lifecycle.text.sections.track import ANY, NAMED, SAME, PlacedTrack
from domain.lifecycle.text.vocabulary import is_of_lead, undeclared
from domain.lifecycle.text.words import Placed

NAMING_FIELD = "to"
"""The field that names the target stage, in events whose moves are declared `to: named`."""

_MOVE_KEYS = ("on", "from", "to", "guards", "kind", "begins_pass", "shortcut")
_KINDS = (
    MoveKind.ADVANCED,
    MoveKind.RECYCLED,
    MoveKind.RETURNED,
    MoveKind.DISQUALIFIED,
    MoveKind.LOST,
    MoveKind.CORRECTED,
)
"""Kinds that a text may give a move. The service itself knows when a journey begins or merges."""


def read_moves(
    track: PlacedTrack, *, events: Mapping[str, EventType], guards: Mapping[str, Guard]
) -> list[Placed[Move]]:
    """Read the moves, one per event type, with `any`, `named` and `same` written out."""
    moves: list[Placed[Move]] = []
    for place in track.moves.items() if track.moves else ():
        keys = place.entries(known=_MOVE_KEYS, required=("on", "from", "to"))
        if not {"on", "from", "to"} <= keys.keys():
            continue
        template = _read_template(keys, track, guards)
        if template is None:
            continue
        for on in _read_triggers(keys["on"], track, events):
            move = replace(template, on=on)
            _check_guards(keys.get("guards"), move, events[on], guards)
            if move.named and not _names_stage(events[on]):
                keys["to"].complain(f"`to: named` needs the field `to` of type code in {on}")
            moves += [Placed(place, expanded) for expanded in _expanded(move, track)]
    return moves


def _read_template(
    keys: Mapping[str, Place], track: PlacedTrack, guards: Mapping[str, Guard]
) -> Move | None:
    """Read what the moves of one entry share; None if their target is not known."""
    to = keys["to"].one_of((*track.stages, NAMED, SAME), kind="a stage of this track")
    kind = keys["kind"].one_of(_KINDS, kind="a kind of move") if "kind" in keys else None
    move = Move(
        on="",
        sources=(),
        to=to or "",
        guards=read_names(keys.get("guards"), guards, kind="a guard"),
        kind=MoveKind(kind) if kind else None,
        begins_pass="begins_pass" in keys and keys["begins_pass"].boolean(),
        shortcut="shortcut" in keys and keys["shortcut"].boolean(),
        named=to == NAMED,
        stays=to == SAME,
    )
    move = replace(move, sources=_read_sources(keys["from"], track, move))
    return move if to else None


def _read_sources(place: Place, track: PlacedTrack, move: Move) -> tuple[str, ...]:
    names = (*track.stages, UNPLACED, ANY)
    read = [item.one_of(names, kind="a stage of this track") for item in place.one_or_more()]
    if ANY in read and len(read) > 1:
        place.complain("`any` means every stage; list nothing else with it")
    if ANY in read:
        stages = (stage for stage in track.stages if stage != move.to)
        return tuple(stages) if move.stays or move.begins_pass else (UNPLACED, *stages)
    if UNPLACED in read and (move.stays or move.begins_pass):
        place.complain("an unplaced lead has no stage to stay in and no pass to end")
    if move.to in read and not move.begins_pass:
        place.complain(f"leads from {move.to} to itself; write `to: same` if it should only stay")
    return tuple(dict.fromkeys(name for name in read if name))


def _read_triggers(place: Place, track: PlacedTrack, events: Mapping[str, EventType]) -> list[str]:
    triggers: list[str] = []
    for item in place.one_or_more():
        name = item.one_of(events, kind="a declared event type")
        if name and events[name].subject is not track.subject:
            item.complain(
                f"{name} is about {events[name].subject}; this is the track of {track.subject}"
            )
        elif name:
            triggers.append(name)
    return triggers


def _check_guards(
    place: Place | None, move: Move, event: EventType, guards: Mapping[str, Guard]
) -> None:
    """Refuse guards that read values which can never be known when this event is judged."""
    for name in move.guards:
        reads = guards[name].condition.reads
        asked = undeclared(reads, event)
        if event.subject is not SubjectKind.LEAD:
            asked += tuple(path for path in reads if is_of_lead(path))
        if place and asked:
            place.complain(f"guard {name} reads {', '.join(asked)}, unknown at {event.name}")


def _names_stage(event: EventType) -> bool:
    field = event.fields.get(NAMING_FIELD)
    return field is not None and field.type == "code"


def _expanded(move: Move, track: PlacedTrack) -> list[Move]:
    """Write out `named` as one move per stage, and `same` as one per source."""
    if move.named:
        return [
            replace(move, to=stage, sources=tuple(s for s in move.sources if s != stage))
            for stage in track.stages
        ]
    if move.stays:
        return [replace(move, to=source, sources=(source,)) for source in move.sources]
    return [move]
