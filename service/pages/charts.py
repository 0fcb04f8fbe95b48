"""Charts as markup: pure functions from numbers to SVG.

The same numbers are always in a table next to the chart. So the links in a chart are for the mouse
only: a reader who uses the keyboard or a screen reader meets each number once, in the table.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from markupsafe import Markup

_PERCENT: Final = 100
_ROW: Final = 24
_TOP: Final = 14
_LEFT: Final = 132
_WIDTH: Final = 920
_RIGHT: Final = 12
_TICKS: Final = 6
_SHORTEST: Final = 3.0
"""A stay of a moment is still a dot that can be pointed at."""


class Bar(NamedTuple):
    """One bar of a column of bars that share a scale."""

    value: int
    mark: int
    """A second value, drawn as a line across the bar."""
    title: str
    link: str | None
    phase: int
    """Which of the colours, from 1; 0 for none."""


def bar(one: Bar, *, scale: int) -> Markup:
    """Draw a bar. `scale` is the value that fills the width."""
    width, mark = (_share(value, scale) for value in (one.value, one.mark))
    drawing = Markup(
        '<svg class="bars" width="100%" height="20" aria-hidden="true"><title>{}</title>'
        '<rect class="p{}" y="2" width="{}%" height="16" rx="2"/>'
        '<line class="then" x1="{}%" x2="{}%" y1="0" y2="20"/></svg>'
    ).format(one.title, one.phase, width, mark, mark)
    if one.link is None:
        return drawing
    return Markup('<a href="{}" tabindex="-1" aria-hidden="true">{}</a>').format(one.link, drawing)


def _share(value: int, scale: int) -> str:
    return f"{value * _PERCENT / scale:.1f}" if scale else "0"


class LaneStay(NamedTuple):
    """A stay in a lane. Its moments are in the zone in which dates are written."""

    row: int
    since: datetime
    until: datetime
    title: str
    link: str
    phase: int
    begins_pass: str | None = None
    """What to write where a further pass begins."""


def lane(rows: Sequence[str], stays: Sequence[LaneStay], *, label: str) -> Markup:
    """Draw stays, which are in order, over time: a row for each stage, the first at the bottom."""
    begin, end = stays[0].since, max(stay.until for stay in stays)
    seconds = max((end - begin).total_seconds(), 1.0)
    span = _WIDTH - _LEFT - _RIGHT

    def across(at: datetime) -> float:
        return round(_LEFT + span * (at - begin).total_seconds() / seconds, 1)

    def down(row: int) -> int:
        return _TOP + _ROW // 2 + _ROW * (len(rows) - 1 - row)

    height = _TOP + _ROW * len(rows)
    parts = [_row(name, down(number)) for number, name in enumerate(rows)]
    parts += _ticks(begin, end, across, height)
    before: LaneStay | None = None
    for stay in stays:
        x1, y = across(stay.since), down(stay.row)
        if before is not None:
            step = Markup('<line class="step" x1="{}" x2="{}" y1="{}" y2="{}"/>')
            parts.append(step.format(x1, x1, down(before.row), y))
        if stay.begins_pass is not None:
            parts.append(
                Markup(
                    '<line class="pass" x1="{}" x2="{}" y1="2" y2="{}"/>'
                    '<text class="axis" x="{}" y="10">{}</text>'
                ).format(x1, x1, height, x1 + 4, stay.begins_pass)
            )
        before = stay
    for stay in stays:
        x1, y = across(stay.since), down(stay.row)
        x2 = max(across(stay.until), x1 + _SHORTEST)
        parts.append(
            Markup(
                '<a href="{}" tabindex="-1"><line class="stay p{}" x1="{}" x2="{}" y1="{}" y2="{}">'
                "<title>{}</title></line></a>"
            ).format(stay.link, stay.phase, x1, x2, y, y, stay.title)
        )
    return Markup(
        '<svg class="lane" viewBox="0 0 {} {}" aria-hidden="true"><title>{}</title>{}</svg>'
    ).format(_WIDTH, height + 22, label, Markup("").join(parts))


def _row(name: str, y: int) -> Markup:
    return Markup(
        '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        '<text class="axis" x="{}" y="{}" text-anchor="end">{}</text>'
    ).format(_LEFT, _WIDTH - _RIGHT, y, y, _LEFT - 10, y + 4, name)


def _ticks(
    begin: datetime, end: datetime, across: Callable[[datetime], float], height: int
) -> list[Markup]:
    """Write dates below the lane, at equal distances."""
    moments = [begin + (end - begin) * number / _TICKS for number in range(_TICKS)]
    days = dict.fromkeys(f"{moment:%Y-%m-%d}" for moment in moments)
    placed = {f"{moment:%Y-%m-%d}": moment for moment in reversed(moments)}
    return [
        Markup('<text class="axis" x="{}" y="{}">{}</text>').format(
            across(placed[day]), height + 16, day
        )
        for day in days
    ]
