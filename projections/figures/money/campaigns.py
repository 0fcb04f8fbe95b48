"""What came of campaigns: whom they touched, how far those got, and at what cost."""

from collections import ChainMap
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Final

from domain.lifecycle.definition import UNPLACED, Lifecycle, MoveKind, SubjectKind
from domain.lifecycle.service_events import ABSORBED, RESTATED
from domain.lifecycle.words import Words
from projections.business.queries import Won
from projections.engine.limits import MERGES_FOLLOWED_MAX
from projections.figures.definition import Figure, FigureCosts, FigureShare, Measure, ShareOf
from projections.figures.money.bought import (
    ABOUT_AMOUNTS,
    ORDERS,
    READS,
    ROW_WORDS,
    amount_words,
    entries_of,
    ordered_rows,
    values_of_business,
)
from projections.figures.over_time.customers import customer_stages
from projections.figures.parameters import IN_A_PERIOD, WITHIN
from projections.figures.question import Dimension, Question, RowKey
from projections.figures.rows import acquired_at, beyond

CONTACTS: Final = "contacts"
"""The row of those whom a campaign touched, and the sum of its classes."""
NEWLY, TARGETS, DUPLICATES = "newly", "targets", "duplicates"
CLASSES: Final = (NEWLY, "held", "revived", "customers", "disqualified")
TOUCHED, ACQUIRED, MATURE = "touched", "acquired", "mature"
TARGET_AFTER: Final = timedelta(days=7)
"""By then it is known whether those newly acquired are whom we target."""
AMOUNTS: Final = amount_words(ROW_WORDS)


def stages_of_results(lifecycle: Lifecycle) -> list[str]:
    """Return the stages that follow the acquisition."""
    return list(beyond(lifecycle.lead, acquired_at(lifecycle.lead)))[1:]


def _rows(lifecycle: Lifecycle, _: Question, counted: Collection[RowKey]) -> list[RowKey]:
    bought = ordered_rows(lifecycle, {row.name for row in counted}, (ORDERS,))
    names = (CONTACTS, *stages_of_results(lifecycle), *bought)
    return [RowKey(SubjectKind.LEAD, name) for name in names]


def _named(lifecycle: Lifecycle) -> Mapping[str, Words]:
    return ChainMap({code: stage.words for code, stage in lifecycle.lead.stages.items()}, AMOUNTS)


def _values(lifecycle: Lifecycle, question: Question) -> Mapping[str, Any]:
    track = lifecycle.lead
    known = acquired_at(track)
    stages = stages_of_results(lifecycle)
    ends = {code: stage.ends for code, stage in track.stages.items()}
    return {
        "since": question.since,
        "until": question.until,
        "within": question.within,
        "target_after": TARGET_AFTER,
        "absorbed": ABSORBED,
        "restated": RESTATED,
        "merges_max": MERGES_FOLLOWED_MAX,
        "anonymous": [UNPLACED, *(stage for stage in track.entry if stage != known)],
        "won": list(track.path[-1:]),
        "disqualified": [code for code, kind in ends.items() if kind is MoveKind.DISQUALIFIED],
        "customers": customer_stages(lifecycle),
        "stages": stages,
        "beyond": [" ".join(beyond(track, stage)) for stage in stages],
    }


def _of_business(lifecycle: Lifecycle, question: Question, won: Won) -> Mapping[str, Any]:
    entries = entries_of(won.units, lifecycle, ORDERS, lambda _: TOUCHED)
    return values_of_business(won.units, entries, question)


def _measure(name: str, ja: str, en: str, *, means_ja: str, means_en: str) -> Measure:
    return Measure(name, Words({"ja": ja, "en": en}, {"ja": means_ja, "en": means_en}))


