"""The figure that says what has become of a cohort."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from domain.lifecycle.definition import Lifecycle, MoveKind, Track
from domain.lifecycle.words import Words
from projections.figures.definition import Figure, FigureShare, Measure, ShareOf
from projections.figures.parameters import BASE, IN_A_PERIOD, TARGET
from projections.figures.question import Question, RowKey
from projections.figures.rows import beyond, cohort, cohort_track

ROWS: Final[Mapping[str, Words]] = {
    "base": Words(
        {"ja": "母数", "en": "base"},
        {
            "ja": "期間中に起点のステージへ初めて入った",
            "en": "Entered the base stage for the first time in the period.",
        },
    ),
    "converted": Words(
        {"ja": "達成", "en": "converted"},
        {
            "ja": "目標のステージか、それより先のステージに達した",
            "en": "Got to the target, or past it.",
        },
    ),
    "disqualified": Words(
        {"ja": "対象外", "en": "disqualified"},
        {
            "ja": "達成せず、対象外のステージにある(サイクルの最後にあった)",
            "en": "Did not, and is disqualified, or was when the pass ended.",
        },
    ),
    "lost": Words(
        {"ja": "失注", "en": "lost"},
        {
            "ja": "達成せず、失注のステージにある(サイクルの最後にあった)",
            "en": "Did not, and is lost, or was when the pass ended.",
        },
    ),
    "recycled": Words(
        {"ja": "リサイクル", "en": "recycled"},
        {
            "ja": "達成せず、次のサイクルが始まった",
            "en": "Did not, and the next pass of the lead has begun.",
        },
    ),
    "absorbed": Words(
        {"ja": "名寄せ", "en": "absorbed"},
        {"ja": "達成せず、別のリードに統合された", "en": "Did not, and was merged into another."},
    ),
    "corrected": Words(
        {"ja": "訂正", "en": "corrected"},
        {
            "ja": "達成せず、訂正によってサイクルが終わった",
            "en": "Did not, and the pass was ended by a correction.",
        },
    ),
    "open": Words(
        {"ja": "進行中", "en": "open"},
        {"ja": "達成しておらず、進行中である", "en": "Did not, and may still."},
    ),
}


def _rows(lifecycle: Lifecycle, question: Question, _: Collection[RowKey]) -> list[RowKey]:
    kind = cohort_track(lifecycle, question).subject
    return [RowKey(kind, name) for name in ROWS]


def _values(lifecycle: Lifecycle, question: Question) -> Mapping[str, Any]:
    track = cohort_track(lifecycle, question)
    return {
        **cohort(track, question),
        "targets": list(beyond(track, question.target)),
        "disqualified": _ending(track, MoveKind.DISQUALIFIED),
        "lost": _ending(track, MoveKind.LOST),
    }


def _ending(track: Track, kind: MoveKind) -> list[str]:
    return [code for code, stage in track.stages.items() if stage.ends is kind]


FATES: Final = Figure(
    name="fates",
    version=1,
    words=Words(
        {"ja": "その後の内訳", "en": "fates"},
        {
            "ja": "期間中に起点のステージへ入ったサイクルが、基準日までにどうなったか",
            "en": "What has become, by a moment, of the passes that entered a stage in a period.",
        },
    ),
    formula={
        "ja": "母数 = 達成 + 対象外 + 失注 + リサイクル + 名寄せ + 訂正 + 進行中",
        "en": "base = converted + disqualified + lost + recycled + absorbed + corrected + open",
    },
    unit={"ja": "サイクル(企業は社)", "en": "passes; companies for stages of accounts"},
    traps=(
        {
            "ja": "日数の制限はない。新しい月ほど進行中が多く、月どうしの比較には移行率を使う",
            "en": "There is no time limit, so recent months have more that are open: compare "
            "months by conversion.",
        },
        {
            "ja": "休眠は終わりではなく、進行中に入る",
            "en": "Dormant leads are open: dormancy ends nothing.",
        },
        {
            "ja": "失注後にリサイクルされたサイクルは失注とする",
            "en": "A pass that was lost, and recycled later, is lost.",
        },
    ),
    parameters=(BASE, TARGET, *IN_A_PERIOD),
    measures=(
        Measure(
            "passes",
            Words({"ja": "件数", "en": "passes"}, {"ja": "その結果の件数", "en": "How many."}),
        ),
    ),
    main="passes",
    relation="fates",
    rows=_rows,
    values=_values,
    row_words=ROWS,
    shares=(
        FigureShare(
            "of_base",
            Words(
                {"ja": "構成比", "en": "of the base"},
                {"ja": "母数に占める割合", "en": "The share of the base."},
            ),
            of=("passes",),
            out_of="passes",
            of_row=ShareOf.THE_FIRST,
        ),
    ),
)
