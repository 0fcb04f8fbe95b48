"""The figure about merging: leads and companies that became another, and open contradictions."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from domain.lifecycle.definition import UNPLACED, Lifecycle, SubjectKind
from domain.lifecycle.words import Words
from projections.figures.definition import Figure, FigureShare, Measure
from projections.figures.over_time.deals import no_values
from projections.figures.parameters import IN_A_PERIOD
from projections.figures.question import Question, RowKey
from projections.figures.rows import acquired_at

MERGES, CONFLICTS = "merges", "conflicts"


def _rows(_: Lifecycle, __: Question, ___: Collection[RowKey]) -> list[RowKey]:
    return [
        RowKey(SubjectKind.LEAD, MERGES),
        RowKey(SubjectKind.LEAD, CONFLICTS),
        RowKey(SubjectKind.ACCOUNT, MERGES),
    ]


def _values(lifecycle: Lifecycle, question: Question) -> Mapping[str, Any]:
    """Return the period, where leads are acquired, and the stages of visitors before it."""
    acquired = acquired_at(lifecycle.lead)
    return {
        "since": question.since,
        "until": question.until,
        "base": acquired,
        "unknown": [UNPLACED, *(stage for stage in lifecycle.lead.entry if stage != acquired)],
        "no_values": no_values(question),
    }


def _measure(
    name: str, ja: str, en: str, meaning: tuple[str, str], sums: tuple[str, ...] = ()
) -> Measure:
    words = Words({"ja": ja, "en": en}, {"ja": meaning[0], "en": meaning[1]})
    return Measure(name, words, sums=sums)


MERGING: Final = Figure(
    name="merges",
    version=1,
    words=Words(
        {"ja": "名寄せ", "en": "merges"},
        {
            "ja": "期間中に統合されたリードと企業、取り消された統合、判断待ちの矛盾",
            "en": "How many leads and companies were merged in a period, how many merges were "
            "taken back, and which contradictions await a decision.",
        },
    ),
    formula={
        "ja": "統合 = 匿名訪問の統合 + 既知の統合、名寄せ率 = 既知の統合 ÷ 獲得",
        "en": "absorbed = visitors + known; rate = known ÷ acquired",
    },
    unit={"ja": "統合されたリード・企業(件)、矛盾(件)", "en": "leads, companies and conflicts"},
    traps=(
        {
            "ja": "匿名訪問者が既知のリードと分かる統合は日常的に起きるため、名寄せ率に入れない",
            "en": "Visitors who turn out to be known leads are everyday business and do not count "
            "in the rate.",
        },
        {
            "ja": "取り消された統合は、統合には数えず、取り消した時期の「取消」に数える",
            "en": "A merge that was taken back is no longer among the merges. It counts as "
            "unmerged when that was decided.",
        },
        {
            "ja": "名寄せ率は、同じ時期の統合と獲得の比で、獲得したリードを追跡した率ではない",
            "en": "The rate compares the merges of a period with its acquisitions: it follows no "
            "cohort.",
        },
        {
            "ja": "判断待ちは期間に関係なく、基準日に残っているすべて",
            "en": "Open conflicts are all those that remain at `as_of`, whatever the period.",
        },
    ),
    parameters=IN_A_PERIOD,
    measures=(
        _measure(
            "absorbed",
            "統合",
            "absorbed",
            ("期間中に別のリード・企業に統合された", "Were merged into another one in the period."),
            sums=("visitors", "known"),
        ),
        _measure(
            "visitors",
            "匿名訪問の統合",
            "visitors",
            ("獲得前の訪問者が既知のリードに統合された", "Absorbed before they were acquired."),
        ),
        _measure(
            "known",
            "既知の統合",
            "known",
            ("獲得後のリード、または企業が統合された", "Leads after acquisition, and companies."),
        ),
        _measure(
            "unmerged",
            "取消",
            "unmerged",
            ("期間中に統合が取り消された", "Merges taken back in the period."),
        ),
        _measure(
            "acquired",
            "獲得",
            "acquired",
            ("期間中に初めて獲得した", "Leads acquired for the first time in the period."),
        ),
        _measure(
            "raised",
            "矛盾の発生",
            "raised",
            (
                "期間中に識別子が別々のリードを指した",
                "Reports in the period whose identifiers point to different leads.",
            ),
        ),
        _measure(
            "open",
            "判断待ち",
            "open",
            (
                "基準日に、統合するか別人とするかの判断がまだない",
                "Not yet merged, kept apart or dismissed at `as_of`.",
            ),
        ),
    ),
    main="absorbed",
    relation="merges",
    rows=_rows,
    values=_values,
    row_words={
        MERGES: Words(
            {"ja": "名寄せ", "en": "merges"},
            {"ja": "統合と取消、獲得", "en": "Merges, with acquisitions to compare them with."},
        ),
        CONFLICTS: Words(
            {"ja": "矛盾", "en": "conflicts"},
            {
                "ja": "識別子が別々のリードを指し、人の判断を待つもの",
                "en": "Identifiers that point to different leads, for a person to judge.",
            },
        ),
    },
    shares=(
        FigureShare(
            "rate",
            Words(
                {"ja": "名寄せ率", "en": "rate"},
                {"ja": "既知の統合 ÷ 獲得", "en": "known ÷ acquired"},
            ),
            of=("known",),
            out_of="acquired",
        ),
    ),
)
