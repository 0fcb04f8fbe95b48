"""The figure about lists: how many leads are on each."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from domain.lifecycle.definition import Lifecycle, SubjectKind
from domain.lifecycle.words import Words
from projections.figures.definition import STAYS, Figure, Measure
from projections.figures.over_time.deals import no_values
from projections.figures.question import Question, RowKey


def _rows(lifecycle: Lifecycle, _: Question, __: Collection[RowKey]) -> list[RowKey]:
    return [RowKey(SubjectKind.LEAD, code) for code in lifecycle.lists]


def _values(lifecycle: Lifecycle, question: Question) -> Mapping[str, Any]:
    declared = lifecycle.lists
    return {
        "lists": list(declared),
        "within_days": [rule.acquired_within_days for rule in declared.values()],
        "before_days": [rule.held_before_days for rule in declared.values()],
        "no_values": no_values(question),
    }


LISTS: Final = Figure(
    name="lists",
    version=1,
    words=Words(
        {"ja": "リスト", "en": "lists"},
        {
            "ja": "ライフサイクルで定義した各リストに載っているリードの数",
            "en": "How many leads are on each list that the lifecycle declares.",
        },
    ),
    formula={
        "ja": "件数 = リストの条件を満たすリード",
        "en": "leads = those that meet the condition of the list",
    },
    unit={"ja": "リード(人)", "en": "leads"},
    traps=(
        {
            "ja": "1人のリードが複数のリストに載るため、リストの件数を合計しない",
            "en": "A lead may be on several lists: their sizes are never summed.",
        },
        {
            "ja": "過去は、その時点で知られていたとおりに示す(`known_at`)。"
            "後から報告された事実で過去のリストは変わらないため、`as_of`だけの指定は受け付けない",
            "en": "The past is shown as it was known (`known_at`). What is reported late does not "
            "change who was on a list, so an `as_of` before that moment is refused.",
        },
    ),
    parameters=(),
    measures=(
        Measure(
            "leads",
            Words(
                {"ja": "件数", "en": "leads"},
                {
                    "ja": "統合されていないリードのうち、条件を満たす人数",
                    "en": "Leads that meet the condition and have not been merged into another.",
                },
            ),
        ),
    ),
    main="leads",
    relation="lists",
    rows=_rows,
    values=_values,
    row_words={},
    values_at_entry=False,
    reads=(STAYS, "directory"),
    named_by=lambda lifecycle: {code: rule.words for code, rule in lifecycle.lists.items()},
    is_as_known=True,
)
