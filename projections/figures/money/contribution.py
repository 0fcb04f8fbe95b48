"""Marketing's contribution to won business, by every policy side by side."""

from collections import ChainMap
from collections.abc import Collection, Mapping
from typing import Any, Final

from domain.lifecycle.definition import Lifecycle, SubjectKind
from domain.lifecycle.words import Words
from projections.business.credit import NOBODY, Policy, credit
from projections.business.queries import Won, rules_of
from projections.figures.definition import Figure, FigureShare, Measure
from projections.figures.money.bought import (
    ABOUT_AMOUNTS,
    BY_ORDER_DATE,
    OF_NEW,
    READS,
    SCOPES,
    Entry,
    amount_words,
    ordered_rows,
    rows_of,
    values_of_business,
)
from projections.figures.parameters import IN_A_PERIOD
from projections.figures.question import Question, RowKey

MARKETING, OTHERS, DISPUTED = "marketing", "others", "disputed"
_POLICIES: Final[Mapping[Policy, tuple[str, str, str, str]]] = {
    Policy.ORIGIN: (
        "獲得元",
        "origin",
        "成約したサイクルの獲得元。目標はこの基準による",
        "The origin of the pass in which the business was won. Targets use this policy.",
    ),
    Policy.OPENING: (
        "商談のきっかけ",
        "opening",
        "商談の発生までの90日間で最後の反応(フォーム、問い合わせなど)の獲得元",
        "The origin of the last inbound report in the 90 days before the deal was opened.",
    ),
    Policy.FIRST_TOUCH: (
        "最初の接点",
        "first touch",
        "その人の最初の接点の獲得元",
        "The origin of the person's first touch.",
    ),
    Policy.ANY_TOUCH: (
        "いずれかの接点",
        "any touch",
        "ライフサイクルの定める期間内に、マーケティングの接点が一つでもある",
        "Any touch by marketing within the lookback of the lifecycle.",
    ),
}
_RATIOS: Final[Mapping[str, tuple[str, str]]] = {
    "": ("売上貢献率(全受注)", "contribution to all business"),
    OF_NEW: ("新規受注貢献率", "contribution to new business"),
}


def _words(*, ja_note: str = "", en_note: str = "") -> dict[str, Words]:
    return {
        f"{scope}{policy}": Words(
            {
                "ja": f"{_RATIOS[scope][0]}: {ja}{ja_note}",
                "en": f"{_RATIOS[scope][1]}: {en}{en_note}",
            },
            {"ja": ja_means, "en": en_means},
        )
        for scope in SCOPES
        for policy, (ja, en, ja_means, en_means) in _POLICIES.items()
    }


ROWS: Final = _words()
NOT_SET: Final = _words(ja_note="(未設定)", en_note=" (not set)")
AMOUNTS: Final = amount_words(ROWS)


def _set_ones(lifecycle: Lifecycle) -> frozenset[Policy]:
    rules = lifecycle.contribution
    return rules_of(lifecycle, rules, None).policies if rules is not None else frozenset()


def _named(lifecycle: Lifecycle) -> Mapping[str, Words]:
    """Return the words of rows: those of a policy that nothing can satisfy say so."""
    named = [f"{scope}{policy}" for scope in SCOPES for policy in _set_ones(lifecycle)]
    return ChainMap({name: ROWS[name] for name in named}, NOT_SET, AMOUNTS)


def _rows(lifecycle: Lifecycle, _: Question, counted: Collection[RowKey]) -> list[RowKey]:
    found = ordered_rows(lifecycle, {row.name for row in counted}, tuple(map(str, Policy)))
    return [RowKey(SubjectKind.LEAD, name) for name in found]


def _of_business(lifecycle: Lifecycle, question: Question, won: Won) -> Mapping[str, Any]:
    """Count each piece by every policy. Without rules of contribution, nothing counts."""
    rules = lifecycle.contribution
    entries: list[Entry] = []
    for unit in won.units if rules is not None else ():
        assert rules is not None
        person = won.people.get(unit.lead or "", NOBODY)
        credited = credit(unit, None, person, rules_of(lifecycle, rules, None))
        for policy, is_marketings in credited.by_policy.items():
            measures = MARKETING if is_marketings else OTHERS
            if credited.is_disputed:
                measures += f" {DISPUTED}"
            for row, amount in rows_of(unit, lifecycle, str(policy)):
                entries.append(Entry(unit.won_by, row, measures, amount))
    return values_of_business(won.units, entries, question)


CONTRIBUTION: Final = Figure(
    name="contribution",
    version=1,
    words=Words(
        {"ja": "売上貢献", "en": "contribution"},
        {
            "ja": "受注のうち、マーケティング組織起因のものの割合。判定の基準ごとに並べて示す",
            "en": "The share of won business that is marketing's, by every policy side by side.",
        },
    ),
    formula={
        "ja": "貢献率 = マーケティング ÷ 受注。全受注と新規受注を並べ、受注日で数える",
        "en": "share = marketing ÷ orders, of all business and of new business, by order date",
    },
    unit={"ja": "受注(件)、金額", "en": "orders, amounts"},
    traps=(
        {
            "ja": "「売上貢献率」とだけ言わず、全受注か新規受注か、どの基準かを必ず添える",
            "en": "Never say only “contribution”: say whether of all business or of new business, "
            "and by which policy.",
        },
        {
            "ja": "リードのない受注と、営業や販売店に直接入った受注は、分母だけに入る",
            "en": "Business without a lead, and business that came directly to sales or a "
            "reseller, is only in the denominator.",
        },
        {
            "ja": "獲得元の表ではどの受注も満たせない基準は「未設定」とし、"
            "判定の分かれる受注の対象からも外す",
            "en": "A policy that no report could satisfy by the lifecycle's table of origins is "
            "not set, has no numbers, and takes no part in disagreements.",
        },
        BY_ORDER_DATE,
        ABOUT_AMOUNTS,
    ),
    parameters=IN_A_PERIOD,
    measures=(
        Measure(
            "orders",
            Words(
                {"ja": "受注", "en": "orders"},
                {"ja": "期間中の受注", "en": "Business won in the period."},
            ),
            sums=(MARKETING, OTHERS),
        ),
        Measure(
            MARKETING,
            Words(
                {"ja": "マーケティング", "en": "marketing"},
                {
                    "ja": "この基準でマーケティング組織起因とするもの",
                    "en": "What is marketing's by this policy.",
                },
            ),
        ),
        Measure(
            OTHERS,
            Words(
                {"ja": "それ以外", "en": "others"},
                {"ja": "この基準でそれ以外とするもの", "en": "What is not."},
            ),
        ),
        Measure(
            DISPUTED,
            Words(
                {"ja": "判定の分かれる受注", "en": "disputed"},
                {
                    "ja": "設定された基準によって判定が異なるもの",
                    "en": "Business on which the policies that are set disagree.",
                },
            ),
        ),
    ),
    main="share",
    relation="contribution",
    rows=_rows,
    values=lambda _, __: {},
    row_words={},
    named_by=_named,
    reads=READS,
    of_business=_of_business,
    shares=(
        FigureShare(
            "share",
            Words(
                {"ja": "貢献率", "en": "share"},
                {"ja": "マーケティング ÷ 受注", "en": "marketing ÷ orders"},
            ),
            of=(MARKETING,),
            out_of="orders",
        ),
    ),
)
