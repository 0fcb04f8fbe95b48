"""The figures about hand-overs: whether deadlines were met, and what was decided about a lead."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from domain.lifecycle.definition import EventKind, Lifecycle, SubjectKind
from domain.lifecycle.words import Words
from projections.figures.definition import Figure, FigureShare, Measure, ShareOf
from projections.figures.parameters import IN_A_PERIOD
from projections.figures.question import Question, RowKey

READS: Final = ("stage_intervals", "deadlines")
REASON: Final = "reason."
"""Before the code of a reason, in the name of a row."""
DUE: Final = ("met", "late", "missed", "ignored")
UNIT: Final = {"ja": "期限(件)", "en": "deadlines"}
BY_TIME: Final = {
    "ja": "期限内かどうかは、報告された時刻ではなく、対応した時刻で決まる",
    "en": "Judged by when the answer was given, not by when it was reported.",
}


def _deadline_rows(lifecycle: Lifecycle, _: Question, counted: Collection[RowKey]) -> list[RowKey]:
    declared = lifecycle.pace.deadlines
    former = sorted({row.name for row in counted} - declared.keys())
    return [RowKey(SubjectKind.LEAD, name) for name in (*declared, *former)]


def _period(_: Lifecycle, question: Question) -> Mapping[str, Any]:
    return {"since": question.since, "until": question.until}


DEADLINES: Final = Figure(
    name="deadlines",
    version=1,
    words=Words(
        {"ja": "期限", "en": "deadlines"},
        {
            "ja": "期間中に到来する期限のうち、期限内に対応したもの、遅れたもの、対応のないもの",
            "en": "Of the deadlines that fall due in a period: how many were met, late or not "
            "answered at all.",
        },
    ),
    formula={
        "ja": "期限到来 = 期限内 + 遅延 + 未対応のまま流出 + 放置、期限内率 = 期限内 ÷ 期限到来",
        "en": "due = met + late + missed + ignored; in_time = met ÷ due",
    },
    unit=UNIT,
    traps=(
        BY_TIME,
        {
            "ja": "放置を母数から除かない。除くと、対応しないほど率が良くなる",
            "en": "Ignored deadlines are part of what was due: without them, the share would get "
            "better the less is answered.",
        },
        {
            "ja": "まだ到来していない期限と、期限前に流出したものは、母数に入らない",
            "en": "What is not due yet, and what left the stage before it was due, is apart.",
        },
    ),
    parameters=IN_A_PERIOD,
    measures=(
        Measure(
            "due",
            Words(
                {"ja": "期限到来", "en": "due"},
                {"ja": "期限内、遅延、未対応のまま流出、放置の合計", "en": "The sum of the four."},
            ),
            sums=DUE,
        ),
        Measure(
            "met",
            Words(
                {"ja": "期限内", "en": "met"},
                {"ja": "期限までに対応した", "en": "Answered in time."},
            ),
        ),
        Measure(
            "late",
            Words(
                {"ja": "遅延", "en": "late"},
                {"ja": "期限の後に対応した", "en": "Answered after it was due."},
            ),
        ),
        Measure(
            "missed",
            Words(
                {"ja": "未対応のまま流出", "en": "missed"},
                {
                    "ja": "期限の後、対応がないままステージを出た",
                    "en": "Left the stage after it was due, without an answer.",
                },
            ),
        ),
        Measure(
            "ignored",
            Words(
                {"ja": "放置", "en": "ignored"},
                {
                    "ja": "期限を過ぎ、基準日にまだ対応がない",
                    "en": "Due, and without an answer at `as_of`.",
                },
            ),
        ),
        Measure(
            "pending",
            Words(
                {"ja": "到来前", "en": "not due yet"},
                {
                    "ja": "基準日にまだ期限が来ておらず、対応もない",
                    "en": "Not due at `as_of`, and without an answer.",
                },
            ),
        ),
        Measure(
            "left",
            Words(
                {"ja": "期限前に流出", "en": "left before"},
                {
                    "ja": "期限の前に、対応とは別の理由でステージを出た",
                    "en": "Left the stage before it was due, other than by an answer.",
                },
            ),
        ),
    ),
    main="in_time",
    relation="deadlines",
    rows=_deadline_rows,
    values=_period,
    row_words={},
    reads=READS,
    named_by=lambda lifecycle: {
        name: deadline.words for name, deadline in lifecycle.pace.deadlines.items()
    },
    shares=(
        FigureShare(
            "in_time",
            Words(
                {"ja": "期限内率", "en": "in time"},
                {"ja": "期限内 ÷ 期限到来", "en": "met ÷ due"},
            ),
            of=("met",),
            out_of="due",
        ),
    ),
)

ROWS: Final[Mapping[str, Words]] = {
    "due": Words(
        {"ja": "期限到来", "en": "due"},
        {
            "ja": "期間中に、受入か差戻しを決める期限が来た",
            "en": "The time to accept or reject was up in the period.",
        },
    ),
    "accepted": Words(
        {"ja": "受入", "en": "accepted"},
        {"ja": "受け入れて先へ進めた", "en": "Taken on to a later stage."},
    ),
    "rejected": Words(
        {"ja": "差戻し", "en": "rejected"},
        {
            "ja": "差し戻した。続く行は理由別の内訳",
            "en": "Sent back. The rows that follow give the reasons.",
        },
    ),
    "undecided": Words(
        {"ja": "未決定", "en": "undecided"},
        {"ja": "決定がない", "en": "Not decided."},
    ),
}


def _acceptance_rows(
    lifecycle: Lifecycle, _: Question, counted: Collection[RowKey]
) -> list[RowKey]:
    named = {row.name for row in counted} - ROWS.keys()
    reasons = [name for name in _reasons(lifecycle) if name in named]
    former = sorted(named - set(reasons))
    return [
        RowKey(SubjectKind.LEAD, name)
        for name in ("due", "accepted", "rejected", *reasons, *former, "undecided")
    ]


def _reasons(lifecycle: Lifecycle) -> Mapping[str, Words]:
    return {f"{REASON}{code}": words for code, words in lifecycle.reasons.items()}


def _acceptance_values(lifecycle: Lifecycle, question: Question) -> Mapping[str, Any]:
    """Return the deadlines that only decisions answer, and the decisions that lead further."""
    decided = [
        deadline
        for deadline in lifecycle.pace.deadlines.values()
        if all(lifecycle.events[type].kind is EventKind.DECISION for type in deadline.met_by)
    ]
    path = lifecycle.lead.path
    accepting = {
        move.on
        for move in lifecycle.lead.moves
        if move.to in path
        and any(
            source in path and path.index(source) < path.index(move.to) for source in move.sources
        )
    }
    answers = {type for deadline in decided for type in deadline.met_by}
    return {
        **_period(lifecycle, question),
        "deadlines": [deadline.name for deadline in decided],
        "accepting": sorted(accepting & answers),
    }


ACCEPTANCE: Final = Figure(
    name="acceptance",
    version=1,
    words=Words(
        {"ja": "受入率", "en": "acceptance"},
        {
            "ja": "期間中に受入の期限が来たリードについて、営業が何を決めたか",
            "en": "What sales decided about the leads whose time to be accepted was up in a "
            "period.",
        },
    ),
    formula={
        "ja": "期限到来 = 受入 + 差戻し + 未決定、構成比 = 件数 ÷ 期限到来",
        "en": "due = accepted + rejected + undecided; of_due = leads ÷ due",
    },
    unit={"ja": "引渡し(件)", "en": "hand-overs"},
    traps=(
        {
            "ja": "決定済みだけを母数にしない。未決定を除くと、決めないほど率が良くなる",
            "en": "Do not divide by what was decided only: what is left undecided was due as well.",
        },
        BY_TIME,
    ),
    parameters=IN_A_PERIOD,
    measures=(
        Measure(
            "leads",
            Words({"ja": "件数", "en": "leads"}, {"ja": "その結果の件数", "en": "How many."}),
        ),
    ),
    main="leads",
    relation="acceptance",
    rows=_acceptance_rows,
    values=_acceptance_values,
    row_words=ROWS,
    reads=READS,
    named_by=_reasons,
    shares=(
        FigureShare(
            "of_due",
            Words(
                {"ja": "構成比", "en": "of those due"},
                {"ja": "期限到来に占める割合", "en": "The share of those due."},
            ),
            of=("leads",),
            out_of="leads",
            of_row=ShareOf.THE_FIRST,
        ),
    ),
)
