"""`leadledger compare`: one number of a figure in two readings, lead by lead."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from domain.lifecycle.names import LANGUAGE_DEFAULT
from service.command.client import Service
from service.command.limits import DIFFERENCES_MAX, FILE_DIFFERENCES_MAX
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

PAGE: Final = 500

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "subject": "lead or company",
        "in": "in",
        "first": "first only",
        "second": "second only",
        "both": "both, differently",
        "because": "because",
        "event": "event",
        "position": "position",
        "counts": "First {first:,}, second {second:,}: {same:,} the same, {only_first:,} only in "
        "the first, {only_second:,} only in the second, {different:,} different.",
        "nothing": "The two readings do not differ.",
        "more": "There are more: narrow the comparison down, or raise --limit.",
    },
    "ja": {
        "subject": "リード・企業",
        "in": "どちらに",
        "first": "1番目のみ",
        "second": "2番目のみ",
        "both": "両方(内容が異なる)",
        "because": "理由",
        "event": "イベント",
        "position": "記録番号",
        "counts": "1番目 {first:,}件、2番目 {second:,}件。"
        "一致 {same:,}件、1番目のみ {only_first:,}件、"
        "2番目のみ {only_second:,}件、内容が異なる {different:,}件。",
        "nothing": "2つの数字に違いはありません。",
        "more": "ほかにもあります。条件を絞るか、--limit を増やしてください。",
    },
}


def compare(
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The figure.")],
    row: Annotated[str, typer.Option("--row", help="The row of the number, such as MQL.")],
    measure: Annotated[str, typer.Option("--measure", help="The measure, such as standing.")],
    track: Annotated[str, typer.Option("--track", help="lead or account.")] = "lead",
    as_of: AsOfDay = None,
    other_as_of: Annotated[
        str | None,
        typer.Option(
            "--other-as-of", metavar="DATE|TIME", help="The moment of the second reading."
        ),
    ] = None,
    known_at: KnownAt = None,
    other_known_at: Annotated[
        str | None,
        typer.Option(
            "--other-known-at", metavar="TIME|POSITION", help="What the second reading may use."
        ),
    ] = None,
    since: Since = None,
    until: Until = None,
    period: PeriodName = None,
    other_period: Annotated[
        str | None,
        typer.Option("--other-period", help="The period of the second reading, by name."),
    ] = None,
    base: Base = None,
    target: TargetStage = None,
    within: Within = None,
    other_within: Annotated[
        int | None,
        typer.Option("--other-within", metavar="DAYS", help="The days of the second reading."),
    ] = None,
    by: By = None,
    value: Annotated[
        str | None, typer.Option("--value", help="Only this value of the breakdown.")
    ] = None,
    other_value: Annotated[
        str | None, typer.Option("--other-value", help="The value in the second reading.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--with",
            metavar="FILE",
            help="Compare with a file instead: CSV or a workbook with a column lead, email, phone, "
            "user_id or external_ids.SYSTEM, and stage and date if you like.",
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=DIFFERENCES_MAX, help="The most differences.")
    ] = PAGE,
    as_csv: Csv = False,
    has_mark: Mark = False,
    xlsx: Xlsx = None,
    lang: Language = LANGUAGE_DEFAULT,
    url: Url = URL_DEFAULT,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Compare a number of a figure in two readings: which leads count in only one, and why.

    The second reading asks the same as the first, except for what `--other-…` names. The same
    moment at two positions shows what was restated in between. With `--with`, the second side is a
    list of leads, such as one from a CRM.

    Example: leadledger compare stock --row MQL --measure standing --as-of 2026-08-31
    --other-as-of 2026-09-30
    """
    asked: dict[str, str | int | None] = {
        "row": row,
        "measure": measure,
        "track": track,
        "as_of": as_of,
        "other_as_of": other_as_of,
        "known_at": known_at,
        "other_known_at": other_known_at,
        "from": since,
        "to": until,
        "period": period,
        "other_period": other_period,
        "base": base,
        "target": target,
        "within": within,
        "other_within": other_within,
        "by": by,
        "value": value,
        "other_value": other_value,
        "lang": lang,
    }
    language = "ja" if lang.startswith("ja") else "en"
    path = f"/v1/figures/{name}/compare"
    with Service(url, key) as service:
        if file is not None:
            del asked["track"]
            # Imported here: reading a workbook takes a library that nothing else needs.
            from service.command import compared_files  # noqa: PLC0415

            asked |= {"limit": min(limit, FILE_DIFFERENCES_MAX)}
            answer = service.post_table(path, compared_files.csv_of(file), **asked)
            if as_json:
                print_json(answer)
            else:
                compared_files.print_file_comparison(answer, compared_files.WORDS[language])
            return
        if as_csv or xlsx is not None:
            write_table(service, path, asked, to=xlsx, has_mark=has_mark)
            return
        first, found = all_pages(service.get, path, asked, limit)
    if as_json:
        print_json({**first, "differences": found})
    else:
        print_comparison(first, found, WORDS[language])


def all_pages(
    get: Callable[..., Any], path: str, asked: Mapping[str, str | int | None], limit: int
) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:
    """Read pages until there are as many differences as wanted; `next` is that of the last."""
    first: dict[str, Any] = {}
    found: list[Mapping[str, Any]] = []
    after: str | None = None
    while True:
        page = get(path, **asked, after=after, limit=min(PAGE, limit - len(found)))
        first = first or page
        found += page["differences"]
        after = first["next"] = page["next"]
        if after is None or len(found) >= limit:
            return first, found


def print_comparison(
    first: Mapping[str, Any],
    found: Sequence[Mapping[str, Any]],
    words: Mapping[str, str],
) -> None:
    """Print differences, how many there are, and whether these are all."""
    columns = [words[heading] for heading in ("subject", "in", "because", "event", "position")]
    lines = [list(_cells(difference, words)) for difference in found]
    if found:
        print_table(columns, lines, numbers=[words["position"]])
    else:
        print_lines(words["nothing"])
    if first["counts"] is not None:
        print_lines(words["counts"].format(**first["counts"]))
    if first["next"] is not None:
        print_lines(words["more"])


def _cells(difference: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[object]:
    event = difference["event"] or {}
    sides = [side for side in ("first", "second") if difference[side] is not None]
    yield difference["subject"]
    yield words[sides[0] if len(sides) == 1 else "both"]
    yield difference.get("because_label", difference["because"])
    yield event.get("type_label", event.get("type", ""))
    yield int(event["position"]) if event else ""
