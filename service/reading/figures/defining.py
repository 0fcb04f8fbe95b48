"""The definitions of figures in JSON, in both languages at once."""

from collections.abc import Mapping

from domain.lifecycle.words import Words
from projections.figures.definition import Figure
from service.reading.figures.breakdowns import DIMENSIONS
from service.reading.figures.periods import PERIODS
from service.shapes import figures as shapes


def label_in(words: Words, language: str) -> str:
    """Return a label of a figure; it has them in Japanese and English."""
    return words.label.get(language, words.label["en"])


def describe_definitions(figures: Mapping[str, Figure]) -> shapes.FigureDefinitions:
    """Describe all figures."""
    return {
        "figures": [describe_definition(figure) for figure in figures.values()],
        "periods": list(PERIODS),
    }


def describe_definition(figure: Figure) -> shapes.FigureDefinition:
    """Describe what a figure is."""
    return {
        **_described(figure.name, figure.words),
        "version": figure.version,
        "formula": dict(figure.formula),
        "unit": dict(figure.unit),
        "traps": [dict(trap) for trap in figure.traps],
        "parameters": [
            {"name": one.name, "definition": dict(one.definition)} for one in figure.parameters
        ],
        "breakdowns": [_described(str(one), DIMENSIONS[one]) for one in figure.dimensions],
        "measures": [
            {
                **_described(one.name, one.words),
                "sums": list(one.sums),
                "is_detail": one.is_detail,
                "is_given": one.is_given,
            }
            for one in figure.measures
        ],
        "shares": [
            {**_described(one.name, one.words), "of": list(one.of), "out_of": one.out_of}
            for one in figure.shares
        ],
        "durations": [
            {**_described(one.name, one.words), "measure": one.measure, "percent": one.percent}
            for one in figure.durations
        ],
        "main": figure.main,
    }


def _described(name: str, words: Words) -> shapes.Described:
    return {"name": name, "label": dict(words.label), "definition": dict(words.definition)}
