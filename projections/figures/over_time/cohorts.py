"""The figures that follow a cohort: conversion and yield."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.words import Words
from projections.figures.definition import Figure, FigureShare, Measure, ShareOf
from projections.figures.parameters import BASE, IN_A_PERIOD, TARGET, UNIT, WITHIN
from projections.figures.question import Question, RowKey
from projections.figures.rows import beyond, cohort, cohort_track

REACH, ENTER = "reach", "enter"


def _conversion_rows(
    lifecycle: Lifecycle, question: Question, _: Collection[RowKey]
) -> list[RowKey]:
    kind = cohort_track(lifecycle, question).subject
    return [RowKey(kind, REACH), RowKey(kind, ENTER)]


def _conversion_values(lifecycle: Lifecycle, question: Question) -> Mapping[str, Any]:
    track = cohort_track(lifecycle, question)
    reaching = beyond(track, question.target)
    return {
        **cohort(track, question),
        "within": question.within,
        "in_rows": [*(REACH for _ in reaching), ENTER],
        "targets": [*reaching, question.target],
    }


CONVERSION: Final = Figure(
    name="conversion",
    version=1,
    words=Words(
        {"ja": "移行率", "en": "conversion"},
        {
            "ja": "期間中に起点のステージへ入ったサイクルのうち、所定の日数以内に目標のステージへ"
            "達した割合",
            "en": "Of the passes that entered one stage in a period, the share that got to another "
            "within a number of days.",
        },
    ),
    formula={
        "ja": "移行率 = 達成 ÷ 判定済み。判定済み = 起点の日時 + 日数 ≤ 基準日 のサイクル、"
        "達成 = そのうち 0 ≤ 目標の日時 - 起点の日時 ≤ 日数 のもの",
        "en": "rate = hits ÷ mature, where mature = passes with entered(base) + within ≤ as_of, "
        "and hits = those of them with 0 ≤ entered(target) - entered(base) ≤ within",
    },
    unit={"ja": "サイクル(企業は社)", "en": "passes; companies for stages of accounts"},
    traps=(
        {
            "ja": "達成が早くても、日数が経過するまでは判定済みにしない。早い成功だけを先に数えて"
            "しまうことを防ぐ",
            "en": "A pass that has converted is still not mature before its time is up: otherwise "
            "quick successes would count, and slow failures would not.",
        },
        {
            "ja": "比較や平均には、すべて判定済みになった月だけを使う",
            "en": "Compare and average only cohorts that are mature as a whole.",
        },
        {
            "ja": "「到達」は目標を飛び越えて先へ進んだものを含み、「流入」は含まない",
            "en": "`reach` includes passes that went past the target; `enter` does not.",
        },
        {
            "ja": "母数が5未満の率は示さない",
            "en": "No share of fewer than 5 is shown.",
        },
    ),
    parameters=(BASE, TARGET, WITHIN, UNIT, *IN_A_PERIOD),
    measures=(
        Measure(
            "base",
            Words(
                {"ja": "母数", "en": "base"},
                {
                    "ja": "期間中に起点のステージへ初めて入った",
                    "en": "Entered the base stage for the first time in the period.",
                },
            ),
        ),
        Measure(
            "mature",
            Words(
                {"ja": "判定済み", "en": "mature"},
                {
                    "ja": "そのうち、所定の日数が経過した",
                    "en": "Of these, the ones whose time is up.",
                },
            ),
        ),
        Measure(
            "hits",
            Words(
                {"ja": "達成", "en": "hits"},
                {
                    "ja": "判定済みのうち、日数以内に目標へ達した",
                    "en": "Of the mature, those that got to the target in time.",
                },
            ),
        ),
        Measure(
            "passed_over",
            Words(
                {"ja": "飛び越し", "en": "passed over"},
                {
                    "ja": "達成のうち、目標に入らず先のステージへ進んだ",
                    "en": "Of the hits, those that went past the target without entering it.",
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
                {"ja": "達成(判定前を含む)", "en": "hits so far"},
                {
                    "ja": "判定前のものも含めて、これまでに達した",
                    "en": "Those that got to the target so far, mature or not.",
                },
            ),
        ),
        Measure(
            "possible",
            Words(
                {"ja": "達成の可能性あり", "en": "still possible"},
                {
                    "ja": "判定前で、まだ達していない",
                    "en": "Immature, and not there yet.",
                },
            ),
        ),
    ),
    main="rate",
    relation="conversion",
    rows=_conversion_rows,
    values=_conversion_values,
    row_words={
        REACH: Words(
            {"ja": "到達", "en": "reached"},
            {
                "ja": "目標のステージか、それより先のステージに入ったものを達成とする",
                "en": "A hit is an entry into the target or a stage after it.",
            },
        ),
        ENTER: Words(
            {"ja": "流入", "en": "entered"},
            {
                "ja": "目標のステージそのものに入ったものだけを達成とする",
                "en": "A hit is an entry into the target itself.",
            },
        ),
    },
    shares=(
        FigureShare(
            "rate",
            Words(
                {"ja": "移行率", "en": "rate"},
                {"ja": "達成 ÷ 判定済み", "en": "hits ÷ mature"},
            ),
            of=("hits",),
            out_of="mature",
        ),
        FigureShare(
            "lower",
            Words(
                {"ja": "下限", "en": "at least"},
                {"ja": "これまでの達成 ÷ 母数", "en": "hits so far ÷ base"},
            ),
            of=("so_far",),
            out_of="base",
        ),
        FigureShare(
            "upper",
            Words(
                {"ja": "上限", "en": "at most"},
                {
                    "ja": "(これまでの達成 + 可能性あり) ÷ 母数",
                    "en": "(hits so far + still possible) ÷ base",
                },
            ),
            of=("so_far", "possible"),
            out_of="base",
        ),
    ),
)


def _yield_rows(lifecycle: Lifecycle, question: Question, _: Collection[RowKey]) -> list[RowKey]:
    track = cohort_track(lifecycle, question)
    return [RowKey(track.subject, stage) for stage in beyond(track, question.base)]


def _yield_values(lifecycle: Lifecycle, question: Question) -> Mapping[str, Any]:
    track = cohort_track(lifecycle, question)
    return {
        **cohort(track, question),
        "within": question.within,
        "path": list(beyond(track, question.base)),
    }


YIELD: Final = Figure(
    name="yield",
    version=1,
    words=Words(
        {"ja": "歩留まり", "en": "yield"},
        {
            "ja": "期間中に獲得したリードが、所定の日数以内にどのステージまで達したか",
            "en": "How far the leads acquired in a period got within a number of days.",
        },
    ),
    formula={
        "ja": "対獲得 = 到達 ÷ 最初のステージの到達、対前段 = 到達 ÷ 前のステージの到達"
        "(いずれも日数が経過した分)",
        "en": "of_base = reached ÷ reached of the first row; of_previous = reached ÷ reached of "
        "the row before; all of them mature",
    },
    unit={"ja": "リード(企業は社)", "en": "leads; companies for stages of accounts"},
    traps=(
        {
            "ja": "到達で数えるため、後のステージほど件数が増えることはない",
            "en": "Counted by reach, so no stage has more than the one before.",
        },
        {
            "ja": "最初のサイクルだけを追う。リサイクル後の成果は次のサイクルのものとし、含めない",
            "en": "Only first passes are followed: what a lead does after it was recycled belongs "
            "to its next pass.",
        },
        {
            "ja": "日数がまだ経過していないリードは「到達(判定前)」に分けて示し、率には入れない",
            "en": "Leads whose time is not up are in `early`, and not in the shares.",
        },
    ),
    parameters=(BASE, WITHIN, UNIT, *IN_A_PERIOD),
    measures=(
        Measure(
            "reached",
            Words(
                {"ja": "到達", "en": "reached"},
                {
                    "ja": "日数が経過したリードのうち、日数以内にそのステージかその先へ達した",
                    "en": "Leads whose time is up and that got to the stage, or past it, in time.",
                },
            ),
        ),
        Measure(
            "early",
            Words(
                {"ja": "到達(判定前)", "en": "early"},
                {
                    "ja": "日数がまだ経過していないリードのうち、既に達した",
                    "en": "Leads whose time is not up and that are already there.",
                },
            ),
        ),
    ),
    main="of_base",
    relation="yield",
    rows=_yield_rows,
    values=_yield_values,
    row_words={},
    shares=(
        FigureShare(
            "of_base",
            Words(
                {"ja": "対獲得", "en": "of the base"},
                {
                    "ja": "最初のステージの到達に対する割合",
                    "en": "The share of what the first row reached.",
                },
            ),
            of=("reached",),
            out_of="reached",
            of_row=ShareOf.THE_FIRST,
        ),
        FigureShare(
            "of_previous",
            Words(
                {"ja": "対前段", "en": "of the stage before"},
                {
                    "ja": "前のステージの到達に対する割合",
                    "en": "The share of what the row before reached.",
                },
            ),
            of=("reached",),
            out_of="reached",
            of_row=ShareOf.THE_ONE_BEFORE,
        ),
    ),
)
