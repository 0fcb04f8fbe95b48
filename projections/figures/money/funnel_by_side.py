"""The funnel from acquisition to the order, seen from marketing's side and from that of sales."""

from collections import ChainMap
from collections.abc import Collection, Mapping
from typing import Any, Final

import orjson

from domain.lifecycle.definition import Lifecycle, SubjectKind
from domain.lifecycle.words import Words
from projections.business.credit import NOBODY
from projections.business.queries import Won
from projections.business.won_business import Unit
from projections.figures.definition import Figure, FigureShare, Measure
from projections.figures.money.bought import (
    ABOUT_AMOUNTS,
    BY_ORDER_DATE,
    ORDERS,
    READS,
    ROW_WORDS,
    amount_words,
    entries_of,
    ordered_rows,
    values_of_business,
)
from projections.figures.parameters import IN_A_PERIOD
from projections.figures.question import Question, RowKey
from projections.figures.rows import acquired_at, beyond

ONLINE, OFFLINE, DIRECT, RESELLERS = "online", "offline", "direct", "resellers"
REFERRAL, UNKNOWN, OTHER, NO_LEAD = "referral", "unknown", "other", "no_lead"
COLUMNS: Final[Mapping[str, str]] = {
    "marketing-digital": ONLINE,
    "marketing-offline": OFFLINE,
    "sales-direct": DIRECT,
    "reseller": RESELLERS,
    "referral": REFERRAL,
    "unknown": UNKNOWN,
}
"""Origin → the column it counts in."""
OF_SIDE: Final[Mapping[str, str]] = {"marketing": OFFLINE, "sales": DIRECT}
"""A lifecycle's side → the column of its other origins."""

AMOUNTS: Final = amount_words(ROW_WORDS)


def columns_of(lifecycle: Lifecycle) -> dict[str, str]:
    """Return the column of every origin; one that belongs to neither side is another origin."""
    of_sides = {
        origin: OF_SIDE[code]
        for code, side in lifecycle.sides.items()
        if code in OF_SIDE
        for origin in side.origins
    }
    return {
        origin: COLUMNS.get(origin) or of_sides.get(origin, OTHER) for origin in lifecycle.origins
    }


def _stages(lifecycle: Lifecycle) -> list[str]:
    return list(beyond(lifecycle.lead, acquired_at(lifecycle.lead)))


def _rows(lifecycle: Lifecycle, _: Question, counted: Collection[RowKey]) -> list[RowKey]:
    bought = ordered_rows(lifecycle, {row.name for row in counted}, (ORDERS,))
    return [RowKey(SubjectKind.LEAD, name) for name in (*_stages(lifecycle), *bought)]


def _named(lifecycle: Lifecycle) -> Mapping[str, Words]:
    return ChainMap({code: stage.words for code, stage in lifecycle.lead.stages.items()}, AMOUNTS)


def _values(lifecycle: Lifecycle, question: Question) -> Mapping[str, Any]:
    return {
        "stages": _stages(lifecycle),
        "columns": orjson.dumps(columns_of(lifecycle)).decode(),
        "since": question.since,
        "until": question.until,
    }


def _of_business(lifecycle: Lifecycle, question: Question, won: Won) -> Mapping[str, Any]:
    columns = columns_of(lifecycle)

    def column_of(unit: Unit) -> str:
        if unit.lead is None:
            return NO_LEAD
        person = won.people.get(unit.lead, NOBODY)
        origin = person.origin_by_pass.get(unit.pass_number or 1)
        return columns.get(origin, OTHER) if origin else UNKNOWN

    entries = entries_of(won.units, lifecycle, ORDERS, column_of)
    return values_of_business(won.units, entries, question)


def _column(name: str, ja: str, en: str, *, means_ja: str, means_en: str) -> Measure:
    return Measure(name, Words({"ja": ja, "en": en}, {"ja": means_ja, "en": means_en}))