CAMPAIGNS: Final = Figure(
    name="campaigns",
    version=1,
    words=Words(
        {"ja": "施策別", "en": "campaigns"},
        {
            "ja": "施策ごとに、期間中に接点を持った人、その後の到達と受注、費用を示す",
            "en": "For each campaign, the people it touched in a period, how far they got, what "
            "they bought, and what it cost.",
        },
    ),
    formula={
        "ja": "接点 = 新規獲得 + 既存 + 復活 + 顧客 + 対象外、"
        "ターゲット含有率 = ターゲット ÷ 新規獲得、"
        "1件あたりの費用 = 日数が経過した分の費用 ÷ 判定済みの到達(リードは費用 ÷ 新規獲得)",
        "en": "contacts = newly + held + revived + customers + disqualified; target_share = "
        "targets ÷ newly; cost of one = cost of the mature days ÷ mature, and of a lead, cost ÷ "
        "newly",
    },
    unit={"ja": "人、受注(件)、金額", "en": "people, orders, amounts"},
    traps=(
        {
            "ja": "同じ人は施策ごとに1回、期間中の最初の接点で数える。"
            "複数の施策で接点のある人は、それぞれの施策と合計に数える",
            "en": "A person counts once for each campaign, at the first touch in the period. "
            "Someone touched by several counts for each of them, and as often in the total.",
        },
        {
            "ja": "接点からの到達には、以前から知っている人も入る。"
            "獲得からの到達は、その施策で新規に獲得した人だけを数える",
            "en": "`touched` includes people who were known before. `acquired` counts only those "
            "whom the campaign acquired.",
        },
        {
            "ja": "費用は期間の日数で均等に割り、指定した期間の基準日までの分だけを数える。"
            "1件あたりの費用は、日数が経過した日の費用と、その日までに獲得した人の到達で計算し、"
            "今月の費用を今月の商談で割ることはしない",
            "en": "A cost is spread evenly over its days, and those in the period up to `as_of` "
            "count. The cost of a result divides the cost of the days whose leads are mature by "
            "their results: never this month's cost by this month's deals.",
        },
        {
            "ja": "費用の記録がなければ空欄とし、0とは区別する。通貨は換算も合算もしない",
            "en": "A campaign without a recorded cost has none, which is not 0. Currencies are "
            "never converted or added.",
        },
        {
            "ja": "費用の内訳は施策だけ。ほかの内訳や組み合わせには費用を示さない",
            "en": "Costs are those of campaigns as a whole: parts by anything else have none.",
        },
        {
            "ja": "獲得から7日たっていない人は、基準日の時点でターゲットかどうかを数える",
            "en": "Someone acquired less than seven days ago is a target if that is so at `as_of`.",
        },
        ABOUT_AMOUNTS,
    ),
    parameters=(WITHIN, *IN_A_PERIOD),
    measures=(
        Measure(
            CONTACTS,
            Words(
                {"ja": "接点", "en": "contacts"},
                {"ja": "期間中に接点のあった人", "en": "The people whom the campaign touched."},
            ),
            sums=CLASSES,
        ),
        _measure(
            NEWLY,
            "新規獲得",
            "newly acquired",
            means_ja="その接点で初めて個人が分かった人",
            means_en="People who became known by the touch.",
        ),
        _measure(
            "held",
            "既存",
            "held before",
            means_ja="すでにリードだった人",
            means_en="People who were leads already.",
        ),
        _measure(
            "revived",
            "復活",
            "revived",
            means_ja="休眠していた人、または接点で次のサイクルが始まった人",
            means_en="People who had been dormant, or who began another pass with the touch.",
        ),
        _measure(
            "customers",
            "顧客",
            "customers",
            means_ja="受注済みの人、または顧客企業の人",
            means_en="People who had bought, or whose company was a customer.",
        ),
        _measure(
            "disqualified",
            "対象外",
            "disqualified",
            means_ja="営業の対象外だった人",
            means_en="People who had been disqualified.",
        ),
        _measure(
            DUPLICATES,
            "重複",
            "duplicates",
            means_ja="接点のあったリードのうち、名寄せで別のリードに統合されたもの。接点には入らない",
            means_en="Touched leads that were merged into another one. They are not contacts of "
            "their own.",
        ),
        _measure(
            TARGETS,
            "ターゲット",
            "targets",
            means_ja="新規獲得のうち、7日後にターゲットである人",
            means_en="Those newly acquired who are targets after seven days.",
        ),
        _measure(
            TOUCHED,
            "接点から",
            "from the touch",
            means_ja="接点から所定の日数以内に達した人、または受注",
            means_en="People who got there, or business won, within the time from the touch.",
        ),
        _measure(
            ACQUIRED,
            "獲得から",
            "from the acquisition",
            means_ja="新規獲得のうち、獲得から所定の日数以内に達した人、または受注",
            means_en="Those of people newly acquired, within the time from the acquisition.",
        ),
        _measure(
            MATURE,
            "判定済み",
            "mature",
            means_ja="獲得から所定の日数が経過した人。到達の行では、そのうち達した人、または受注",
            means_en="People newly acquired whose time is up; in rows of results, those of them "
            "who got there, or the business of theirs.",
        ),
    ),
    main=CONTACTS,
    relation="campaigns",
    rows=_rows,
    values=_values,
    row_words={
        CONTACTS: Words(
            {"ja": "接点", "en": "contacts"},
            {
                "ja": "期間中に施策と接点のあった人",
                "en": "People whom a campaign touched in the period.",
            },
        ),
        **{
            name: Words(
                words.label,
                {
                    "ja": "接点から所定の日数以内の受注"
                    + ("" if name == ORDERS else "のうち、売上貢献の対象となる種類(通常は新規)"),
                    "en": "Business won within the time from the touch"
                    + ("." if name == ORDERS else ", of the kinds that contribution counts."),
                },
            )
            for name, words in ROW_WORDS.items()
        },
    },
    named_by=_named,
    reads=READS,
    of_business=_of_business,
    follows_business=True,
    by_default=(Dimension.CAMPAIGN,),
    costs=FigureCosts(of_row=CONTACTS, results=NEWLY, mature=MATURE),
    shares=(
        FigureShare(
            "target_share",
            Words(
                {"ja": "ターゲット含有率", "en": "targets' share"},
                {"ja": "ターゲット ÷ 新規獲得", "en": "targets ÷ newly acquired"},
            ),
            of=(TARGETS,),
            out_of=NEWLY,
        ),
        FigureShare(
            "rate",
            Words(
                {"ja": "移行率", "en": "rate"},
                {
                    "ja": "判定済みの到達 ÷ 判定済みの新規獲得",
                    "en": "mature results ÷ mature people",
                },
            ),
            of=(MATURE,),
            out_of=MATURE,
            of_row=ShareOf.THE_FIRST,
            except_in=frozenset({CONTACTS, *ROW_WORDS, *AMOUNTS}),
        ),
    ),
)
