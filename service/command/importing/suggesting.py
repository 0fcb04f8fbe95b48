"""Write a draft mapping from the column names of a table, for a person to complete.

The words are those of exports from Salesforce, HubSpot and Sansan, in Japanese and English, and of
tables that offices keep by hand. A column that matches no word is left to the person.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from domain.recordable import is_code
from service.command.importing.mapping import TableForm
from service.command.importing.opening import Row, Table, open_table
from service.command.importing.values.amounts import NotANumber, read_amount
from service.command.importing.values.dates import Unclear, read_moment
from service.command.limits import ROWS_LOOKED_AT

_LEAD_FIELDS = {
    "email": r"(e-?)?mail( ?address)?|メール(アドレス)?|電子メール|eメール",
    "phone": r"phone( number)?|tel|mobile( phone)?( number)?"
    r"|電話(番号)?|会社電話|携帯(電話)?(番号)?",
    "name": r"(full |contact |lead )?name|氏名|お?名前|担当者名?|取引先責任者名?|リード名",
    "company": r"(associated )?company( name)?|account name|会社名?|企業名|法人名|取引先名?|貴社名",
    "position": r"job ?title|title|役職",
    "department": r"department|部署名?",
}
"""Fields that identify a person; if two columns match one of them, the first is used."""

_NUMBERS = {
    "opportunity": r"opportunity ?(id|name)|deal ?(id|name)|商談 ?(番号|id|名|コード)",
    "order": r"order ?(id|number|no\.?)|(受注|注文)(番号|id|no\.?)",
    "value": r"(deal |total )?amount|(受注|商談|契約)?金額|売上(金額)?",
    "currency": r"(amount )?currency|通貨(コード)?",
    "channel": r"(lead |original )?source|リードソース|流入(元|経路)|経路|チャネル",
    "campaign": r"campaign( name)?|キャンペーン名?|展示会名?|イベント名?",
}


_CODES = ("opportunity", "order", "channel", "campaign")
"""Of those, the ones that a record holds as they are."""


class _Happening(NamedTuple):
    """A column of dates, and the event that it dates."""

    words: str
    type: str
    name: str
    data: tuple[str, ...] = ()


_CARD = _Happening(
    r"名刺交換日|exchanged? (date|on)", "card.captured", "card", ("channel", "campaign")
)
_SEMINAR = _Happening(
    r"(セミナー)?(参加|開催|受講)日|attended( (on|date))?",
    "seminar.attended",
    "seminar",
    ("channel", "campaign"),
)
_CREATED = _Happening(
    r"create(d)? ?date|created( on| at)?|date"
    r"|(リード)?作成日時?|登録日時?|問い?合わ?せ日時?|日付",
    "form.submitted",
    "contact",
    ("channel", "campaign"),
)
_CONTACTS = (_CARD, _SEMINAR, _CREATED)
"""The first contact with a person, most reliable sign first."""
_OF_DEALS = ("opportunity", "value", "currency")
_DEAL_CREATED = _Happening(
    r"(opportunity|deal) create(d)? ?date|商談(作成|開始|発生)日",
    "opportunity.created",
    "opportunity",
    _OF_DEALS,
)
_HAPPENINGS = (
    *_CONTACTS,
    _DEAL_CREATED,
    _Happening(
        r"close ?date|won ?date|受注(予定)?日|成約日|完了予定日|契約日",
        "opportunity.won",
        "won",
        _OF_DEALS,
    ),
    _Happening(r"lost ?date|失注日", "opportunity.lost", "lost", ("opportunity",)),
    _Happening(r"order ?date|注文日", "order.recorded", "order", ("order", *_OF_DEALS)),
)
_STAGE = re.compile(r"(deal |opportunity )?stage|フェーズ|(商談)?ステージ|状況|ステータス|status")
_WON = re.compile(r"closed ?won|won|受注|成約|成立|契約")
_ID = re.compile(
    r"(record |lead |contact |deal |opportunity |account )?id|no\.?|.*(番号|id|コード)"
)
_SOURCES = {
    "sansan": ("名刺交換日", "名刺id"),
    "hubspot": ("record id", "record id - contact", "record id - deal"),
    "salesforce": (
        "opportunity id",
        "lead id",
        "contact id",
        "取引先責任者 id",
        "商談 id",
        "リード id",
    ),
}


def suggestion_for(file: Path) -> str:
    """Return the text of a mapping for a table.

    Raises:
        TableInvalid: The file cannot be read.
    """
    with open_table(file, TableForm()) as table:
        rows = [row.cells for row in islice(table.rows, ROWS_LOOKED_AT) if isinstance(row, Row)]
        return _Suggestion(table, rows).text()


class _Suggestion:
    """What the columns of a table seem to be. A class, because every part examines them all."""

    def __init__(self, table: Table, rows: Sequence[Sequence[str]]) -> None:
        self.form, self.rows = table.form, rows
        self.columns = {name: _plain(name) for name in dict.fromkeys(table.header) if name}
        self.places = {name: table.header.index(name) for name in self.columns}
        self.fields = self._named(_LEAD_FIELDS)
        self.numbers = self._named(_NUMBERS)
        self.used: set[str] = set()

    def text(self) -> str:
        """Return the mapping, with a comment wherever a person must decide."""
        source = next(
            (name for name, words in _SOURCES.items() if set(words) & set(self.columns.values())),
            "table",
        )
        key = self._key()
        events = self._events(key)
        lines = [
            f"# Drafted from the column names; the file is read as {self.form}.",
            "# Check every line, then try it: leadledger import --check FILE --mapping THIS",
            "format: 1",
            f"source: {source}",
            *self._lead(source, key),
            "",
            "events:",
            *events,
        ]
        unused = [name for name in self.columns if name not in self.used]
        if unused:
            lines += ["", f"# Not used: {', '.join(unused)}"]
        return "\n".join(lines)

    def _named(self, words: Mapping[str, str]) -> dict[str, str]:
        """Return the first column for each meaning; a code's cells must be able to be codes."""
        found: dict[str, str] = {}
        for name, plain in self.columns.items():
            for meaning, pattern in words.items():
                is_free = meaning not in found and re.fullmatch(pattern, plain)
                if is_free and (meaning not in _CODES or self._holds_codes(name)):
                    found[meaning] = name
        return found

    def _holds_codes(self, name: str) -> bool:
        """Whether the ledger accepts the cells as codes: words in Japanese need `words` first."""
        return all(is_code(row[self.places[name]].strip()) for row in self.rows)

    def _key(self) -> str | None:
        """Return the column that identifies rows and is named like an id."""
        unique = [name for name in self.columns if self._identifies_rows(name)]
        return next((name for name in unique if _ID.fullmatch(self.columns[name])), None)

    def _identifies_rows(self, name: str) -> bool:
        cells = [row[self.places[name]].strip() for row in self.rows]
        return bool(cells) and all(cells) and len(set(cells)) == len(cells)

    def _lead(self, source: str, key: str | None) -> list[str]:
        lines = ["lead:"]
        lines += [
            f"  {field}: {self._template(self.fields[field])}"
            for field in ("email", "phone", "name")
            if field in self.fields
        ]
        if key is not None:
            lines.append("  # Only if it identifies the person, and not the row or the deal:")
            lines.append(f"  # external_ids: {{{source}: {_quoted('{' + key + '}')}}}")
        if "position" in self.fields:
            lines.append(f"  profile: {{position: {self._template(self.fields['position'])}}}")
        if len(lines) == 1 or not {"email", "phone"} & set(self.fields):
            column = key or next(iter(self.columns))
            lines += [
                "  # No column that identifies a person was recognised: enter the right one.",
                f"  external_ids: {{{source}: {self._template(column)}}}",
            ]
        if "company" in self.fields:
            lines += ["account:", f"  name: {self._template(self.fields['company'])}"]
        return lines

    def _events(self, key: str | None) -> list[str]:
        personal = {self.fields.get(field) for field in ("email", "phone", "name")}
        column = key or next((name for name in self.columns if name not in personal), "No.")
        id = "{" + column + "}"
        self.used.add(column)
        events: list[str] = []
        if key is None:
            events += [
                "  # No column that identifies rows, but not people, was recognised:",
                "  # add a column of numbers to the table, and use it in every id.",
            ]
        for happening, column in self._happenings():
            events += self._event(happening, column, id)
        if not any(line.startswith("  - ") for line in events):
            events += [
                f"  - id: {_quoted(id + '/contact')}",
                "    type: list.imported",
                "    # No column of dates was recognised: {column: …}, or one day for all rows:",
                "    time: {file: modified}",
            ]
        return events

    def _happenings(self) -> list[tuple[_Happening, str]]:
        """Return what happened, with its column; only the most reliable sign of first contact."""
        columns = {
            happening: name
            for happening in _HAPPENINGS
            for name, plain in reversed(self.columns.items())
            if re.fullmatch(happening.words, plain)
        }
        for less_reliable in [contact for contact in _CONTACTS if contact in columns][1:]:
            del columns[less_reliable]
        if "opportunity" in self.numbers and _CREATED in columns:
            # If a row is a deal, the creation date is the deal's.
            columns.setdefault(_DEAL_CREATED, columns.pop(_CREATED))
        return [
            (happening, columns[happening]) for happening in _HAPPENINGS if happening in columns
        ]

    def _event(self, happening: _Happening, column: str, id: str) -> list[str]:
        self.used.add(column)
        lines = [
            f"  - id: {_quoted(f'{id}/{happening.name}')}",
            f"    type: {happening.type}",
            f"    time: {{column: {_quoted(column)}{self._format(column)}}}",
            *self._condition(happening, column),
        ]
        data = [
            f"      {field}: {self._value(field)}" for field in happening.data if self._has(field)
        ]
        if happening.type.startswith("opportunity.") and "opportunity" not in self.numbers:
            data.insert(0, f"      opportunity: {_quoted(id)}")
        if happening.type == "order.recorded" and "order" not in self.numbers:
            data.insert(0, f"      order: {_quoted(id)}")
        if "value" in self.numbers and "value" in happening.data and "currency" not in self.numbers:
            data.append("      currency: JPY")
        return [*lines, *(["    data:", *data] if data else [])]

    def _has(self, field: str) -> bool:
        return field in self.numbers

    def _value(self, field: str) -> str:
        column = self.numbers[field]
        if field != "value":
            return self._template(column)
        self.used.add(column)
        unread = [cell for cell in self._cells(column) if not _is_number(cell)]
        doubt = "  # some cells are not numbers" if unread else ""
        return f"{{column: {_quoted(column)}, as: amount}}{doubt}"

    def _format(self, column: str) -> str:
        """Return a format for a person to check if the dates are ambiguous."""
        cells = self._cells(column)
        if cells and not any(_is_date(cell) for cell in cells):
            return ", format: '%m/%d/%Y'"
        return ""

    def _condition(self, happening: _Happening, column: str) -> list[str]:
        stage = next((n for n, plain in self.columns.items() if _STAGE.fullmatch(plain)), None)
        if happening.type == "opportunity.won" and stage is not None:
            words = dict.fromkeys(self._cells(stage))
            won = [word for word in words if _WON.fullmatch(_plain(word))]
            self.used.add(stage)
            return [
                f"    when: {{{_quoted(stage)}: {{in: [{', '.join(map(_quoted, won or words))}]}}}}"
            ]
        if not all(row[self.places[column]].strip() for row in self.rows):
            return [f"    when: {{{_quoted(column)}: {{blank: false}}}}"]
        return []

    def _cells(self, column: str) -> list[str]:
        cells = (row[self.places[column]].strip() for row in self.rows)
        return [cell for cell in cells if cell]

    def _template(self, column: str) -> str:
        self.used.add(column)
        return _quoted("{" + column + "}")


def _plain(name: str) -> str:
    """Normalize a column name for comparison."""
    plain = unicodedata.normalize("NFKC", name).casefold().strip()
    return re.sub(r"[\s_]+", " ", plain)


def _quoted(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def _is_date(cell: str) -> bool:
    try:
        read_moment(cell)
    except Unclear:
        return False
    return True


def _is_number(cell: str) -> bool:
    try:
        read_amount(cell)
    except NotANumber:
        return False
    return True
