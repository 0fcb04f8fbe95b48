"""`leadledger figure`: read any figure, with a bar for each row, as a table or as CSV."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer

from domain.lifecycle.names import LANGUAGE_DEFAULT
from service.command.client import Service
from service.command.options import (
    URL_DEFAULT,
    AsOfDay,
    Base,
    By,
    Csv,
    Json,
    Key,
    KnownAt,
    Language,
    Mark,
    PeriodName,
    Since,
    TargetStage,
    Until,
    Url,
    Within,
    Xlsx,
)
from service.command.printing import print_json, print_lines, print_table
from service.command.tables import write_table
from service.command.targets import print_plans, print_targets

BAR_CHARACTERS: Final = 20
EIGHTHS: Final = " ▏▎▍▌▋▊▉"
COSTS: Final = ("amount", "each")
"""What is said of costs in each currency."""

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "lead": "Leads",
        "account": "Companies",
        "row": "row",
        "label": "label",
        "not_reported": "(not reported)",
        "nothing": "Nothing counts here.",
        "open": "The period has not ended: these numbers will change.",
        "read": "{label} at {as_of} ({zone}), as known at position {position}.",
        "period": "From {since} until before {until}.",
        "matures": "The last of the cohort is mature at {at}.",
        "previous": "before",
        "last_year": "a year earlier",
        "amount": "cost",
        "each": "cost of one",
    },
    "ja": {
        "lead": "リード",
        "account": "企業",
        "row": "行",
        "label": "名称",
        "not_reported": "(報告なし)",
        "nothing": "該当するものはありません。",
        "open": "期間が終わっていないため、件数はまだ変わります。",
        "read": "{label}、基準日時 {as_of}({zone})、記録番号 {position} までの報告分。",
        "period": "期間: {since} から {until} の直前まで。",
        "matures": "すべて判定済みになる日時: {at}。",
        "previous": "前期間",
        "last_year": "前年同期",
        "amount": "費用",
        "each": "1件あたりの費用",
    },
}


def figure(
    *,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="The figure. Without it, list all figures."),
    ] = None,
    since: Since = None,
    until: Until = None,
    period: PeriodName = None,
    closing_day: Annotated[
        int | None,
        typer.Option("--closing-day", help="The day on which months close, 1 to 28."),
    ] = None,
    as_of: AsOfDay = None,
    known_at: KnownAt = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against", metavar="previous|last_year|plan", help="Compare with that as well."
        ),
    ] = None,
    by: By = None,
    base: Base = None,
    target: TargetStage = None,
    within: Within = None,
    unit: Annotated[
        str | None,
        typer.Option(
            "--unit", metavar="pass|person|company", help="What counts once. By default, passes."
        ),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(
            "--zone", help="The time zone in which days and periods are cut, such as Europe/Berlin."
        ),
    ] = None,
    details: Annotated[
        bool, typer.Option("--details", help="Also show the measures that others sum up.")
    ] = False,
    as_csv: Csv = False,
    has_mark: Mark = False,
    xlsx: Xlsx = None,
    lang: Language = LANGUAGE_DEFAULT,
    url: Url = URL_DEFAULT,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Read any figure, with a bar for each row.

    It is for now, unless you name a moment or a period. `leadledger figure` alone lists all figures
    with their definitions.

    Example: leadledger figure conversion --base MQL --target WON --within 90 --by channel
    """
    asked = {
        "from": since,
        "to": until,
        "period": period,
        "closing_day": closing_day,
        "as_of": as_of,
        "known_at": known_at,
        "against": against,
        "by": by,
        "base": base,
        "target": target,
        "within": within,
        "unit": unit,
        "zone": zone,
        "lang": lang,
    }
    with Service(url, key) as service:
        if name is not None and (as_csv or xlsx is not None):
            write_table(service, f"/v1/figures/{name}", asked, to=xlsx, has_mark=has_mark)
            return
        if name is None:
            answer = service.get("/v1/figures")
        else:
            answer = service.get(f"/v1/figures/{name}", **asked)
    language = "ja" if lang.startswith("ja") else "en"
    if as_json:
        print_json(answer)
    elif name is None:
        _print_definitions(answer["figures"], language)
    elif "targets" in answer:
        print_targets(answer, language)
    else:
        _print_figure(answer, WORDS[language], details=details)
        if answer["plans"] is not None:
            print_plans(answer, language)


def _print_definitions(figures: Sequence[Mapping[str, Any]], language: str) -> None:
    for figure in figures:
        name, label = figure["name"], figure["label"][language]
        print_lines(
            name if name == label else f"{name}  {label}",
            f"  {figure['definition'][language]}",
            f"  {figure['formula'][language]}",
            *(f"  - {trap[language]}" for trap in figure["traps"]),
            "",
        )


def _print_figure(answer: Mapping[str, Any], words: Mapping[str, str], *, details: bool) -> None:
    measures = [measure for measure in answer["measures"] if details or not measure["is_detail"]]
    columns = _columns(answer, measures, words)
    texts = columns.index(words["label"]) + 1
    numbers = columns[texts:]
    for track in ("lead", "account"):
        rows = [row for row in _counted_rows(answer) if row[1]["track"] == track]
        if not rows:
            continue
        bars = _bars([_drawn(row, answer["main"]) for _, row in rows])
        lines = [
            [*line[:texts], bar, *map(_shown, line[texts:])]
            for line, bar in zip(_lines(answer, measures, words, track), bars, strict=True)
        ]
        print_lines(words[track])
        print_table([*columns[:texts], "", *numbers], lines, numbers=numbers)
        print_lines("")
    if not any(True for _ in _counted_rows(answer)):
        print_lines(words["nothing"])
    _print_reading(answer, words)


