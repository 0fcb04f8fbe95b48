"""The figure about lost deals: how many, and why."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from domain.lifecycle.definition import Lifecycle, SubjectKind
from domain.lifecycle.words import Words
from projections.figures.definition import Figure, FigureShare, Measure, ShareOf
from projections.figures.over_time.deals import AT_CREATION, READS, no_values
from projections.figures.parameters import IN_A_PERIOD
from projections.figures.question import Question, RowKey

ALL: Final = "all"
REASON: Final = "reason."
"""Begins the rows of reasons; alone, it is that of deals without one."""


def _rows(lifecycle: Lifecycle, _: Question, counted: Collection[RowKey]) -> list[RowKey]:
    """Return the rows of all and of the reasons that occur, also of companies if they have any."""
    known = [*_reasons(lifecycle)]
    rows = []
    for kind in (SubjectKind.LEAD, SubjectKind.ACCOUNT):
        named = {row.name for row in counted if row.track is kind} - {ALL}
        if named or kind is SubjectKind.LEAD:
            former = sorted(named - {*known, REASON})
            shown = (ALL, *(name for name in (*known, *former, REASON) if name in named))
            rows += [RowKey(kind, name) for name in shown]
    return rows


def _reasons(lifecycle: Lifecycle) -> Mapping[str, Words]:
    return {f"{REASON}{code}": words for code, words in lifecycle.reasons.items()}


def _values(_: Lifecycle, question: Question) -> Mapping[str, Any]:
    return {
        "since": question.since,
        "until": question.until,
        "no_values": no_values(question),
    }


LOSSES: Final = Figure(
    name="losses",
    version=1,
    words=Words(
        {"ja": "失注理由", "en": "losses"},
        {
            "ja": "期間中に失注した商談の件数と、その理由",
            "en": "How many deals were lost in a period, and for which reasons.",
        },
    ),
    formula={
        "ja": "失注の合計 = 理由ごとの失注 + 理由の報告がない失注",
        "en": "all = those of every reason + those without a reason",
    },
    unit={"ja": "商談(件)", "en": "deals"},
    traps=(
        {
            "ja": "商談ごとに、最後の結果だけを数える。失注後に再開された商談は失注に入らない",
            "en": "Only the last outcome of a deal counts: one that was reopened is not lost.",
        },
        {
            "ja": "理由は失注の報告によるもので、リードの対象外やリサイクルの理由とは別である",
            "en": "The reason is that of the lost deal, not that for which a lead was recycled or "
            "disqualified.",
        },
        AT_CREATION,
    ),
    parameters=IN_A_PERIOD,
    measures=(
        Measure(
            "lost",
            Words(
                {"ja": "失注", "en": "lost"},
                {"ja": "その理由で失注した商談", "en": "Deals lost for this reason."},
            ),
        ),
    ),
    main="lost",
    relation="losses",
    rows=_rows,
    values=_values,
    row_words={
        ALL: Words(
            {"ja": "失注の合計", "en": "all lost"},
            {"ja": "期間中に失注した商談", "en": "Deals lost in the period."},
        ),
        REASON: Words(
            {"ja": "理由の報告なし", "en": "no reason"},
            {"ja": "失注の報告に理由がない", "en": "The report names no reason."},
        ),
    },
    reads=READS,
    named_by=_reasons,
    shares=(
        FigureShare(
            "of_all",
            Words(
                {"ja": "構成比", "en": "of all lost"},
                {"ja": "失注の合計に占める割合", "en": "The share of all that were lost."},
            ),
            of=("lost",),
            out_of="lost",
            of_row=ShareOf.THE_FIRST,
        ),
    ),
)
