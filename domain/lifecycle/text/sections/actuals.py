"""The text of `actuals`: what is compared with the targets of each figure."""

from collections.abc import Collection, Mapping

from domain.lifecycle.definition import OF_A_STAGE, OF_AMOUNTS, Actual, Counts, TargetFigure
from domain.lifecycle.names import suggestion
from domain.lifecycle.text.place import Place

_COUNTS, _STAGE = "counts", "stage"


def read_actuals(
    place: Place | None, *, figures: Mapping[str, TargetFigure], stages: Collection[str]
) -> dict[str, Actual]:
    """Read what counts towards each figure. Money is compared with money, numbers with numbers."""
    actuals: dict[str, Actual] = {}
    for name, entry in place.entries().items() if place else ():
        if name not in figures:
            entry.complain(f"'{name}' is not a target figure; {suggestion(name, figures)}")
            continue
        keys = entry.entries(known=(_COUNTS, _STAGE), required=(_COUNTS,))
        if _COUNTS not in keys:
            continue
        named = keys[_COUNTS].one_of([*map(str, Counts)], kind="something that is counted")
        if named is None:
            continue
        counts = Counts(named)
        if figures[name].is_amount != (counts in OF_AMOUNTS):
            kind = "an amount of money" if figures[name].is_amount else "a number"
            keys[_COUNTS].complain(f"{name} is {kind}, and {counts} is not")
        if (counts in OF_A_STAGE) != (_STAGE in keys):
            entry.complain(f"`stage` goes with {' and '.join(sorted(OF_A_STAGE))}, and only there")
        stage = keys[_STAGE].one_of(stages, kind="a stage") if _STAGE in keys else None
        actuals[name] = Actual(counts, stage)
    return actuals