FUNNEL_BY_SIDE: Final = Figure(
    name="funnel_by_side",
    version=1,
    words=Words(
        {"ja": "起因別ファネル", "en": "funnel by side"},
        {
            "ja": "リード獲得から受注までを、マーケティング組織起因と営業組織・販売店に分けたもの",
            "en": "The funnel from acquisition to the order, divided by whose work brought the "
            "lead: marketing, or sales and resellers.",
        },
    ),
    formula={
        "ja": "合計 = マーケティング組織起因 + 営業組織・販売店 + 紹介 + その他 + 不明 "
        "+ リードなし",
        "en": "total = marketing + sales + referral + other + unknown + no lead",
    },
    unit={"ja": "サイクル、受注(件)、金額", "en": "passes, orders, amounts"},
    traps=(
        {
            "ja": "ステージの行は、期間中にそのステージへ初めて入ったサイクルの数。"
            "通過せずに先へ進んだステージには入らない。行の間の比は移行率ではない",
            "en": "Rows of stages count the passes that first entered them in the period. A stage "
            "that was passed over was not entered, and one row divided by another is no "
            "conversion.",
        },
        {
            "ja": "ステージの行の獲得元は流入時点の値。受注の行はサイクルの最新の獲得元で、"
            "後からの訂正も反映する",
            "en": "Stages use the origin at the entry. Orders use the latest origin of the pass, "
            "with corrections.",
        },
        BY_ORDER_DATE,
        ABOUT_AMOUNTS,
    ),
    parameters=IN_A_PERIOD,
    measures=(
        _column(
            ONLINE,
            "マーケ(オンライン)",
            "marketing, online",
            means_ja="獲得元がマーケティング(デジタル)",
            means_en="The origin is marketing (digital).",
        ),
        _column(
            OFFLINE,
            "マーケ(オフライン)",
            "marketing, offline",
            means_ja="獲得元がマーケティング(オフライン)など、デジタル以外のマーケティング",
            means_en="The origin is marketing's, and not digital.",
        ),
        Measure(
            "marketing",
            Words(
                {"ja": "マーケティング組織起因", "en": "marketing"},
                {"ja": "オンラインとオフラインの合計", "en": "Online and offline."},
            ),
            sums=(ONLINE, OFFLINE),
        ),
        _column(
            DIRECT,
            "営業直接",
            "sales, direct",
            means_ja="営業組織に直接入った",
            means_en="Came directly to sales.",
        ),
        _column(
            RESELLERS,
            "販売店",
            "resellers",
            means_ja="販売店に直接入った",
            means_en="Came through a reseller.",
        ),
        Measure(
            "sales",
            Words(
                {"ja": "営業組織・販売店", "en": "sales and resellers"},
                {"ja": "営業直接と販売店の合計", "en": "Direct and resellers."},
            ),
            sums=(DIRECT, RESELLERS),
        ),
        _column(
            REFERRAL,
            "紹介",
            "referral",
            means_ja="獲得元が紹介",
            means_en="The origin is a referral.",
        ),
        _column(
            OTHER,
            "その他",
            "other",
            means_ja="どちらの側にも属さない、その他の獲得元",
            means_en="Any other origin that belongs to neither side.",
        ),
        _column(
            UNKNOWN,
            "不明",
            "unknown",
            means_ja="獲得元が不明または未確定",
            means_en="The origin is unknown, or not yet determined.",
        ),
        _column(
            NO_LEAD,
            "リードなし",
            "no lead",
            means_ja="どのリードにも結び付かない受注",
            means_en="Business that no lead belongs to.",
        ),
        Measure(
            "total",
            Words(
                {"ja": "合計", "en": "total"},
                {"ja": "すべての列の合計", "en": "All of them."},
            ),
            sums=(ONLINE, OFFLINE, DIRECT, RESELLERS, REFERRAL, OTHER, UNKNOWN, NO_LEAD),
        ),
    ),
    main="total",
    relation="funnel_by_side",
    rows=_rows,
    values=_values,
    row_words=ROW_WORDS,
    named_by=_named,
    reads=READS,
    of_business=_of_business,
    shares=(
        FigureShare(
            "marketing_share",
            Words(
                {"ja": "マーケティング組織起因の割合", "en": "marketing's share"},
                {"ja": "マーケティング組織起因 ÷ 合計", "en": "marketing ÷ total"},
            ),
            of=("marketing",),
            out_of="total",
        ),
    ),
)
