"""The figure about capacity: how much of it selections filled, and what became of the leads."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.words import Words
from projections.engine.limits import RUNS_SHOWN_MAX
from projections.figures.definition import Figure, FigureDuration, FigureShare, Measure
from projections.figures.over_time.deals import READS
from projections.figures.parameters import IN_A_PERIOD
from projections.figures.question import Question, RowKey

DEFERRED: Final = ("waiting", "moved_on")


def _rows(_: Lifecycle, __: Question, counted: Collection[RowKey]) -> list[RowKey]:
    """Return a row for each run, in order."""
    return list(counted)


def _values(_: Lifecycle, question: Question) -> Mapping[str, Any]:
    return {"since": question.since, "until": question.until, "runs_max": RUNS_SHOWN_MAX}


def _measure(
    name: str, label: tuple[str, str], definition: tuple[str, str], sums: tuple[str, ...] = ()
) -> Measure:
    return Measure(name, _words(label, definition), sums=sums, is_given=name == "capacity")


def _words(label: tuple[str, str], definition: tuple[str, str]) -> Words:
    return Words(
        dict(zip(("ja", "en"), label, strict=True)),
        dict(zip(("ja", "en"), definition, strict=True)),
    )


def _waited(measure: str, percent: int, label: tuple[str, str]) -> FigureDuration:
    definition = (
        f"選定から数えた日数の{percent}パーセンタイル",
        f"The {percent}th percentile of the days since the run.",
    )
    return FigureDuration(f"{measure}_p{percent}", _words(label, definition), measure, percent)


CAPACITY: Final = Figure(
    name="capacity",
    version=1,
    words=_words(
        ("キャパシティ", "capacity"),
        (
            "選定ごとに、受入可能数に対する選定とスクリーニングの数、見送った候補とその待ち日数",
            "For each selection: how much of the capacity it used, and how long others wait.",
        ),
    ),
    formula={
        "ja": "候補 = 選定 + 見送り、充足率 = 選定 ÷ 受入可能数、"
        "スクリーニング率 = スクリーニング済み ÷ 受入可能数",
        "en": "candidates = selected + deferred; filled = selected ÷ capacity; "
        "used = screened ÷ capacity",
    },
    unit={"ja": "リード(件)", "en": "leads"},
    traps=(
        {
            "ja": "同じ期間の選定は1つの受入可能数を分け合う。選定をまたいで受入可能数を合計しない",
            "en": "Runs of the same team and period share one capacity: never add it up.",
        },
        {
            "ja": "先に待っているリードと問合せ経由のリードも受入可能数を使うため、"
            "充足率が低くても枠が空いているとは限らない",
            "en": "The backlog and requests for contact take part of the capacity as well, so a "
            "low share does not mean that places were left.",
        },
        {
            "ja": "見送られて次の選定に入ったリードは、それぞれの選定の行に1件ずつ入る",
            "en": "A deferred lead that is a candidate of the next run counts in both rows.",
        },
        {
            "ja": f"期間中の選定のうち、新しいものから{RUNS_SHOWN_MAX}回まで示す",
            "en": f"Of more than {RUNS_SHOWN_MAX} runs in the period, the newest are shown.",
        },
    ),
    parameters=IN_A_PERIOD,
    measures=(
        _measure(
            "capacity",
            ("受入可能数", "capacity"),
            (
                "宣言された、または選定時に指定された数。リードの一覧はない",
                "As declared, or as given to the run. No leads are behind it.",
            ),
        ),
        _measure(
            "candidates",
            ("候補", "candidates"),
            (
                "選定時に基準を満たしていた(閾値以上の)リード",
                "Leads at or above the threshold when the run was made.",
            ),
            sums=("selected", *DEFERRED),
        ),
        _measure("selected", ("選定", "selected"), ("選定した", "Selected by the run.")),
        _measure(
            "skipped",
            ("選定後に除外", "skipped"),
            (
                "選定したが、その間に状態が変わったため引き渡さなかった",
                "Selected but not qualified, because they had changed meanwhile.",
            ),
        ),
        _measure(
            "cut_line",
            ("足切りライン", "cut line"),
            (
                "選定した中で順位が最も低いリード。その点数が足切りラインになる",
                "The last lead that was selected: its score is the cut line.",
            ),
        ),
        _measure(
            "screened",
            ("スクリーニング済み", "screened"),
            (
                "選定したうち、その後スクリーニングを完了した",
                "Of those selected, those whose screening has been completed since.",
            ),
        ),
        _measure(
            "deferred",
            ("見送り", "deferred"),
            ("候補のうち選定しなかった", "Candidates that the run did not select."),
            sums=DEFERRED,
        ),
        _measure(
            "waiting",
            ("待機中", "waiting"),
            (
                "見送ったうち、基準日に候補のステージに残っている",
                "Deferred, and still in the stage of candidates at `as_of`.",
            ),
        ),
        _measure(
            "moved_on",
            ("待機終了", "moved on"),
            (
                "見送ったうち、その後の選定、問合せ、対象外、統合などで待機が終わった",
                "Deferred, and no longer waiting: selected later, disqualified or merged.",
            ),
        ),
    ),
    main="selected",
    relation="capacity",
    rows=_rows,
    values=_values,
    row_words={},
    reads=READS,
    dimensions=(),
    named_by=lambda _: {},
    shares=(
        FigureShare(
            "filled",
            _words(("充足率", "filled"), ("選定 ÷ 受入可能数", "selected ÷ capacity")),
            of=("selected",),
            out_of="capacity",
        ),
        FigureShare(
            "used",
            _words(
                ("スクリーニング率", "used"),
                ("スクリーニング済み ÷ 受入可能数", "screened ÷ capacity"),
            ),
            of=("screened",),
            out_of="capacity",
        ),
    ),
    durations=(
        _waited("waiting", 50, ("待機日数(中央値)", "waiting, median")),
        _waited("waiting", 90, ("待機日数(90%)", "waiting, 90%")),
        _waited("moved_on", 50, ("終了までの日数(中央値)", "moved on, median")),
    ),
)
