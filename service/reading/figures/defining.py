"""The definitions of figures in JSON, in both languages at once."""

from collections.abc import Mapping
from typing import Final

from domain.lifecycle.words import Words
from projections.figures.definition import Figure
from projections.figures.question import Dimension
from service.reading.figures.periods import PERIODS
from service.shapes import figures as shapes

DIMENSIONS: Final[Mapping[Dimension, Words]] = {
    Dimension.ORIGIN: Words(
        {"ja": "獲得元", "en": "origin"},
        {
            "ja": "ステージに入った時点での、そのサイクルの獲得元",
            "en": "Whose work brought the lead in this pass, as of the entry into the stage.",
        },
    ),
    Dimension.CHANNEL: Words(
        {"ja": "チャネル", "en": "channel"},
        {
            "ja": "ステージに入った時点での、そのサイクルのチャネル",
            "en": "The channel of the pass, as of the entry into the stage.",
        },
    ),
    Dimension.MONTH: Words(
        {"ja": "流入月", "en": "month"},
        {
            "ja": "ステージに入った月(ライフサイクルのタイムゾーン)",
            "en": "The month of the entry into the stage, in the lifecycle's time zone.",
        },
    ),
    Dimension.ACQUIRED: Words(
        {"ja": "獲得月", "en": "month acquired"},
        {
            "ja": "個人情報を初めて得た月。ステージに入った時点で匿名なら値なし",
            "en": "The month in which the person became known; none if still anonymous at the "
            "entry into the stage.",
        },
    ),
    Dimension.JOURNEY: Words(
        {"ja": "サイクル", "en": "pass"},
        {
            "ja": "リードの何サイクル目か",
            "en": "Which journey of the lead it is: 1 for the first.",
        },
    ),
}


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
    dimensions = [one for one in figure.dimensions if one is not Dimension.NONE]
    return {
        **_described(figure.name, figure.words),
        "version": figure.version,
        "formula": dict(figure.formula),
        "unit": dict(figure.unit),
        "traps": [dict(trap) for trap in figure.traps],
        "parameters": [
            {"name": one.name, "definition": dict(one.definition)} for one in figure.parameters
        ],
        "breakdowns": [_described(str(one), DIMENSIONS[one]) for one in dimensions],
        "measures": [
            {
                **_described(one.name, one.words),
                "sums": list(one.sums),
                "is_detail": one.is_detail,
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
