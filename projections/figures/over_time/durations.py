"""The figures that say how long things take: time in a stage, lead time, ageing."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Final

from domain.lifecycle.definition import UNPLACED, Lifecycle
from domain.lifecycle.words import Words
from projections.figures.definition import Figure, FigureDuration, Measure
from projections.figures.parameters import BASE, IN_A_PERIOD, TARGET, ZONE
from projections.figures.question import Question, RowKey
from projections.figures.rows import beyond, cohort, cohort_track, stage_rows

UNIT: Final = {"ja": "日(暦日)", "en": "calendar days"}
NO_MEAN: Final = {
    "ja": "平均ではなく百分位数で示す。どの値も実際の1件で、足したり平均したりはできない",
    "en": "These are percentiles, not means. Each is one real case; do not add or average them.",
}
OPEN_APART: Final = {
    "ja": "まだ終わっていないものは別に示す。終わったものだけを見ると、長引いているものを見落とす",
    "en": "Read the open ones as well: the completed ones alone leave out what takes longest.",
}


def _percentile(measure: str, percent: int, prefix: Mapping[str, str], name: str) -> FigureDuration:
    words = Words(
        {"ja": f"{prefix['ja']}p{percent}", "en": f"{prefix['en']}p{percent}"},
        {
            "ja": f"短い順に並べて{percent}%目の1件の日数",
            "en": f"The days of the case that {percent} in 100 do not exceed.",
        },
    )
    return FigureDuration(name, words, measure, percent)


NO_PREFIX: Final = {"ja": "", "en": ""}
STILL_OPEN: Final = {"ja": "未完了 ", "en": "open "}
BANDS: Final = tuple(
    _percentile("completed", percent, NO_PREFIX, f"p{percent}") for percent in (50, 85, 95)
)
PERCENTILES: Final = (
    *(_percentile("completed", percent, NO_PREFIX, f"p{percent}") for percent in (25, 50, 75, 90)),
    *(_percentile("open", percent, STILL_OPEN, f"open_p{percent}") for percent in (50, 90)),
)


def _stay_rows(
    lifecycle: Lifecycle, question: Question, counted: Collection[RowKey]
) -> list[RowKey]:
    return [row for row in stage_rows(lifecycle, question, counted) if row.name != UNPLACED]


def _period(_: Lifecycle, question: Question) -> Mapping[str, Any]:
    return {"since": question.since, "until": question.until}


TIME_IN_STAGE: Final = Figure(
    name="time_in_stage",
    version=1,
    words=Words(
        {"ja": "滞留日数", "en": "time in stage"},
        {
            "ja": "期間中に各ステージを出たものが、そこにいた日数。まだいるものは別に示す",
            "en": "How long those that left each stage in a period had been there, and apart from "
            "these how long the others have been there.",
        },
    ),
    formula={
        "ja": "滞留日数 = 流出日時 - 流入日時。まだいるものは 基準日 - 流入日時",
        "en": "length = left - entered; of open stays as_of - entered",
    },
    unit=UNIT,
    traps=(
        NO_MEAN,
        OPEN_APART,
        {
            "ja": "再流入は1回ごとに別の滞留として数える",
            "en": "A pass that came back to the stage has several stays there.",
        },
    ),
    parameters=IN_A_PERIOD,
    measures=(
        Measure(
            "completed",
            Words(
                {"ja": "完了", "en": "completed"},
                {"ja": "期間中にそのステージを出た", "en": "Left the stage in the period."},
            ),
        ),
        Measure(
            "open",
            Words(
                {"ja": "未完了", "en": "open"},
                {"ja": "基準日にまだそこにいる", "en": "Are still there at `as_of`."},
            ),
        ),
    ),
    main="p50",
    relation="time_in_stage",
    rows=_stay_rows,
    values=_period,
    row_words={},
    durations=PERCENTILES,
)


def _lead_time_rows(
    lifecycle: Lifecycle, question: Question, _: Collection[RowKey]
) -> list[RowKey]:
    return [RowKey(cohort_track(lifecycle, question).subject, question.target)]


def _lead_time_values(lifecycle: Lifecycle, question: Question) -> Mapping[str, Any]:
    track = cohort_track(lifecycle, question)
    return {
        **cohort(track, question),
        "target": question.target,
        "targets": list(beyond(track, question.target)),
        "path": list(track.path),
    }


LEAD_TIME: Final = Figure(
    name="lead_time",
    version=1,
    words=Words(
        {"ja": "リードタイム", "en": "lead time"},
        {
            "ja": "期間中に目標へ達したサイクルが、起点から要した日数。向かう途中のものは別に示す",
            "en": "How long the passes that got to a stage in a period took from another, and "
            "apart from these how long the others have been on their way.",
        },
    ),
    formula={
        "ja": "リードタイム = 目標の日時 - 起点の日時。途中のものは 基準日 - 起点の日時",
        "en": "length = entered(target or beyond) - entered(base); of open ones as_of - "
        "entered(base)",
    },
    unit=UNIT,
    traps=(
        NO_MEAN,
        OPEN_APART,
        {
            "ja": "終わった時期で数えるため、最近始まって長くかかるものはまだ入っていない",
            "en": "Counted when they end, so what began lately and takes long is not in it yet.",
        },
    ),
    parameters=(BASE, TARGET, *IN_A_PERIOD),
    measures=(
        Measure(
            "completed",
            Words(
                {"ja": "完了", "en": "completed"},
                {
                    "ja": "期間中に目標のステージか、それより先に達した",
                    "en": "Got to the target, or past it, in the period.",
                },
            ),
        ),
        Measure(
            "open",
            Words(
                {"ja": "未完了", "en": "open"},
                {
                    "ja": "起点を経て、基準日にまだ途中にある",
                    "en": "Have entered the base, and are on the path at `as_of` without having "
                    "got there.",
                },
            ),
        ),
    ),
    main="p50",
    relation="lead_time",
    rows=_lead_time_rows,
    values=_lead_time_values,
    row_words={},
    durations=PERCENTILES,
)


USUAL: Final = timedelta(days=365)
"""Stays that ended in the year before the moment are what is usual."""


def _ageing_values(_: Lifecycle, question: Question) -> Mapping[str, Any]:
    return {"since": question.as_of - USUAL, "until": None}


def _band(name: str, label: Mapping[str, str], definition: Mapping[str, str]) -> Measure:
    return Measure(name, Words(label, definition))


AGEING: Final = Figure(
    name="ageing",
    version=1,
    words=Words(
        {"ja": "滞留", "en": "ageing"},
        {
            "ja": "いまあるものの滞留日数を、直近1年に同じステージを出たものの日数と比べる",
            "en": "How long what is in each stage has been there, compared with what left it in "
            "the last 365 days.",
        },
    ),
    formula={
        "ja": "滞留 = 基準日 - 流入日時。区分は、基準日までの365日に完了した滞留の p50、p85、p95",
        "en": "age = as_of - entered; the bands end at p50, p85 and p95 of the stays that ended in "
        "the 365 days before as_of",
    },
    unit={"ja": "サイクル(企業は社)", "en": "passes; companies for stages of accounts"},
    traps=(
        {
            "ja": "p85を超えるものから見る。通常の85%はその日数までに次へ動いている",
            "en": "Begin with what is beyond p85: of the others, 85 in 100 had moved on by then.",
        },
        {
            "ja": "再アプローチ日を待つものも含む",
            "en": "Leads that wait for a revisit date are included.",
        },
        {
            "ja": "内訳の区分も、ステージ全体の百分位数による",
            "en": "The bands of a part are those of the whole stage.",
        },
    ),
    parameters=(ZONE,),
    measures=(
        _band(
            "below_p50",
            {"ja": "p50未満", "en": "below p50"},
            {"ja": "中央値より短い", "en": "Less than half of the others took."},
        ),
        _band(
            "to_p85",
            {"ja": "p85まで", "en": "to p85"},
            {"ja": "p50以上、p85以下", "en": "From p50 to p85."},
        ),
        _band(
            "to_p95",
            {"ja": "p95まで", "en": "to p95"},
            {"ja": "p85を超え、p95以下", "en": "Beyond p85, up to p95."},
        ),
        _band(
            "above",
            {"ja": "p95超", "en": "above p95"},
            {"ja": "p95を超える", "en": "Longer than 95 in 100 of the others."},
        ),
        _band(
            "unknown",
            {"ja": "比較なし", "en": "unknown"},
            {
                "ja": "直近1年に完了した滞留がなく、比べられない",
                "en": "Nothing left the stage in the last 365 days to compare with.",
            },
        ),
        Measure(
            "open",
            Words(
                {"ja": "合計", "en": "open"},
                {"ja": "そのステージにあるものの合計", "en": "All that are in the stage."},
            ),
            sums=("below_p50", "to_p85", "to_p95", "above", "unknown"),
        ),
    ),
    main="open",
    relation="ageing",
    rows=_stay_rows,
    values=_ageing_values,
    row_words={},
    durations=BANDS,
    measures_whole_rows=True,
    values_at_entry=False,
)
