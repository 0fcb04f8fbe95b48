"""The figure about silence: how many dormant leads come back."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Final

from domain.lifecycle.definition import Lifecycle, SubjectKind
from domain.lifecycle.words import Words
from projections.figures.definition import Figure, FigureShare, Measure
from projections.figures.parameters import IN_A_PERIOD
from projections.figures.question import Question, RowKey
from projections.funnel.lifecycles import stages_of

ALL: Final = "all"
LATEST: Final = timedelta(days=30)
"""The period if a question names no start: no lead is dormant at the beginning of time."""
ANSWERS: Final = ("revived", "moved", "silent")


def _rows(lifecycle: Lifecycle, _: Question, counted: Collection[RowKey]) -> list[RowKey]:
    """Return all, then each stage in which silence counts, or counted for these leads."""
    dormancy = lifecycle.pace.dormancy
    declared = dormancy.stages if dormancy is not None else frozenset()
    shown = {*declared, *(row.name for row in counted)} - {ALL}
    stages = [stage for stage in stages_of(lifecycle.lead, shown) if stage in shown]
    return [RowKey(SubjectKind.LEAD, name) for name in (ALL, *stages)]


def _values(lifecycle: Lifecycle, question: Question) -> Mapping[str, Any]:
    dormancy = lifecycle.pace.dormancy
    return {
        "since": question.since or question.as_of - LATEST,
        "until": question.until,
        "activity": sorted(dormancy.activity) if dormancy is not None else [],
    }


REVIVAL: Final = Figure(
    name="revival",
    version=1,
    words=Words(
        {"ja": "休眠復活率", "en": "revival"},
        {
            "ja": "期間の開始時点で休眠していたリードのうち、期間中に本人の行動があったものの割合",
            "en": "The share of the leads dormant at the start of a period that came back within "
            "it: the person did something.",
        },
    ),
    formula={
        "ja": "休眠復活率 = 復活 ÷ 休眠、休眠 = 復活 + 行動なく移動 + 休眠のまま",
        "en": "revival = revived ÷ dormant; dormant = revived + moved + silent",
    },
    unit={"ja": "リード(件)", "en": "leads"},
    traps=(
        {
            "ja": "期間の開始を指定しなければ、基準日の30日前を開始とする",
            "en": "Without a start, the period begins 30 days before `as_of`.",
        },
        {
            "ja": "期間中に休眠したリードは、次の期間の母数になる",
            "en": "Leads that become dormant within the period belong to the next one.",
        },
        {
            "ja": "こちらからの送信や発信は復活ではない。何が本人の行動かはライフサイクルが定める",
            "en": "Mail that we send, or a call that we try, is not a revival: the lifecycle "
            "defines which facts are a lead's own.",
        },
        {
            "ja": "本人の行動がないまま別のステージへ移ったリードは、その後の行動を復活としない",
            "en": "A lead that was moved without an own fact is apart, whatever it does later.",
        },
    ),
    parameters=IN_A_PERIOD,
    measures=(
        Measure(
            "dormant",
            Words(
                {"ja": "休眠", "en": "dormant"},
                {
                    "ja": "期間の開始時点で休眠していた(以下の三つの合計)",
                    "en": "Dormant just before the period: the sum of the three.",
                },
            ),
            sums=ANSWERS,
        ),
        Measure(
            "revived",
            Words(
                {"ja": "復活", "en": "revived"},
                {
                    "ja": "期間中に本人の行動があった",
                    "en": "Came back in the period by an own fact.",
                },
            ),
        ),
        Measure(
            "moved",
            Words(
                {"ja": "行動なく移動", "en": "moved"},
                {
                    "ja": "本人の行動がないまま、期間中にステージを出た(対象外、名寄せなど)",
                    "en": "Left the stage in the period without one, for example disqualified, "
                    "merged or selected.",
                },
            ),
        ),
        Measure(
            "silent",
            Words(
                {"ja": "休眠のまま", "en": "silent"},
                {
                    "ja": "期間の終わり(または基準日)にも休眠している",
                    "en": "Still dormant at the end of the period, or at `as_of` if that is "
                    "earlier.",
                },
            ),
        ),
    ),
    main="dormant",
    relation="revival",
    rows=_rows,
    values=_values,
    row_words={
        ALL: Words(
            {"ja": "全ステージ", "en": "all stages"},
            {
                "ja": "休眠を数えるすべてのステージの合計",
                "en": "The sum of all stages in which silence counts.",
            },
        ),
    },
    shares=(
        FigureShare(
            "rate",
            Words(
                {"ja": "休眠復活率", "en": "rate"},
                {"ja": "復活 ÷ 休眠", "en": "revived ÷ dormant"},
            ),
            of=("revived",),
            out_of="dormant",
        ),
    ),
)
