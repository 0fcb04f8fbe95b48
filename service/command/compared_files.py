"""Compare a number with a file of leads, as people bring it from a CRM or a spreadsheet."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from service.command.exits import CommandFailed, Exit
from service.command.printing import print_lines, print_table
from service.tables.readable import TableUnreadable, as_csv

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "line": "line",
        "subject": "lead",
        "because": "because",
        "detail": "detail",
        "same": "the same",
        "differs": "differs",
        "not_in_file": "not in the file",
        "elsewhere": "is in another stage",
        "not_known": "was not known",
        "not_identified": "names no single lead",
        "repeated": "repeats an earlier line",
        "field": "{field}: {file} in the file, {figure} in the figure",
        "stands": "{stage} since {since}, by {type} at {position}",
        "counted": "counts since {at}, position {position}",
        "first_line": "line {first_line}",
        "counts": "The number is {count:,}; the file has {rows:,} rows.",
        "ignored": "Not compared: the columns {columns}.",
        "more": "There are more: raise --limit.",
    },
    "ja": {
        "line": "行",
        "subject": "リード",
        "because": "理由",
        "detail": "詳細",
        "same": "一致",
        "differs": "内容が異なる",
        "not_in_file": "ファイルにない",
        "elsewhere": "別のステージにある",
        "not_known": "その時点で未登録",
        "not_identified": "リードを特定できない",
        "repeated": "前の行と同じリード",
        "field": "{field}: ファイル {file}、数字 {figure}",
        "stands": "{since} から {stage}({type}、記録番号 {position})",
        "counted": "{at} から該当、記録番号 {position}",
        "first_line": "{first_line}行目",
        "counts": "数字は {count:,}件、ファイルは {rows:,}行です。",
        "ignored": "比較しなかった列: {columns}。",
        "more": "ほかにもあります。--limit を増やしてください。",
    },
}


def csv_of(path: Path) -> bytes:
    """Return a table file as CSV in UTF-8, whatever its encoding and delimiter, or a workbook's."""
    try:
        return as_csv(path.read_bytes())
    except OSError as error:
        raise CommandFailed(Exit.INVALID_FILE, f"cannot read {path}: {error.strerror}") from None
    except TableUnreadable as error:
        raise CommandFailed(Exit.INVALID_FILE, f"{path} {error}") from None


def print_file_comparison(answer: Mapping[str, Any], words: Mapping[str, str]) -> None:
    """Print what differs, how many there are of each, and what was not compared."""
    columns = [words[name] for name in ("line", "subject", "because", "detail")]
    rows = [
        [
            one["line"] if one["line"] is not None else "",
            one["subject"] or "",
            words[one["because"]],
            _detail(one, words),
        ]
        for one in answer["differences"]
    ]
    if rows:
        print_table(columns, rows, numbers=[words["line"]])
    print_lines(words["counts"].format(count=answer["count"], rows=answer["rows"]))
    counts = {words[name]: count for name, count in answer["counts"].items() if count}
    print_lines(*(f"  {name}: {count:,}" for name, count in counts.items()))
    if answer["ignored_columns"]:
        print_lines(words["ignored"].format(columns=", ".join(answer["ignored_columns"])))
    if answer["truncated"]:
        print_lines(words["more"])


def _detail(difference: Mapping[str, Any], words: Mapping[str, str]) -> str:
    if difference["fields"]:
        return "; ".join(words["field"].format(**field) for field in difference["fields"])
    if stands := difference["stands"]:
        named = {**stands, "stage": stands.get("stage_label", stands["stage"])}
        return words["stands"].format(**named)
    if "first_line" in difference:
        return words["first_line"].format(**difference)
    if counted := difference["counted"]:
        return words["counted"].format(**counted)
    return ""
