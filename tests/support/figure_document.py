"""The part of docs/figures.en.md and docs/figures.ja.md that the definitions of figures make."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from domain.lifecycle.words import Words
from projections.figures.catalogue import FIGURES
from projections.figures.definition import Figure
from service.reading.figures.breakdowns import DIMENSIONS
from service.reading.figures.periods import PERIODS

MARK: Final = (
    "<!-- From here on, this page is written from the definitions in projections/figures. -->"
)
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "figures": "The figures",
        "breakdowns": "Breakdowns",
        "periods": "Periods",
        "name": "name",
        "label": "label",
        "means": "meaning",
        "unit": "Unit: {}. Version: {}.",
        "parameter": "parameter",
        "row": "row",
        "measure": "measure",
        "share": "share",
        "duration": "duration",
    },
    "ja": {
        "figures": "数字の一覧",
        "breakdowns": "内訳",
        "periods": "期間",
        "name": "名前",
        "label": "表示",
        "means": "意味",
        "unit": "単位は{}、版は{}です。",
        "parameter": "パラメーター",
        "row": "行",
        "measure": "数",
        "share": "率",
        "duration": "日数",
    },
}
EXAMPLES: Mapping[str, str] = {
    "stock": "leadledger figure stock --as-of 2026-09-30",
    "flow": "leadledger figure flow --period last_month --by origin",
    "conversion": "leadledger figure conversion --base MQL --target WON --within 90 --by month",
    "yield": "leadledger figure yield --period last_quarter --within 30",
    "fates": "leadledger figure fates --base MQL --by origin",
    "revival": "leadledger figure revival --by origin",
    "time_in_stage": "leadledger figure time_in_stage",
    "lead_time": "leadledger figure lead_time --base MQL --target OPP",
    "ageing": "leadledger figure ageing --by origin",
    "deadlines": "leadledger figure deadlines --period last_month --by owner",
    "acceptance": "leadledger figure acceptance --period last_quarter",
    "deals": "leadledger figure deals --base MQL --within 90 --period last_quarter",
    "losses": "leadledger figure losses --period last_half --by owner",
    "pipeline": "leadledger figure pipeline --by owner",
    "lists": "leadledger figure lists --by market",
    "capacity": "leadledger figure capacity",
    "screening": "leadledger figure screening --period last_month --by owner",
    "merges": "leadledger figure merges --period last_quarter",
    "customers": "leadledger figure customers --period fiscal_year_to_date",
    "funnel_by_side": "leadledger figure funnel_by_side --period last_quarter",
    "contribution": "leadledger figure contribution --period fiscal_year_to_date",
    "campaigns": "leadledger figure campaigns --period last_quarter --within 90",
    "win_rate": "leadledger figure win_rate --within 90 --from 2020-04-01",
    "period_ratio": "leadledger figure period_ratio --base MAL --target MQL --from 2020-04-01",
}


def written_part(language: str) -> str:
    """Write what follows the mark."""
    words = WORDS[language]
    parts = [MARK, f"## {words['figures']}"]
    for figure in FIGURES.values():
        parts += _section(figure, language)
    dimensions = ((str(one), *_words(known, language)) for one, known in DIMENSIONS.items())
    parts += [
        f"## {words['breakdowns']}",
        _table((words["name"], words["label"], words["means"]), dimensions),
        f"## {words['periods']}",
        ", ".join(f"`{name}`" for name in PERIODS),
    ]
    return "\n\n".join(parts) + "\n"


def _section(figure: Figure, language: str) -> Iterator[str]:
    words = WORDS[language]
    label, definition = _words(figure.words, language)
    yield f"### {figure.name}" if label == figure.name else f"### {figure.name}: {label}"
    yield _sentence(definition, language)
    yield f"> {figure.formula[language]}"
    yield words["unit"].format(figure.unit[language], figure.version)
    yield "\n".join(f"- {_sentence(trap[language], language)}" for trap in figure.traps)
    if figure.parameters:
        asked = ((one.name, one.definition[language]) for one in figure.parameters)
        yield _table((words["parameter"], words["means"]), asked)
    if figure.row_words:
        rows = ((name, *_words(known, language)) for name, known in figure.row_words.items())
        yield _table((words["row"], words["label"], words["means"]), rows)
    measures = ((one.name, *_words(one.words, language)) for one in figure.measures)
    yield _table((words["measure"], words["label"], words["means"]), measures)
    if figure.shares:
        shares = ((one.name, *_words(one.words, language)) for one in figure.shares)
        yield _table((words["share"], words["label"], words["means"]), shares)
    if figure.durations:
        durations = ((one.name, *_words(one.words, language)) for one in figure.durations)
        yield _table((words["duration"], words["label"], words["means"]), durations)
    yield f"```sh\n{EXAMPLES[figure.name]} --lang {language}\n```"


def _words(words: Words, language: str) -> tuple[str, str]:
    return words.label[language], words.definition[language]


def _sentence(text: str, language: str) -> str:
    ends = {"ja": "。", "en": "."}[language]
    return text if text.endswith(ends) else text + ends


def _table(columns: Sequence[str], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [columns, ["---"] * len(columns), *((f"`{name}`", *rest) for name, *rest in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
