"""The figure that divides the entries into one stage by those into another."""

from collections.abc import Collection
from typing import Final

from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.words import Words
from projections.figures.definition import Figure, FigureShare, Measure, ShareOf
from projections.figures.parameters import BASE, IN_A_PERIOD, TARGET
from projections.figures.question import Question, RowKey
from projections.figures.rows import cohort_track
from projections.figures.stages import ENTRIES, flow_values


def _rows(lifecycle: Lifecycle, question: Question, _: Collection[RowKey]) -> list[RowKey]:
    kind = cohort_track(lifecycle, question).subject
    return [RowKey(kind, question.base), RowKey(kind, question.target)]


PERIOD_RATIO: Final = Figure(
    name="period_ratio",
    version=1,
    words=Words(
        {"ja": "期間内比", "en": "period ratio"},
        {
            "ja": "期間中の目標ステージへの流入を、同じ期間の起点ステージへの流入で割った比",
            "en": "The entries into one stage in a period divided by those into another in the "
            "same period.",
        },
    ),
    formula={
        "ja": "期間内比 = 目標への流入計 ÷ 起点への流入計",
        "en": "ratio = in of the target ÷ in of the base",
    },
    unit={"ja": "流入(件)", "en": "entries"},
    traps=(
        {
            "ja": "移行率ではない。目標に入ったのは起点に入ったリードとは限らず、1を超えうる",
            "en": "This is not a conversion: others may have entered the target than the base, "
            "and the ratio may exceed 1.",
        },
        {
            "ja": "再流入も次サイクルも数える",
            "en": "Entries of passes that came back, and of later passes, count as well.",
        },
    ),
    parameters=(BASE, TARGET, *IN_A_PERIOD),
    measures=(
        Measure(
            "in",
            Words(
                {"ja": "流入計", "en": "in"},
                {
                    "ja": "期間中の流入(流入・流出の流入計と同じ)",
                    "en": "Entries in the period, as in the flow.",
                },
            ),
            sums=ENTRIES,
        ),
    ),
    main="in",
    relation="flow",
    rows=_rows,
    values=flow_values,
    row_words={},
    shares=(
        FigureShare(
            "ratio",
            Words(
                {"ja": "期間内比", "en": "ratio"},
                {"ja": "前の行の流入計に対する比", "en": "To the entries of the row before."},
            ),
            of=("in",),
            out_of="in",
            of_row=ShareOf.THE_ONE_BEFORE,
        ),
    ),
)
