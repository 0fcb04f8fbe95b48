"""A track of a lifecycle as a Mermaid state diagram.

Moves between stages are arrows, one per pair of stages, however many event types make the move.
Shortcuts, which would cross the whole diagram, are notes at the stage that they lead to.
Corrections by name lead everywhere and are one note at the beginning of the path.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from domain.lifecycle.compiled.route import passed_over
from domain.lifecycle.definition import UNPLACED, Lifecycle, Move, Stage, SubjectKind, Track
from domain.lifecycle.names import normal

_AGAIN = "↻"
"""Before the label of a move that begins a further pass."""

_NOTES = {
    "en": ("shortcuts", "from any stage to any"),
    "ja": ("近道", "どのステージからどのステージへも"),
}
"""Titles of the notes; English for languages without their own."""

_UNSAFE = str.maketrans(
    {":": "\uff1a", ";": ",", '"': "'", "\n": " ", "{": "(", "}": ")", "#": "\uff03"}
)
"""Characters with a meaning in Mermaid."""

_MERMAID_WORDS = frozenset(
    ("as", "class", "classdef", "direction", "end", "note", "scale", "state", "style")
)


def diagram(lifecycle: Lifecycle, *, subject: SubjectKind, language: str) -> str:
    """Draw one track with the labels of one language; the same lifecycle gives the same text."""
    track = lifecycle.lead if subject is SubjectKind.LEAD else lifecycle.account
    lines = ["stateDiagram-v2", "    direction LR"]
    lines += [f"    {line}" for line in _stage_lines(track, language)]
    lines += [f"    {line}" for line in _arrow_lines(lifecycle, track, language)]
    lines += [f"    {line}" for line in _shortcut_lines(lifecycle, track, language)]
    lines += [f"    {line}" for line in _correction_lines(lifecycle, track, language)]
    return "\n".join(lines) + "\n"


def _stage_lines(track: Track, language: str) -> Iterator[str]:
    for stage in track.stages.values():
        yield f'state "{_titled(stage, language)}" as {_identifier(stage.code)}'
    for stage in track.stages.values():
        if stage.final:
            yield f"{_identifier(stage.code)} --> [*]"


def _arrow_lines(lifecycle: Lifecycle, track: Track, language: str) -> Iterator[str]:
    arrows: dict[tuple[str, str], list[Move]] = defaultdict(list)
    for move, source in _declared(track):
        if not move.named and not _is_shortcut(track, move, source):
            arrows[source, move.to].append(move)
    for (source, to), moves in arrows.items():
        labels = " / ".join(_labels(lifecycle, moves, language))
        yield f"{_begin(source)} --> {_identifier(to)}: {labels}"


def _shortcut_lines(lifecycle: Lifecycle, track: Track, language: str) -> Iterator[str]:
    """Write one note per stage reached by shortcuts: the source stages and the event types."""
    ways: dict[str, dict[str, list[Move]]] = defaultdict(lambda: defaultdict(list))
    for move, source in _declared(track):
        if not move.named and _is_shortcut(track, move, source):
            ways[move.to][_begin(source)].append(move)
    for to, moves_by_source in ways.items():
        yield f"note right of {_identifier(to)}"
        yield f"    {_NOTES.get(language, _NOTES['en'])[0]}"
        sources_by_label: dict[str, list[str]] = defaultdict(list)
        for source, moves in moves_by_source.items():
            sources_by_label[" / ".join(_labels(lifecycle, moves, language))].append(source)
        for label, sources in sources_by_label.items():
            yield f"    {', '.join(sources)} → {label}"
        yield "end note"


def _correction_lines(lifecycle: Lifecycle, track: Track, language: str) -> Iterator[str]:
    labels = tuple(_labels(lifecycle, (move for move in track.moves if move.named), language))
    if labels:
        yield f"note left of {_identifier(track.path[0])}"
        yield f"    {' / '.join(labels)} ({_NOTES.get(language, _NOTES['en'])[1]})"
        yield "end note"


def _declared(track: Track) -> Iterable[tuple[Move, str]]:
    return ((move, source) for move in track.moves for source in move.sources)


def _is_shortcut(track: Track, move: Move, source: str) -> bool:
    return not move.begins_pass and bool(passed_over(track, source=source, to=move.to))


def _labels(lifecycle: Lifecycle, moves: Iterable[Move], language: str) -> Iterator[str]:
    """Name the events, grouped by their guards, with the guards in brackets."""
    alike: dict[tuple[bool, tuple[str, ...]], dict[str, None]] = defaultdict(dict)
    for move in moves:
        name = lifecycle.events[move.on].words.label.get(language, move.on)
        alike[move.begins_pass, move.guards][name] = None
    for (begins_pass, guards), names in alike.items():
        sign = f"{_AGAIN} " if begins_pass else ""
        held = [lifecycle.guards[guard].words.label.get(language, guard) for guard in guards]
        yield sign + _plain(", ".join(names) + (f" [{', '.join(held)}]" if held else ""))


def _begin(source: str) -> str:
    return "[*]" if source == UNPLACED else _identifier(source)


def _titled(stage: Stage, language: str) -> str:
    label = _plain(stage.words.label.get(language, stage.code))
    return label if normal(label) == normal(stage.code) else f"{stage.code} {label}"


def _plain(text: str) -> str:
    return text.translate(_UNSAFE)


def _identifier(code: str) -> str:
    return f"{code}_stage" if code.lower() in _MERMAID_WORDS else code
