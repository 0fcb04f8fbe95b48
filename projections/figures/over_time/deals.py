"""The figure about deals: how many are won."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from domain.lifecycle.definition import Lifecycle, SubjectKind
from domain.lifecycle.words import Words
from projections.figures.definition import Figure, FigureShare, Measure, Parameter
from projections.figures.parameters import IN_A_PERIOD
from projections.figures.question import BETWEEN_VALUES, Question, RowKey

WITHIN_DAYS: Final = 180
WITHIN: Final = Parameter(
    "within",
    {
        "ja": "発生から何日以内の受注を数えるか。省略すると180日",
        "en": "In how many days after it was created a deal has to be won. By default, 180.",
    },
)
CREATED, DECIDED = "created", "decided"


def _rows(_: Lifecycle, __: Question, counted: Collection[RowKey]) -> list[RowKey]:
    """Return both rows for leads, and for companies whose deals name no lead, if there are any."""
    kinds = [SubjectKind.LEAD]
    if any(row.track is SubjectKind.ACCOUNT for row in counted):
        kinds.append(SubjectKind.ACCOUNT)
    return [RowKey(kind, name) for kind in kinds for name in (DECIDED, CREATED)]


def _values(_: Lifecycle, question: Question) -> Mapping[str, Any]:
    return {
        "since": question.since,
        "until": question.until,
        "within": question.within,
        "no_values": BETWEEN_VALUES * max(0, len(question.by) - 1),
    }


WIN_RATE: Final = Figure(
    name="win_rate",
    version=1,
    words=Words(
        {"ja": "受注率", "en": "win rate"},
        {
            "ja": "商談のうち受注したものの割合。決着ベースと発生ベースを並べて示す",
            "en": "The share of deals that were won: of those decided in a period, and of those "
            "created in it.",
        },
    ),
    formula={
        "ja": "決着ベース = 受注 ÷ (受注 + 失注)、発生ベース = 日数以内の受注 ÷ 判定済み",
        "en": "decided: won ÷ (won + lost); created: won within the days ÷ mature",
    },
    unit={"ja": "商談(件)", "en": "deals"},
    traps=(
        {
            "ja": "「受注率」とだけ言わず、決着ベースか発生ベースかを必ず添える",
            "en": "Never say only “win rate”: say which of the two.",
        },
        {
            "ja": "決着ベースは、早く決まる商談が多い月ほど高く見える",
            "en": "The rate of those decided is high in months in which many quick deals end.",
        },
        {
            "ja": "再開された商談は、改めて決着するまで決着ベースに入らない",
            "en": "A reopened deal is not decided until it is won or lost again.",
        },
        {
            "ja": "内訳の値は、商談が発生した時点のリードの値",
            "en": "Breakdowns use the values of the lead's stage when the deal was created.",
        },
    ),
    parameters=(WITHIN, *IN_A_PERIOD),
    measures=(
        Measure(
            "base",
            Words(
                {"ja": "母数", "en": "base"},
                {
                    "ja": "期間中に決着した商談、または発生した商談",
                    "en": "Deals decided in the period, or created in it.",
                },
            ),
        ),
        Measure(
            "mature",
            Words(
                {"ja": "判定済み", "en": "mature"},
                {
                    "ja": "決着したもの、または発生から所定の日数が経過したもの",
                    "en": "Those decided, or those whose time is up.",
                },
            ),
        ),
        Measure(
            "won",
            Words(
                {"ja": "受注", "en": "won"},
                {
                    "ja": "受注した(発生ベースは日数以内)",
                    "en": "Won; of those created, within the days.",
                },
            ),
        ),
        Measure(
            "lost",
            Words(
                {"ja": "失注", "en": "lost"},
                {
                    "ja": "失注した(発生ベースは日数以内)",
                    "en": "Lost; of those created, within the days.",
                },
            ),
        ),
        Measure(
            "open",
            Words(
                {"ja": "未決", "en": "open"},
                {
                    "ja": "日数が経過しても決着していない",
                    "en": "Still not decided when the days were up.",
                },
            ),
        ),
        Measure(
            "immature",
            Words(
                {"ja": "判定前", "en": "immature"},
                {"ja": "所定の日数がまだ経過していない", "en": "Those whose time is not up."},
            ),
        ),
    ),
    main="rate",
    relation="win_rate",
    rows=_rows,
    values=_values,
    row_words={
        DECIDED: Words(
            {"ja": "受注率(決着ベース)", "en": "of those decided"},
            {"ja": "期間中に受注または失注した商談", "en": "Deals won or lost in the period."},
        ),
        CREATED: Words(
            {"ja": "受注率(発生ベース)", "en": "of those created"},
            {"ja": "期間中に発生した商談", "en": "Deals created in the period."},
        ),
    },
    reads=("stage_intervals", "business"),
    within_days=WITHIN_DAYS,
    shares=(
        FigureShare(
            "rate",
            Words(
                {"ja": "受注率", "en": "rate"},
                {"ja": "受注 ÷ 判定済み", "en": "won ÷ mature"},
            ),
            of=("won",),
            out_of="mature",
        ),
    ),
)
