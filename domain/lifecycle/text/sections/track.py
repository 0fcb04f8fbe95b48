"""The text of a track: its stages and its path."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from domain.lifecycle.definition import (
    UNPLACED,
    Move,
    MoveKind,
    Stage,
    SubjectKind,
    Track,
)
from domain.lifecycle.text.place import Place
from domain.lifecycle.text.sections.events import read_names
from domain.lifecycle.text.sections.glossary import Glossary
from domain.lifecycle.text.words import WORD_KEYS, Placed, read_words, values_of

TRACK_KEYS = ("path", "entry", "stages", "moves")
ANY = "any"
NAMED = "named"
SAME = "same"

_STAGE_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
"""Narrower than other codes: stages appear in diagrams, column headings and URLs."""
_STAGE_KEYS = (*WORD_KEYS, "phase", "department", "ends", "final")
_ENDINGS = (MoveKind.DISQUALIFIED, MoveKind.LOST, MoveKind.RETURNED)


@dataclass(frozen=True, slots=True)
class PlacedTrack:
    """A track without its moves, which can only be read once events and guards are known."""

    place: Place
    subject: SubjectKind
    path: tuple[str, ...]
    entry: tuple[str, ...]
    stages: Mapping[str, Placed[Stage]]
    moves: Place | None

    def with_moves(self, moves: Collection[Placed[Move]]) -> Track:
        return Track(
            subject=self.subject,
            path=self.path,
            stages=values_of(self.stages),
            moves=tuple(move.value for move in moves),
            entry=self.entry,
        )


def no_track(root: Place, *, subject: SubjectKind) -> PlacedTrack:
    """Make the empty track of a text that declares none."""
    return PlacedTrack(place=root, subject=subject, path=(), entry=(), stages={}, moves=None)


def read_track(
    place: Place,
    *,
    subject: SubjectKind,
    glossary: Glossary,
) -> PlacedTrack:
    """Read the stages and the path of one track."""
    keys = place.entries(known=TRACK_KEYS, required=TRACK_KEYS)
    written = {
        code: Placed(entry, _read_stage(entry, code, glossary))
        for code, entry in (keys["stages"].entries().items() if "stages" in keys else ())
    }
    path = read_names(keys.get("path"), written, kind="a stage of this track")
    off_path = {code: stage for code, stage in written.items() if code not in path}
    return PlacedTrack(
        place=place,
        subject=subject,
        path=path,
        entry=read_names(keys.get("entry"), path, kind="a stage of the path"),
        stages={code: written[code] for code in path} | off_path,
        moves=keys.get("moves"),
    )


def _read_stage(place: Place, code: str, glossary: Glossary) -> Stage:
    if not _STAGE_CODE.fullmatch(code):
        place.complain(f"'{code}' is not a code: an ASCII letter, then letters, digits or _")
    if code in (UNPLACED, ANY, NAMED, SAME):
        place.complain(f"'{code}' has a fixed meaning in moves and cannot name a stage")
    keys = place.entries(known=_STAGE_KEYS)
    ends = keys["ends"].one_of(_ENDINGS, kind="an ending") if "ends" in keys else None
    phase, department = keys.get("phase"), keys.get("department")
    return Stage(
        code=code,
        words=read_words(place, keys, languages=glossary.languages, defined=True),
        phase=phase.one_of(glossary.phases, kind="a phase") if phase else None,
        department=department.one_of(glossary.departments, kind="a department")
        if department
        else None,
        ends=MoveKind(ends) if ends else None,
        final="final" in keys and keys["final"].boolean(),
    )
