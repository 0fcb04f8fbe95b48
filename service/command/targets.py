"""How `leadledger figure` prints targets: plan, actual, and where it will land."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from service.command.printing import print_lines, print_table

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "department": "department",
        "figure": "figure",
        "days": "days",
        "plan": "plan",
        "actual": "actual",
        "achieved": "achieved",
        "passed": "days passed",
        "landing": "landing",
        "none": "There are no targets for these days.",
        "read": "At {as_of}, as known at position {position}.",
    },
    "ja": {
        "department": "部門",
        "figure": "指標",
        "days": "期間",
        "plan": "計画",
        "actual": "実績",
        "achieved": "達成率",
        "passed": "営業日進捗率",
        "landing": "着地見込",
        "none": "この期間の目標はありません。",
        "read": "基準日時 {as_of}、記録番号 {position} までの報告分。",
    },
}
_ABOUT: Final = ("market", "campaign", "owner", "reseller", "currency")
_NUMBERS: Final = ("plan", "actual", "achieved", "passed", "landing")


def print_targets(answer: Mapping[str, Any], language: str) -> None:
    """Print every target in a line."""
    words = WORDS[language]
    lines = [
        [
            target.get("department_label", target["department"]),
            " ".join([target.get("figure_label", target["figure"]), *_about(target)]),
            f"{target['starts_on']} ~ {target['ends_on']}",
            *(target["plan"], _actual(target["actual"])),
            *(_percent(target["achieved"]), _percent((target["business_days"] or {}).get("share"))),
            _rounded(target["landing"]),
        ]
        for target in answer["targets"]
    ]
    numbers = [words[name] for name in _NUMBERS]
    if lines:
        headings = [words[name] for name in ("department", "figure", "days")]
        print_table([*headings, *numbers], lines, numbers=numbers)
    else:
        print_lines(words["none"])
    print_lines(words["read"].format(as_of=answer["as_of"], position=answer["as_of_position"]))


def print_plans(answer: Mapping[str, Any], language: str) -> None:
    """Print what is planned for the numbers of a figure."""
    words = WORDS[language]
    lines = [
        [
            *(plan["department"], plan["figure"], plan["row"], " ".join(plan["values"] or ())),
            *(plan["plan"], _percent(plan["achieved"])),
        ]
        for plan in answer["plans"]
    ]
    if not lines:
        print_lines(words["none"])
        return
    numbers = [words["plan"], words["achieved"]]
    print_table([words["department"], words["figure"], "", "", *numbers], lines, numbers=numbers)


def _about(target: Mapping[str, Any]) -> list[str]:
    return [target[name] for name in _ABOUT if target[name] is not None]


def _actual(actual: Mapping[str, Any] | None) -> str:
    return "-" if actual is None else str(actual.get("amount", actual["count"]))


def _percent(share: str | None) -> str:
    return "-" if share is None else f"{Decimal(share) * 100:.1f} %"


def _rounded(landing: str | None) -> str:
    return "-" if landing is None else f"{Decimal(landing):.0f}"
