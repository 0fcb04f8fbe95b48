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
    mark: int | None
    """A second value, drawn as a line across the bar, if there is one."""
    title: str
    link: str | None
    phase: int
    """Which of the colours, from 1; 0 for none."""


def bar(one: Bar, scale: int) -> Markup:
    """Draw a bar. `scale` is the value that fills the width."""
    line = Markup("")
    if one.mark is not None:
        x = _share(one.mark, scale)
        line = Markup('<line class="then" x1="{}%" x2="{}%" y1="0" y2="20"/>').format(x, x)
    drawing = Markup(
        '<svg class="bars" width="100%" height="20" aria-hidden="true"><title>{}</title>'
        '<rect class="p{}" y="2" width="{}%" height="16" rx="2"/>{}</svg>'
    ).format(one.title, one.phase, _share(one.value, scale), line)
    if one.link is None:
        return drawing
    return Markup('<a href="{}" tabindex="-1" aria-hidden="true">{}</a>').format(one.link, drawing)


def _share(value: int, scale: int) -> str:
    return f"{value * _PERCENT / scale:.1f}" if scale else "0"


class Segment(NamedTuple):
    """A part of a bar that is divided."""

    value: int
    look: str
    """The class by which the style sheet colours it."""
    title: str


def stack(segments: Sequence[Segment], *, scale: int) -> Markup:
    """Draw parts one after another. `scale` is the value that fills the width."""
    drawn, before = [], 0
    for one in segments:
        if one.value:
            part = Markup(
                '<rect class="{}" x="{}%" y="2" width="{}%" height="16"><title>{}</title></rect>'
            )
            x, width = _share(before, scale), _share(one.value, scale)
            drawn.append(part.format(one.look, x, width, one.title))
        before += one.value
    return Markup('<svg class="bars" width="100%" height="20" aria-hidden="true">{}</svg>').format(
        Markup("").join(drawn)
    )


class Spread(NamedTuple):
    """Where a quarter, half, three quarters and nine tenths of the cases end, in days."""

    low: float
    middle: float
    high: float
    most: float


def spread(one: Spread, *, scale: float) -> Markup:
    """Draw a box from a quarter to three quarters, with the middle and a line up to the most."""
    low, middle, high, most = (f"{_PERCENT * part / (scale or 1.0):.1f}" for part in one)
    width = f"{_PERCENT * (one.high - one.low) / (scale or 1.0):.1f}"
    return Markup(
        '<svg class="bars" width="100%" height="20" aria-hidden="true">'
        '<line class="grid" x1="0" x2="{}%" y1="10" y2="10"/>'
        '<line class="whisker" x1="{}%" x2="{}%" y1="10" y2="10"/>'
        '<rect class="p2" x="{}%" y="4" width="{}%" height="12" rx="2"/>'
        '<line class="middle" x1="{}%" x2="{}%" y1="1" y2="19"/></svg>'
    ).format(low, high, most, low, width, middle, middle)


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
        '<svg class="lane" viewBox="0 0 {} {}" aria-hidden="true" data-begin="{}" data-end="{}" '
        'data-left="{}" data-right="{}" data-zone="{}"><title>{}</title>{}</svg>'
    ).format(
        _WIDTH,
        height + 22,
        begin.isoformat(),
        end.isoformat(),
        _LEFT,
        _WIDTH - _RIGHT,
        begin.tzinfo,
        label,
        Markup("").join(parts),
    )


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
