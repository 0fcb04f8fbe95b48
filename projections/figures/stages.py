"""The figures about stages at a moment and in a period: stock and flow."""

from collections.abc import Mapping
from typing import Any, Final

from domain.lifecycle.definition import Lifecycle, MoveKind
from domain.lifecycle.words import Words
from projections.figures.definition import Figure, Measure
from projections.figures.parameters import IN_A_PERIOD, UNIT, ZONE
from projections.figures.question import AN_INSTANT, Dimension, Question
from projections.figures.rows import reaching, stage_rows

EXITS: Final[Mapping[MoveKind, Mapping[str, str]]] = {
    MoveKind.ENTERED: {"ja": "初回配置", "en": "placed"},
    MoveKind.ADVANCED: {"ja": "次へ進行", "en": "advanced"},
    MoveKind.RECYCLED: {"ja": "リサイクル", "en": "recycled"},
    MoveKind.RETURNED: {"ja": "差戻し", "en": "returned"},
    MoveKind.DISQUALIFIED: {"ja": "対象外", "en": "disqualified"},
    MoveKind.LOST: {"ja": "失注", "en": "lost"},
    MoveKind.CORRECTED: {"ja": "ステージ訂正", "en": "corrected"},
    MoveKind.RESTATED: {"ja": "再判定", "en": "restated"},
    MoveKind.ABSORBED: {"ja": "名寄せ", "en": "absorbed"},
}
"""How a stay ends, in words."""


_OUT: Final = {"ja": "流出: ", "en": "left: "}


def left(*kinds: MoveKind) -> tuple[str, ...]:
    """Return the measures of exits of these kinds."""
    return tuple(f"left_{kind}" for kind in kinds)


ENTRIES: Final = ("first", "again", "later")
FORWARD: Final = left(MoveKind.ENTERED, MoveKind.ADVANCED)
BACK: Final = left(MoveKind.RECYCLED, MoveKind.RETURNED)
OFF: Final = left(MoveKind.DISQUALIFIED, MoveKind.LOST)
OTHERWISE: Final = left(MoveKind.CORRECTED, MoveKind.RESTATED)


def _stock_values(lifecycle: Lifecycle, _: Question) -> Mapping[str, Any]:
    return {**reaching(lifecycle), "path": list(lifecycle.lead.path)}


STOCK: Final = Figure(
    name="stock",
    version=1,
    words=Words(
        {"ja": "現在件数", "en": "stock"},
        {
            "ja": "基準日の時点で各ステージにあるリードと企業の件数。ステージごとの累計も示す",
            "en": "How many leads and accounts are in each stage at a moment, and how many have "
            "ever got there.",
        },
    ),
    formula={
        "ja": "現在件数 = 流入日時 ≤ 基準日 < 流出日時 のサイクルの件数(報告日までに判明した分)",
        "en": "standing = passes with entered ≤ as_of < left, as known at known_at",
    },
    unit={"ja": "サイクル(企業は社)", "en": "passes; companies for stages of accounts"},
    traps=(
        {
            "ja": "滞留がゼロの通過は流入・流出には入るが、現在件数には入らない",
            "en": "A stay of zero length counts in the flow, but never in the stock.",
        },
        {
            "ja": "すぐ次へ進むステージの現在件数は少なく見える。累計到達と併せて見る",
            "en": "A stage that leads leave at once has a small stock; read it with `reached`.",
        },
    ),
    parameters=(UNIT, ZONE),
    measures=(
        Measure(
            "standing",
            Words(
                {"ja": "現在件数", "en": "standing"},
                {"ja": "基準日にそのステージにある", "en": "In the stage at that moment."},
            ),
        ),
        Measure(
            "entered",
            Words(
                {"ja": "累計流入", "en": "entered"},
                {
                    "ja": "そのステージに入ったことがある。同じサイクルの再流入は数えない",
                    "en": "Have ever entered the stage; a pass that came back counts once.",
                },
            ),
        ),
        Measure(
            "reached",
            Words(
                {"ja": "累計到達", "en": "reached"},
                {
                    "ja": "そのステージか、それより先のステージに入ったことがある",
                    "en": "Have ever entered the stage or one after it on the path.",
                },
            ),
        ),
    ),
    main="standing",
    relation="stock",
    rows=stage_rows,
    values=_stock_values,
    row_words={},
    kept="count_stock_now",
    kept_then="count_stock_then",
    kept_by=((), (Dimension.ORIGIN,), (Dimension.CHANNEL,), (Dimension.MONTH,)),
    kept_then_by=((), (Dimension.ORIGIN,), (Dimension.CHANNEL,)),
    values_at_entry=False,
)


