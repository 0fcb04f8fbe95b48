"""The figure about customers: companies gained and lost, and the share of the market they are."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from domain.lifecycle.definition import Lifecycle, SubjectKind
from domain.lifecycle.words import Words
from projections.figures.definition import Figure, FigureShare, Measure
from projections.figures.parameters import IN_A_PERIOD
from projections.figures.question import Question, RowKey
from projections.figures.rows import beyond
from projections.figures.stages import flow_values

ROW: Final = "customers"


def _rows(_: Lifecycle, __: Question, ___: Collection[RowKey]) -> list[RowKey]:
    return [RowKey(SubjectKind.ACCOUNT, ROW)]


def customer_stages(lifecycle: Lifecycle) -> list[str]:
    """Return the stages of customers: that of the first purchase, and those beyond it."""
    track, triggers = lifecycle.account, lifecycle.account_triggers
    if triggers is None:
        return []
    gained = {move.to for move in track.moves if move.on == triggers.customer_gained}
    first = next((stage for stage in track.path if stage in gained), None)
    return list(beyond(track, first)) if first is not None else []


def _values(lifecycle: Lifecycle, question: Question) -> Mapping[str, Any]:
    return {**flow_values(lifecycle, question), "customers": customer_stages(lifecycle)}


CUSTOMERS: Final = Figure(
    name="customers",
    version=1,
    words=Words(
        {"ja": "顧客の増減", "en": "customers"},
        {
            "ja": "期間中に顧客になった企業と顧客でなくなった企業の数。"
            "期末の顧客が、把握している企業に占める割合も示す",
            "en": "How many companies became customers in a period, how many are no longer, and "
            "what share of the known companies are customers at its end.",
        },
    ),
    formula={
        "ja": "期末顧客 = 期首顧客 + 新規顧客 + 復帰 - 終了 - 名寄せ、浸透率 = 期末顧客 ÷ 企業",
        "en": "after = before + new + regained - ended - merged; penetration = after ÷ companies",
    },
    unit={"ja": "社", "en": "companies"},
    traps=(
        {
            "ja": "顧客の中での移動(顧客から需要集中顧客へなど)は増減に入らない",
            "en": "A customer that becomes a key account is neither gained nor lost.",
        },
        {
            "ja": "企業には、サービスを認知していない潜在顧客も入る。"
            "ターゲットを登録していなければ、浸透率は高く見える",
            "en": "The companies include potential customers that have been listed as targets. "
            "Without such a list, the penetration looks high.",
        },
        {
            "ja": "期間が終わっていなければ、件数はまだ変わる(`is_open`)",
            "en": "The numbers of a period that has not ended (`is_open`) will change.",
        },
    ),
    parameters=IN_A_PERIOD,
    measures=(
        Measure(
            "before",
            Words(
                {"ja": "期首顧客", "en": "before"},
                {"ja": "期間の直前に顧客だった", "en": "Customers just before the period."},
            ),
        ),
        Measure(
            "new",
            Words(
                {"ja": "新規顧客", "en": "new"},
                {"ja": "初めて顧客になった", "en": "Became a customer for the first time."},
            ),
        ),
        Measure(
            "regained",
            Words(
                {"ja": "復帰", "en": "regained"},
                {
                    "ja": "以前も顧客だった企業が再び顧客になった",
                    "en": "Became a customer again.",
                },
            ),
        ),
        Measure(
            "ended",
            Words(
                {"ja": "終了", "en": "ended"},
                {
                    "ja": "顧客でなくなった(解約、注文の取消など)",
                    "en": "Is no longer a customer: churned, or the last business was cancelled.",
                },
            ),
        ),
        Measure(
            "merged",
            Words(
                {"ja": "名寄せ", "en": "merged"},
                {
                    "ja": "別の企業に統合された",
                    "en": "Was merged into another company, which counts in its place.",
                },
            ),
        ),
        Measure(
            "after",
            Words(
                {"ja": "期末顧客", "en": "after"},
                {
                    "ja": "期間の終わり(または基準日)に顧客である",
                    "en": "Customers at the end of the period, or at `as_of` if that is earlier.",
                },
            ),
        ),
        Measure(
            "companies",
            Words(
                {"ja": "企業", "en": "companies"},
                {
                    "ja": "期間の終わり(または基準日)にいずれかのステージにある企業",
                    "en": "Companies in any stage at the end of the period, or at `as_of` if that "
                    "is earlier.",
                },
            ),
        ),
    ),
    main="after",
    relation="customers",
    rows=_rows,
    values=_values,
    row_words={
        ROW: Words(
            {"ja": "顧客", "en": "customers"},
            {
                "ja": "購入に至った企業が入るステージと、それより先のステージにある企業",
                "en": "Companies in the stage that a purchase leads to, or beyond it.",
            },
        ),
    },
    shares=(
        FigureShare(
            "penetration",
            Words(
                {"ja": "浸透率", "en": "penetration"},
                {"ja": "期末顧客 ÷ 企業", "en": "after ÷ companies"},
            ),
            of=("after",),
            out_of="companies",
        ),
    ),
)
