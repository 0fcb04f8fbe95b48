"""Checks of a lifecycle as a whole, which no single place in the text can decide."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from domain.lifecycle.compiled.route import passed_over
from domain.lifecycle.definition import (
    UNPLACED,
    EventKind,
    EventType,
    Move,
    Role,
    SubjectKind,
    Words,
)
from domain.lifecycle.service_events import TIME
from domain.lifecycle.text.check_service_events import check_service_events
from domain.lifecycle.text.place import Place
from domain.lifecycle.text.sections.declarations import Declarations
from domain.lifecycle.text.sections.events import ROLE_FIELDS
from domain.lifecycle.text.sections.glossary import SECTIONS, Glossary
from domain.lifecycle.text.sections.track import PlacedTrack
from domain.lifecycle.text.vocabulary import LEAD_PATHS
from domain.lifecycle.text.words import Placed, check_names

ROLES_OF_ACCOUNTS = frozenset({Role.LISTS_COMPETITOR, Role.UNLISTS_COMPETITOR, Role.RENEWS})

RESERVED_FIELDS = ("effects", "type", "department", "reported", "selection", TIME)
"""Names with a fixed meaning: the record's effects on the state, what conditions read from every
event, the complete call of an analytics client, the run that selected a lead, and the corrected
time of an event."""


def check(
    root: Place,
    *,
    glossary: Glossary,
    declared: Declarations,
    tracks: Iterable[PlacedTrack],
    moves: Mapping[SubjectKind, list[Placed[Move]]],
) -> None:
    """Complain about everything that is readable but cannot be intended."""
    tracks = tuple(tracks)
    has_companies = any(track.stages for track in tracks if track.subject is SubjectKind.ACCOUNT)
    check_service_events(root, declared.events, has_companies=has_companies)
    for placed in declared.events.values():
        _check_event(placed, declared.events)
    _check_fields(declared)
    _check_stages(tracks)
    for track in tracks:
        _check_shortcuts(track, moves[track.subject])
        _check_shadowed(moves[track.subject])
        if not root.is_doubtful(track.place.path):
            _check_ways(track, moves[track.subject])
    for family in _families(glossary, declared, tracks):
        check_names(family)


def _check_event(placed: Placed[EventType], events: Mapping[str, Placed[EventType]]) -> None:
    event, place = placed.value, placed.place
    needed = ROLE_FIELDS.get(event.role) if event.role else None
    if needed and not (needed in event.fields and event.fields[needed].required):
        place.at("role").complain(f"role {event.role} needs `required: [{needed}]`")
    about = SubjectKind.ACCOUNT if event.role in ROLES_OF_ACCOUNTS else SubjectKind.LEAD
    if event.role and event.subject is not about:
        place.at("role").complain(
            f"role {event.role} needs the subject {about}, but this type has {event.subject}"
        )
    if event.stands_as is not None:
        _check_stands_as(placed, events.get(event.stands_as))


def _check_stands_as(placed: Placed[EventType], carrier: Placed[EventType] | None) -> None:
    event, place = placed.value, placed.place.at("stands_as")
    if event.kind is not EventKind.FACT:
        place.complain("only a fact can be kept and considered again; drop this")
    if carrier is None:
        place.complain(f"'{event.stands_as}' is not declared")
    elif carrier.value.kind is EventKind.FACT or carrier.value.subject is not event.subject:
        place.complain(f"expected a decision or derived event about the {event.subject}")


def _check_fields(declared: Declarations) -> None:
    for name, placed in declared.fields.items():
        if name in RESERVED_FIELDS:
            placed.place.complain("has a fixed meaning in every event; choose another name")
    for name, placed in declared.attributes.items():
        if f"lead.{name}" in LEAD_PATHS:
            placed.place.complain("every lead already has this; choose another name")


def _check_stages(tracks: Iterable[PlacedTrack]) -> None:
    lines: dict[str, int] = {}
    for track in tracks:
        for code, stage in track.stages.items():
            if code in lines:
                stage.place.complain(
                    f"the other track also has a stage {code}, on line {lines[code]}"
                )
            lines[code] = stage.place.line
            if code in track.path and stage.value.ends:
                stage.place.complain("drop `ends`: the path decides what entering its stages means")
            if code not in track.path and not stage.value.ends:
                stage.place.complain("is not on the path; say with `ends` what entering it means")


def _check_shortcuts(track: PlacedTrack, moves: Iterable[Placed[Move]]) -> None:
    bare = track.with_moves(())
    for placed in moves:
        move = placed.value
        if move.begins_pass and track.subject is not SubjectKind.LEAD:
            placed.place.at("begins_pass").complain("only a lead goes through the funnel in passes")
        if move.named or move.stays:
            continue
        skipped = {
            source: () if move.begins_pass else passed_over(bare, source=source, to=move.to)
            for source in move.sources
        }
        if move.shortcut and not any(skipped.values()):
            placed.place.at("shortcut").complain("is declared a shortcut but passes over no stage")
        for source, stages in skipped.items():
            if stages and not move.shortcut:
                placed.place.complain(
                    f"passes over {', '.join(stages)} from {source}; declare `shortcut: true`"
                )


def _check_shadowed(moves: Iterable[Placed[Move]]) -> None:
    """Refuse a move that never fires because an earlier one, with no additional guards, does."""
    earlier: dict[tuple[str, str], list[Placed[Move]]] = defaultdict(list)
    for placed in moves:
        move = placed.value
        for source in move.sources:
            for other in earlier[move.on, source]:
                before = other.value
                same_name = not before.named or (move.named and before.to == move.to)
                if same_name and set(before.guards) <= set(move.guards):
                    placed.place.complain(
                        f"never fires for {move.on} from {source}: "
                        f"the move on line {other.place.line} comes first"
                    )
                    break
            earlier[move.on, source].append(placed)


def _check_ways(track: PlacedTrack, moves: Iterable[Placed[Move]]) -> None:
    """Warn about stages that no move reaches or leaves; corrections by name do not count."""
    ways: dict[str, set[str]] = defaultdict(set)
    for placed in moves:
        if not placed.value.named and not placed.value.stays:
            for source in placed.value.sources:
                ways[source].add(placed.value.to)
    reached, open_ends = {UNPLACED}, [UNPLACED]
    while open_ends:
        found = ways[open_ends.pop()] - reached
        reached |= found
        open_ends += found
    for code, stage in track.stages.items():
        if code not in reached:
            stage.place.warn("no moves lead here from the beginning")
        if not ways[code] - {code} and not stage.value.final:
            stage.place.warn("no move leaves this stage; declare `final: true` if this is intended")


def _families(
    glossary: Glossary, declared: Declarations, tracks: Iterable[PlacedTrack]
) -> list[dict[str, Placed[Words]]]:
    """Group what is looked up by name together: kinds of entries, and stages of all tracks."""
    stages = [(code, stage) for track in tracks for code, stage in track.stages.items()]
    families: list[dict[str, Placed[Words]]] = [dict(getattr(glossary, name)) for name in SECTIONS]
    families.append({c: Placed(stage.place, stage.value.words) for c, stage in stages})
    families.append(
        {c: Placed(placed.place, placed.value.words) for c, placed in declared.events.items()}
    )
    families.append(
        {c: Placed(placed.place, placed.value.words) for c, placed in declared.guards.items()}
    )
    return families