def flow_values(_: Lifecycle, question: Question) -> Mapping[str, Any]:
    """Return the period, which ends with the moment asked about at the latest."""
    ends = question.as_of + AN_INSTANT
    until = min(question.until, ends) if question.until is not None else ends
    return {"since": question.since, "until": until}


FLOW: Final = Figure(
    name="flow",
    version=1,
    words=Words(
        {"ja": "流入・流出", "en": "flow"},
        {
            "ja": "期間中に各ステージへ入った件数と、そこから出た件数。出方の内訳を示す",
            "en": "How many entered and left each stage in a period, and how they left.",
        },
    ),
    formula={
        "ja": "期末件数 = 期首件数 + 流入計 - 流出計",
        "en": "after = before + in - out",
    },
    unit={"ja": "サイクル(企業は社)", "en": "passes; companies for stages of accounts"},
    traps=(
        {
            "ja": "「MQL数」は新規だけを指す。再流入と次サイクルは足さない",
            "en": "“The number of MQLs” is `first`. Do not add `again` and `later` to it.",
        },
        {
            "ja": "期間が終わっていなければ、件数はまだ増える(`is_open`)",
            "en": "The numbers of a period that has not ended (`is_open`) will grow.",
        },
        {
            "ja": "二つのステージの流入を割っても移行率にはならない",
            "en": "The entries into one stage divided by those into another are not a conversion.",
        },
    ),
    parameters=IN_A_PERIOD,
    measures=(
        Measure(
            "before",
            Words(
                {"ja": "期首件数", "en": "before"},
                {"ja": "期間の直前にそこにあった", "en": "There just before the period."},
            ),
        ),
        Measure(
            "first",
            Words(
                {"ja": "新規", "en": "first"},
                {
                    "ja": "最初のサイクルで初めて入った",
                    "en": "Entered for the first time, in the first pass.",
                },
            ),
        ),
        Measure(
            "again",
            Words(
                {"ja": "再流入", "en": "again"},
                {"ja": "同じサイクルで再び入った", "en": "Came back within the same pass."},
            ),
        ),
        Measure(
            "later",
            Words(
                {"ja": "次サイクル", "en": "later"},
                {
                    "ja": "2サイクル目以降で初めて入った",
                    "en": "Entered for the first time in a later pass.",
                },
            ),
        ),
        Measure(
            "in",
            Words(
                {"ja": "流入計", "en": "in"},
                {"ja": "新規、再流入、次サイクルの合計", "en": "The sum of the three."},
            ),
            sums=ENTRIES,
        ),
        Measure(
            "forward",
            Words(
                {"ja": "次へ進行", "en": "forward"},
                {"ja": "先のステージへ進んだ", "en": "Went on to a later stage."},
            ),
            sums=FORWARD,
        ),
        Measure(
            "back",
            Words(
                {"ja": "差戻し・リサイクル", "en": "back"},
                {"ja": "前のステージへ戻った", "en": "Went back to an earlier stage."},
            ),
            sums=BACK,
        ),
        Measure(
            "off",
            Words(
                {"ja": "対象外・失注", "en": "off"},
                {"ja": "対象外または失注になった", "en": "Was disqualified or lost."},
            ),
            sums=OFF,
        ),
        Measure(
            "otherwise",
            Words(
                {"ja": "訂正", "en": "otherwise"},
                {
                    "ja": "ステージの訂正または再判定によって出た",
                    "en": "Left because the stage was corrected or decided again.",
                },
            ),
            sums=OTHERWISE,
        ),
        Measure(
            "absorbed",
            Words(
                {"ja": "名寄せ", "en": "absorbed"},
                {
                    "ja": "別のリードに統合された",
                    "en": "Was merged into another lead, which counts in its place.",
                },
            ),
            sums=left(MoveKind.ABSORBED),
        ),
        Measure(
            "out",
            Words(
                {"ja": "流出計", "en": "out"},
                {"ja": "すべての流出の合計", "en": "The sum of all exits."},
            ),
            sums=left(*EXITS),
        ),
        Measure(
            "after",
            Words(
                {"ja": "期末件数", "en": "after"},
                {
                    "ja": "期間の終わり(または基準日)にそこにある",
                    "en": "There at the end of the period, or at `as_of` if that is earlier.",
                },
            ),
        ),
        *(
            Measure(
                f"left_{kind}",
                Words(
                    {language: f"{_OUT[language]}{word}" for language, word in words.items()},
                    {
                        "ja": f"「{words['ja']}」によって出た",
                        "en": f"Left the stage: {words['en']}.",
                    },
                ),
                is_detail=True,
            )
            for kind, words in EXITS.items()
        ),
    ),
    main="in",
    relation="flow",
    rows=stage_rows,
    values=flow_values,
    row_words={},
)
