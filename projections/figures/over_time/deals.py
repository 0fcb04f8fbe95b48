"""The figures about deals: how many leads bring one, and how many are won."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from domain.lifecycle.definition import Lifecycle, SubjectKind
from domain.lifecycle.words import Words
from projections.figures.definition import Figure, FigureShare, Measure, Parameter
from projections.figures.parameters import BASE, IN_A_PERIOD
from projections.figures.parameters import WITHIN as IN_DAYS
from projections.figures.question import BETWEEN_VALUES, Question, RowKey
from projections.figures.rows import handed_over_at

WITHIN_DAYS: Final = 180
WITHIN: Final = Parameter(
    "within",
    {
        "ja": "発生から何日以内の受注を数えるか。省略すると180日",
        "en": "In how many days after it was created a deal has to be won. By default, 180.",
    },
)
FROM_BASE: Final = Parameter(
    BASE.name,
    {
        "ja": "母数とするステージ。省略すると、引渡しがある最初のステージ",
        "en": "The stage in which the cohort begins. By default, the first whose leads are handed "
        "over.",
    },
)
COHORT, CREATED, DECIDED = "cohort", "created", "decided"
READS: Final = ("stage_intervals", "business")
AT_CREATION: Final = {
    "ja": "内訳の値は、商談が発生した時点のリードの値",
    "en": "Breakdowns use the values of the lead's stage when the deal was created.",
}


def _rows(_: Lifecycle, __: Question, counted: Collection[RowKey]) -> list[RowKey]:
    """Return both rows for leads, and for companies whose deals name no lead, if there are any."""
    kinds = [SubjectKind.LEAD]
    if any(row.track is SubjectKind.ACCOUNT for row in counted):
        kinds.append(SubjectKind.ACCOUNT)
    return [RowKey(kind, name) for kind in kinds for name in (DECIDED, CREATED)]


def _deal_rows(_: Lifecycle, __: Question, counted: Collection[RowKey]) -> list[RowKey]:
    """Return both rows for leads, and that of deals for companies if any deal names no lead."""
    rows = [RowKey(SubjectKind.LEAD, name) for name in (COHORT, CREATED)]
    of_companies = RowKey(SubjectKind.ACCOUNT, CREATED)
    return [*rows, of_companies] if of_companies in counted else rows


def _deal_values(lifecycle: Lifecycle, question: Question) -> Mapping[str, Any]:
    return {**_values(lifecycle, question), "base": question.base}


def _values(_: Lifecycle, question: Question) -> Mapping[str, Any]:
    return {
        "since": question.since,
        "until": question.until,
        "within": question.within,
        "no_values": no_values(question),
    }


def no_values(question: Question) -> str:
    """Return the values of a deal without a lead: none of any breakdown."""
    return BETWEEN_VALUES * max(0, len(question.by) - 1)


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
        AT_CREATION,
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
    reads=READS,
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


DEALS: Final = Figure(
    name="deals",
    version=1,
    words=Words(
        {"ja": "商談化率", "en": "deals"},
        {
            "ja": "期間中に起点のステージへ入ったサイクルのうち、所定の日数以内に最初の商談が"
            "発生したものの割合。起点を経ない商談は直接商談として分けて示す",
            "en": "The share of the passes that entered a stage in a period whose first deal "
            "followed within a number of days. Deals of passes that never entered it are apart.",
        },
    ),
    formula={
        "ja": "商談化率 = 商談化 ÷ 判定済み。商談化 = 0 ≤ 最初の商談 - 起点 ≤ 日数 のもの",
        "en": "rate = hits ÷ mature, where hits = those with 0 ≤ first deal - entered(base) ≤ "
        "within",
    },
    unit={"ja": "サイクル、商談(件)", "en": "passes, and deals"},
    traps=(
        {
            "ja": "起点によって率が変わる。「商談化率」には、どのステージからかを必ず添える",
            "en": "The rate depends on the base: always say which stage it is of.",
        },
        {
            "ja": "直接商談は分子にも母数にも入らない",
            "en": "Direct deals are neither in the hits nor in the base of the rate.",
        },
        {
            "ja": "一つのサイクルに商談がいくつあっても、商談化は1件",
            "en": "A pass with several deals is one hit.",
        },
        {
            "ja": "期間中の商談数を期間中のMQL数で割っても商談化率にはならない",
            "en": "The deals of a period divided by the MQLs of the same period are not this rate.",
        },
    ),
    parameters=(FROM_BASE, IN_DAYS, *IN_A_PERIOD),
    measures=(
        Measure(
            "base",
            Words(
                {"ja": "母数", "en": "base"},
                {
                    "ja": "期間中に起点のステージへ初めて入ったサイクル",
                    "en": "Passes that entered the base stage for the first time in the period.",
                },
            ),
        ),
        Measure(
            "mature",
            Words(
                {"ja": "判定済み", "en": "mature"},
                {
                    "ja": "そのうち、所定の日数が経過したサイクル",
                    "en": "Of these passes, the ones whose time is up.",
                },
            ),
        ),
        Measure(
            "hits",
            Words(
                {"ja": "商談化", "en": "hits"},
                {
                    "ja": "判定済みのうち、日数以内に最初の商談が発生した",
                    "en": "Of the mature, those whose first deal followed in time.",
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
        Measure(
            "so_far",
            Words(
                {"ja": "商談化(判定前を含む)", "en": "hits so far"},
                {
                    "ja": "判定前のものも含めて、これまでに商談化した",
                    "en": "Those that brought a deal so far, mature or not.",
                },
            ),
        ),
        Measure(
            "possible",
            Words(
                {"ja": "商談化の可能性あり", "en": "still possible"},
                {"ja": "判定前で、まだ商談がない", "en": "Immature, and without a deal."},
            ),
        ),
        Measure(
            "created",
            Words(
                {"ja": "発生した商談", "en": "created"},
                {"ja": "期間中に発生した商談", "en": "Deals created in the period."},
            ),
        ),
        Measure(
            "direct",
            Words(
                {"ja": "直接商談", "en": "direct"},
                {
                    "ja": "発生までに、そのサイクルが起点のステージに入っていなかった商談",
                    "en": "Deals whose pass had not entered the base stage when they were created.",
                },
            ),
        ),
    ),
    main="rate",
    relation="deals",
    rows=_deal_rows,
    values=_deal_values,
    row_words={
        COHORT: Words(
            {"ja": "起点からの商談化", "en": "of the base stage"},
            {
                "ja": "期間中に起点のステージへ入ったサイクル",
                "en": "Passes that entered the base stage in the period.",
            },
        ),
        CREATED: Words(
            {"ja": "発生した商談", "en": "deals created"},
            {
                "ja": "期間中に発生した商談。起点を経たかどうかを問わない",
                "en": "Deals created in the period, whether through the base stage or not.",
            },
        ),
    },
    base_of=handed_over_at,
    reads=READS,
    shares=(
        FigureShare(
            "rate",
            Words(
                {"ja": "商談化率", "en": "rate"},
                {"ja": "商談化 ÷ 判定済み", "en": "hits ÷ mature"},
            ),
            of=("hits",),
            out_of="mature",
        ),
        FigureShare(
            "direct_share",
            Words(
                {"ja": "直接商談の割合", "en": "direct share"},
                {
                    "ja": "直接商談 ÷ 発生した商談",
                    "en": "direct ÷ created",
                },
            ),
            of=("direct",),
            out_of="created",
        ),
    ),
)