def _print_reading(answer: Mapping[str, Any], words: Mapping[str, str]) -> None:
    """State what was read: a number without its moment is worth nothing."""
    zone, position = ZoneInfo(answer["zone"]), answer["as_of_position"]
    read = {"label": answer["label"], "as_of": _local(answer["as_of"], zone), "zone": zone.key}
    print_lines(words["read"].format(**read, position=position))
    if answer["from"] or answer["to"]:
        since, until = (_local(answer[bound], zone) for bound in ("from", "to"))
        print_lines(words["period"].format(since=since, until=until))
    if answer.get("is_open") and answer["to"]:
        print_lines(words["open"])
    if at := answer["rows"][0].get("matures_at") if answer["rows"] else None:
        print_lines(words["matures"].format(at=_local(at, zone)))


def _local(moment: str | None, zone: ZoneInfo) -> str:
    """Write a moment for people: the date alone if it is the start of a day."""
    if moment is None:
        return "…"
    local = datetime.fromisoformat(moment).astimezone(zone)
    return f"{local:%Y-%m-%d}" if local.time() == time.min else f"{local:%Y-%m-%d %H:%M:%S}"


def _columns(
    answer: Mapping[str, Any], measures: Sequence[Mapping[str, Any]], words: Mapping[str, str]
) -> list[str]:
    headings = [_heading(one) for one in (*measures, *answer["shares"], *answer["durations"])]
    by = answer["by"].split(",") if answer["by"] else []
    against = answer.get("against")
    compared = [words[against["period"]]] if against is not None else []
    costs = [f"{words[name]} ({currency})" for currency in _currencies(answer) for name in COSTS]
    return [*by, words["row"], words["label"], *headings, *costs, *compared]


def _heading(named: Mapping[str, Any]) -> str:
    return str(named.get("label", named["name"]))


def _counted_rows(answer: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """Return every row in which something counts, with its part; the total if there are none."""
    parts = answer["parts"] or [{"rows": answer["rows"]}]
    for part in parts:
        for row in part["rows"]:
            if row.get("costs") or any(number["count"] for number in row["counts"].values()):
                yield part, row


def _lines(
    answer: Mapping[str, Any],
    measures: Sequence[Mapping[str, Any]],
    words: Mapping[str, str],
    track: str | None = None,
) -> Iterator[list[object]]:
    before = _rows_before(answer)
    for part, row in _counted_rows(answer):
        if track in (None, row["track"]):
            compared = before.get(_key(part, row)) if before is not None else None
            yield [
                *(_values(part, answer, words)),
                row["row"],
                row["row_label"],
                *(_number(row, one["name"]) for one in measures),
                *(row["shares"][one["name"]] for one in answer["shares"]),
                *(_days(row["durations"][one["name"]]) for one in answer["durations"]),
                *(
                    _money(row, currency, name)
                    for currency in _currencies(answer)
                    for name in COSTS
                ),
                *([] if before is None else [_number(compared, answer["main"])]),
            ]


def _rows_before(answer: Mapping[str, Any]) -> Mapping[Any, Any] | None:
    """Return the rows of the period that the answer is compared with; None if there is none."""
    against = answer.get("against")
    if against is None:
        return None
    parts = against["parts"] or [{"rows": against["rows"]}]
    return {_key(part, row): row for part in parts for row in part["rows"]}


def _key(part: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[Any, ...]:
    return part.get("value"), part.get("second_value"), row["track"], row["row"]


def _number(row: Mapping[str, Any] | None, main: str) -> object:
    """Return a number of a row; in a row of amounts, the amount."""
    if row is None:
        return 0
    if main in row["counts"]:
        number = row["counts"][main]
        return Decimal(number["amount"]) if "amount" in number else number["count"]
    return _days(row["durations"][main]) if main in row["durations"] else row["shares"][main]


def _currencies(answer: Mapping[str, Any]) -> list[str]:
    return sorted({currency for row in answer["rows"] for currency in row.get("costs", {})})


def _money(row: Mapping[str, Any], currency: str, name: str) -> Decimal | None:
    """Return what results cost, together or each; None if that is not known."""
    cost = row.get("costs", {}).get(currency)
    return Decimal(cost[name]) if cost is not None and cost[name] is not None else None


def _values(
    part: Mapping[str, Any], answer: Mapping[str, Any], words: Mapping[str, str]
) -> Iterator[str]:
    """Return the values of a part, one for each breakdown."""
    names = ("value", "second_value")
    for name, _ in zip(names, answer["by"].split(",") if answer["by"] else (), strict=False):
        yield part.get(f"{name}_label", part.get(name)) or words["not_reported"]


def _drawn(row: Mapping[str, Any], main: str) -> float:
    if main in row["counts"]:
        return float(row["counts"][main]["count"])
    if main in row["durations"]:
        return _days(row["durations"][main]) or 0.0
    return float(row["shares"][main] or 0)


def _days(case: Mapping[str, Any] | None) -> float | None:
    return None if case is None else float(case["days"])


def _bars(lengths: Sequence[float]) -> list[str]:
    """Draw lengths as bars of which the longest has the full width, to an eighth of a character."""
    longest = max(lengths, default=0) or 1
    bars = []
    for length in lengths:
        whole, eighths = divmod(round(length / longest * BAR_CHARACTERS * 8), 8)
        bars.append("█" * whole + EIGHTHS[eighths].strip())
    return bars


def _shown(number: object) -> str:
    """Write a count with thousands separators, a share in per cent, days with one decimal."""
    if number is None:
        return "\N{EN DASH}"
    if isinstance(number, str):
        return f"{float(number):.1%}"
    return f"{number:,}" if isinstance(number, int | Decimal) else f"{number:,.1f}"
