"""Lists as tables: a row for each entry, a column for each member of its shape."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from service.tables.spreadsheet import Column, ColumnKind, Sheet, Value

BETWEEN: Final = "; "
"""Between several values in one cell."""
IDS: Final = ("id", "lead", "day", "source")
"""They come first."""
NUMBERS: Final = frozenset(
    {
        *("pass", "lifecycle", "position", "breached", "settled"),
        *("received", "recorded", "duplicates", "refused", "ignored"),
    }
)
"""Whole numbers; positions are texts in JSON, because they may have more digits than it allows."""

JAPANESE: Final[Mapping[str, str]] = {
    "id": "ID",
    "lead": "リード",
    "stage": "ステージ",
    "stage_label": "ステージ 名称",
    "pass": "サイクル",
    "entered_at": "流入日時",
    "entered": "通過ステージ",
    "acquired_at": "獲得日時",
    "owner": "担当者",
    "grade": "見込み度",
    "market": "市場",
    "priority": "優先度",
    "origin": "獲得元",
    "channel": "チャネル",
    "account": "企業",
    "revisit_on": "再アプローチ日",
    "screened_as": "スクリーニング結果",
    "lists": "リスト",
    "lifecycle": "ライフサイクルの版",
    "position": "記録番号",
    "deadline": "期限",
    "deadline_label": "期限 名称",
    "status": "状態",
    "team": "チーム",
    "started_at": "開始日時",
    "due_at": "期限日時",
    "settled_at": "対応日時",
    "breached": "超過の記録番号",
    "settled": "対応の記録番号",
    "opportunities": "商談",
    "orders": "受注",
    "segment": "セグメント",
    "key_role": "守り・攻め",
    "day": "日付",
    "source": "送信元",
    "received": "受信",
    "recorded": "記録",
    "duplicates": "重複",
    "refused": "拒否",
    "ignored": "対象外",
    "reasons": "理由",
}


def list_sheet(
    name: str, shape: type[Any], entries: Iterable[Mapping[str, Any]], language: str | None
) -> Sheet:
    """Return entries of a shape as a table. Labels have columns if a language is given."""
    members = [
        member
        for member in shape.__annotations__
        if language is not None or member not in shape.__optional_keys__
    ]
    members.sort(key=lambda member: member not in IDS)
    columns = [
        Column(
            _heading(member, language), ColumnKind.NUMBER if member in NUMBERS else ColumnKind.TEXT
        )
        for member in members
    ]
    return Sheet(
        name,
        columns,
        [[_value(entry.get(member), member) for member in members] for entry in entries],
    )


def _heading(member: str, language: str | None) -> str:
    return JAPANESE.get(member, member) if language == "ja" else member


def _value(value: object, member: str) -> Value:
    if value is None:
        return None
    if member in NUMBERS:
        return int(str(value))
    if isinstance(value, Mapping):
        return BETWEEN.join(f"{key}: {one}" for key, one in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return BETWEEN.join(map(str, value))
    return str(value)
