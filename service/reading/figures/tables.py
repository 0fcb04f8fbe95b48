"""Figures and the leads behind them as tables: codes, labels next to them, and numbers."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeAlias

from service.shapes import figures as shapes
from service.tables.spreadsheet import Column, ColumnKind, Sheet, Value

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "label": "label",
        "previous": "previous period",
        "last_year": "a year earlier",
        "each": "cost of one",
    },
    "ja": {
        "label": "名称",
        "previous": "前期間",
        "last_year": "前年同期",
        "track": "対象",
        "row": "行",
        "subject": "リード・企業",
        "pass": "サイクル",
        "at": "日時",
        "position": "記録番号",
        "then_stage": "その後のステージ",
        "then_kind": "その後",
        "then_at": "その後の日時",
        "then_position": "その後の記録番号",
        "amount": "金額",
        "cost": "費用",
        "each": "1件あたりの費用",
        "in": "どちらに",
        "because": "理由",
        "event": "イベント",
        "first_at": "1番目の日時",
        "second_at": "2番目の日時",
        "first": "1番目のみ",
        "second": "2番目のみ",
        "both": "両方",
        "department": "部門",
        "figure": "指標",
        "currency": "通貨",
        "market": "市場",
        "campaign": "施策",
        "owner": "担当者",
        "reseller": "販売店",
        "starts_on": "開始日",
        "ends_on": "終了日",
        "plan": "計画",
        "original_plan": "当初計画",
        "actual": "実績",
        "achieved": "達成率",
        "business_days": "営業日進捗率",
        "landing": "着地見込",
    },
}
"""Headings; without a language, and where a word is missing, the code."""


PartKey: TypeAlias = tuple[str | None, ...]
"""The values of a part; empty for the total."""
RowInPart: TypeAlias = tuple[PartKey, str, str]


class Headings:
    """The headings of a table in a language. A class, because every column needs it."""

    def __init__(self, language: str | None) -> None:
        self._words = WORDS.get(language or "", WORDS["en"] if language else {})
        self.has_labels = language is not None

    def word(self, code: str) -> str:
        return self._words.get(code, code)

    def coded(self, code: str) -> list[Column]:
        """Return the column of a code, and that of its label."""
        columns = [Column(self.word(code))]
        if self.has_labels:
            columns.append(Column(f"{self.word(code)} {self.word('label')}"))
        return columns

    def labelled(self, code: str, label: str | None) -> list[Value]:
        """Return the cells of a code and its label."""
        return [code, label] if self.has_labels else [code]


def figure_sheet(answer: shapes.AnsweredFigure, language: str | None) -> Sheet:
    """Return every row of a figure, with its parts if it is broken down."""
    headings = Headings(language)
    by, currencies = _breakdowns(answer), currencies_of(answer)
    columns = [
        *(column for one in by for column in headings.coded(one)),
        Column(headings.word("track")),
        *headings.coded("row"),
        *(Column(_heading(one), ColumnKind.NUMBER) for one in answer["measures"]),
        *_against_columns(answer, headings),
        *(Column(_heading(one), ColumnKind.SHARE) for one in answer["shares"]),
        *(Column(_heading(one), ColumnKind.DAYS) for one in answer["durations"]),
        *_cost_columns(currencies, headings),
    ]
    before = rows_against(answer)
    rows = [
        [
            *values,
            *_figure_row(row, before.get((key, row["track"], row["row"])), answer, headings),
            *_costs(row, currencies),
        ]
        for key, values, part in _parts(answer, by, headings)
        for row in part
    ]
    return Sheet(answer["figure"], columns, rows)


def leads_sheet(answer: shapes.CountedLeads, language: str | None) -> Sheet:
    """Return the leads behind a number."""
    headings = Headings(language)
    has_amounts = any("amount" in lead for lead in answer["leads"])
    columns = [
        Column(headings.word("subject")),
        Column(headings.word("pass"), ColumnKind.NUMBER),
        Column(headings.word("at")),
        Column(headings.word("position"), ColumnKind.NUMBER),
        *(Column(headings.word(one)) for one in _breakdowns(answer)),
        *headings.coded("then_stage"),
        Column(headings.word("then_kind")),
        Column(headings.word("then_at")),
        Column(headings.word("then_position"), ColumnKind.NUMBER),
        *([Column(headings.word("amount"), ColumnKind.NUMBER)] if has_amounts else []),
    ]
    rows = [
        [
            lead["subject"],
            lead["pass"],
            lead["at"],
            int(lead["position"]),
            *lead["values"],
            *_then(lead["then"], headings),
            *([Decimal(lead["amount"])] if "amount" in lead else []),
        ]
        for lead in answer["leads"]
    ]
    return Sheet(answer["figure"], columns, rows)


def comparison_sheet(answer: shapes.ComparedFigure, language: str | None) -> Sheet:
    """Return what differs between two readings."""
    headings = Headings(language)
    columns = [
        Column(headings.word("subject")),
        Column(headings.word("in")),
        *headings.coded("because"),
        *headings.coded("event"),
        Column(headings.word("position"), ColumnKind.NUMBER),
        Column(headings.word("first_at")),
        Column(headings.word("second_at")),
    ]
    rows = [_compared(one, headings) for one in answer["differences"]]
    return Sheet(answer["figure"], columns, rows)


def _breakdowns(asked: shapes.FigureAsked) -> list[str]:
    return asked["by"].split(",") if asked["by"] is not None else []


def _heading(named: shapes.Labelled) -> str:
    return named.get("label", named["name"])


def rows_against(answer: shapes.AnsweredFigure) -> Mapping[RowInPart, shapes.FigureRow]:
    """Return the rows of the period that the answer is compared with."""
    against = answer["against"]
    if against is None:
        return {}
    found: list[tuple[PartKey, shapes.FigureRow]] = [((), row) for row in against["rows"]]
    found += [(_key(part), row) for part in against["parts"] for row in part["rows"]]
    return {(key, row["track"], row["row"]): row for key, row in found}


def _key(part: shapes.FigurePart) -> PartKey:
    return part["value"], part.get("second_value")


def _against_columns(answer: shapes.AnsweredFigure, headings: Headings) -> Iterator[Column]:
    against = answer["against"]
    if against is not None:
        period = headings.word(against["period"])
        for measure in answer["measures"]:
            yield Column(f"{_heading(measure)} ({period})", ColumnKind.NUMBER)


def _parts(
    answer: shapes.AnsweredFigure, by: Sequence[str], headings: Headings
) -> Iterator[tuple[PartKey, list[Value], Sequence[shapes.FigureRow]]]:
    """Yield the values of each part and its rows; the total if there are no parts."""
    if not by:
        yield (), [], answer["rows"]
        return
    for part in answer["parts"]:
        values = headings.labelled(part["value"] or "", part.get("value_label"))
        if len(by) > 1:
            second = part.get("second_value") or ""
            values += headings.labelled(second, part.get("second_value_label"))
        yield _key(part), values, part["rows"]


def _figure_row(
    row: shapes.FigureRow,
    before: shapes.FigureRow | None,
    answer: shapes.AnsweredFigure,
    headings: Headings,
) -> Iterator[Value]:
    yield row["track"]
    yield from headings.labelled(row["row"], row.get("row_label"))
    for measure in answer["measures"]:
        yield number_in(row, measure["name"])
    if answer["against"] is not None:
        for measure in answer["measures"]:
            yield number_in(before, measure["name"]) if before is not None else 0
    for share in answer["shares"]:
        found = row["shares"][share["name"]]
        yield Decimal(found) if found is not None else None
    for duration in answer["durations"]:
        case = row["durations"][duration["name"]]
        yield Decimal(case["days"]) if case is not None else None


def currencies_of(answer: shapes.AnsweredFigure) -> list[str]:
    """Return the currencies in which costs were recorded."""
    return sorted({currency for row in answer["rows"] for currency in row.get("costs", {})})


def _cost_columns(currencies: Sequence[str], headings: Headings) -> Iterator[Column]:
    for currency in currencies:
        for name in ("cost", "each"):
            yield Column(f"{headings.word(name)} ({currency})", ColumnKind.NUMBER)


def _costs(row: shapes.FigureRow, currencies: Sequence[str]) -> Iterator[Value]:
    for currency in currencies:
        cost = row.get("costs", {}).get(currency)
        yield Decimal(cost["amount"]) if cost is not None else None
        each = cost["each"] if cost is not None else None
        yield Decimal(each) if each is not None else None


def number_in(row: shapes.FigureRow, measure: str) -> int | Decimal:
    """Return a number of a row: a count or, in a row of amounts, the amount."""
    number = row["counts"][measure]
    return Decimal(number["amount"]) if "amount" in number else number["count"]


def _then(then: shapes.Then | None, headings: Headings) -> list[Value]:
    if then is None:
        return [*headings.labelled("", None), None, None, None]
    stage = headings.labelled(then["stage"] or "", then.get("stage_label"))
    return [*stage, then["kind"], then["at"], int(then["position"])]


def _compared(difference: shapes.FigureDifference, headings: Headings) -> list[Value]:
    first, second, event = difference["first"], difference["second"], difference["event"]
    side = "both" if first and second else "first" if first else "second"
    type, label = (event["type"], event.get("type_label")) if event is not None else ("", None)
    return [
        difference["subject"],
        headings.word(side),
        *headings.labelled(difference["because"], difference.get("because_label")),
        *headings.labelled(type, label),
        int(event["position"]) if event is not None else None,
        first["at"] if first is not None else None,
        second["at"] if second is not None else None,
    ]
