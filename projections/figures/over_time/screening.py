"""The figure about screening: contacts, what they found, and the wait for the first."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from domain.lifecycle.definition import Lifecycle, SubjectKind
from domain.lifecycle.words import Words
from projections.figures.definition import (
    Figure,
    FigureDuration,
    FigureShare,
    Measure,
    Parameter,
    ShareOf,
)
from projections.figures.over_time.deals import READS, no_values
from projections.figures.parameters import BASE, IN_A_PERIOD
from projections.figures.question import Question, RowKey
from projections.figures.rows import handed_over_at

CLASS: Final = "class."
"""Before the code of a class, in the name of a row."""
FROM_BASE: Final = Parameter(
    BASE.name,
    {
        "ja": "初回接触までの日数を数え始めるステージ。省略すると、引渡しがある最初のステージ",
        "en": "The stage from whose entry the first contact is awaited. By default, the first "
        "whose leads are handed over.",
    },
)
ROWS: Final[Mapping[str, Words]] = {
    "screened": Words(
        {"ja": "スクリーニング完了", "en": "screened"},
        {
            "ja": "最後に完了したスクリーニングが期間中にあるサイクル。続く行は分類別の内訳",
            "en": "Passes whose last completed screening was in the period. The rows that follow "
            "give the classes.",
        },
    ),
    "contacts": Words(
        {"ja": "接触", "en": "contacts"},
        {
            "ja": "期間中のスクリーニング接触とスクリーニング完了",
            "en": "Attempts and completed screenings in the period.",
        },
    ),
    "meetings": Words(
        {"ja": "面談", "en": "meetings"},
        {
            "ja": "期間中に予約された面談、実施された面談、不成立の面談",
            "en": "Meetings that were arranged, that took place, and that did not, each in the "
            "period.",
        },
    ),
    "first_contact": Words(
        {"ja": "初回接触", "en": "first contact"},
        {
            "ja": "起点のステージに入ってから最初の接触",
            "en": "The first contact after entering the base stage.",
        },
    ),
}


def _rows(lifecycle: Lifecycle, _: Question, counted: Collection[RowKey]) -> list[RowKey]:
    declared = _classes(lifecycle)
    former = sorted({row.name for row in counted} - ROWS.keys() - declared.keys())
    screened, *others = ROWS
    return [RowKey(SubjectKind.LEAD, name) for name in (screened, *declared, *former, *others)]


def _classes(lifecycle: Lifecycle) -> Mapping[str, Words]:
    return {f"{CLASS}{code}": words for code, words in lifecycle.classes.items()}


def _values(_: Lifecycle, question: Question) -> Mapping[str, Any]:
    return {
        "since": question.since,
        "until": question.until,
        "base": question.base,
        "no_values": no_values(question),
    }


def _measure(name: str, ja: str, en: str, meaning_ja: str, meaning_en: str) -> Measure:
    return Measure(name, Words({"ja": ja, "en": en}, {"ja": meaning_ja, "en": meaning_en}))


SCREENING: Final = Figure(
    name="screening",
    version=1,
    words=Words(
        {"ja": "スクリーニング", "en": "screening"},
        {
            "ja": "期間中の接触がどれだけつながり、どの分類になり、面談に至ったか。"
            "初回接触までの日数も示す",
            "en": "How many contacts in a period reached the person, which classes were found, "
            "how many meetings were made and held, and how long leads waited for the first "
            "contact.",
        },
    ),
    formula={
        "ja": "接触 = つながった + つながらなかった、接触率 = つながった ÷ 接触、"
        "分類構成比 = 分類の件数 ÷ スクリーニング完了",
        "en": "contacts = reached + unreached; connect_rate = reached ÷ contacts; "
        "of_screened = screened(class) ÷ screened",
    },
    unit={
        "ja": "接触と面談は回数、スクリーニング完了と初回接触はサイクル",
        "en": "contacts and meetings: reports; screened and first contact: passes",
    },
    traps=(
        {
            "ja": "1件つながるまでの接触回数は接触率の逆数で、25%なら平均4回",
            "en": "The number of contacts per reach is the inverse of the connect rate: 25% means "
            "four contacts on average.",
        },
        {
            "ja": "スクリーニングの完了は、つながった接触にも数える",
            "en": "A completed screening counts as a contact that reached the person.",
        },
        {
            "ja": "分類はサイクルごとに最後のスクリーニングで決まり、後のスクリーニングが"
            "期間外なら、その期間には数えない",
            "en": "A pass has the class of its last screening: once there is a later one, it no "
            "longer counts in the period of the earlier one.",
        },
        {
            "ja": "実施された面談は、予約された期間ではなく実施された期間に数えるため、"
            "実施が予約を上回る期間もある",
            "en": "A meeting counts as held when it took place, whenever it was arranged, so more "
            "may be held in a period than were scheduled in it.",
        },
        {
            "ja": "初回接触までの日数は、接触があった時期で数える。待機中のものは別に示す",
            "en": "The time to the first contact counts when the contact was made. Those that are "
            "still waiting are apart.",
        },
        {
            "ja": "内訳の値は、接触の直前(初回接触は起点に入った時点)のリードの値",
            "en": "Breakdowns use the values of the lead's stage just before the contact; of first "
            "contacts, those at the entry into the base stage.",
        },
    ),
    parameters=(FROM_BASE, *IN_A_PERIOD),
    measures=(
        _measure(
            "screened",
            "完了",
            "screened",
            "最後に完了したスクリーニングが期間中にあるサイクル",
            "Passes whose last completed screening was in the period.",
        ),
        Measure(
            "all",
            Words(
                {"ja": "接触", "en": "contacts"},
                {"ja": "つながった接触とつながらなかった接触", "en": "The sum of the two."},
            ),
            sums=("reached", "unreached"),
        ),
        _measure(
            "reached",
            "つながった",
            "reached",
            "本人と話せた接触。スクリーニングの完了を含む",
            "Contacts that reached the person, completed screenings among them.",
        ),
        _measure(
            "unreached",
            "つながらなかった",
            "unreached",
            "本人と話せなかった接触",
            "Attempts that did not reach the person.",
        ),
        _measure(
            "scheduled", "予約", "scheduled", "予約された面談", "Meetings that were arranged."
        ),
        _measure("held", "実施", "held", "実施された面談", "Meetings that took place."),
        _measure(
            "missed",
            "不成立",
            "missed",
            "予約されたが実施されなかった面談",
            "Meetings that were arranged and did not take place.",
        ),
        _measure(
            "contacted",
            "初回接触",
            "contacted",
            "期間中に最初の接触があったサイクル",
            "Passes that were first contacted in the period.",
        ),
        _measure(
            "waiting",
            "接触待ち",
            "waiting",
            "基準日に起点のステージにいて、まだ接触がないサイクル",
            "Passes in the base stage at `as_of` without any contact.",
        ),
    ),
    main="screened",
    relation="screening",
    rows=_rows,
    values=_values,
    row_words=ROWS,
    base_of=handed_over_at,
    reads=READS,
    named_by=_classes,
    shares=(
        FigureShare(
            "connect_rate",
            Words(
                {"ja": "接触率", "en": "connect rate"},
                {"ja": "つながった ÷ 接触", "en": "reached ÷ contacts"},
            ),
            of=("reached",),
            out_of="all",
        ),
        FigureShare(
            "of_screened",
            Words(
                {"ja": "分類構成比", "en": "of those screened"},
                {
                    "ja": "スクリーニング完了に占める割合",
                    "en": "The share of those screened.",
                },
            ),
            of=("screened",),
            out_of="screened",
            of_row=ShareOf.THE_FIRST,
            except_in=frozenset({"contacts", "meetings", "first_contact"}),
        ),
    ),
    durations=tuple(
        FigureDuration(
            f"{measure}_p{percent}",
            Words(
                {"ja": f"{ja} p{percent}", "en": f"{en} p{percent}"},
                {"ja": f"{percent}%がこの日数以内", "en": f"{percent}% are within this."},
            ),
            measure,
            percent,
        )
        for measure, ja, en in (
            ("contacted", "初回接触まで", "to first contact"),
            ("waiting", "接触待ち", "waiting"),
        )
        for percent in (50, 90)
    ),
)
