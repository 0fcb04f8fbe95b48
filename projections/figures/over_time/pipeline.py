"""The figure about open deals: when they are expected to be decided, and which have stalled."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from domain.lifecycle.definition import Lifecycle, SubjectKind
from domain.lifecycle.words import Words
from projections.figures.definition import Figure, FigureShare, Measure
from projections.figures.over_time.deals import READS, no_values
from projections.figures.question import Question, RowKey

QUIET: Final = timedelta(days=30)
"""A deal about which nothing is reported for this long has stalled."""
MONTHS: Final = 12
"""As many as are planned for: further ahead, a month says little."""
ALL, OVERDUE, LATER, NONE = "all", "overdue", "later", "none"


def _rows(lifecycle: Lifecycle, question: Question, counted: Collection[RowKey]) -> list[RowKey]:
    """Return the rows of leads, and those of companies if any deal names no lead."""
    months = [f"{month:%Y-%m}" for month in _months(lifecycle, question)[:-1]]
    kinds = [SubjectKind.LEAD]
    if any(row.track is SubjectKind.ACCOUNT for row in counted):
        kinds.append(SubjectKind.ACCOUNT)
    return [RowKey(kind, name) for kind in kinds for name in (ALL, OVERDUE, *months, LATER, NONE)]


def _months(lifecycle: Lifecycle, question: Question) -> list[date]:
    """Return the first days of the months that have a row, and of the one after them."""
    today = _today(lifecycle, question)
    counted = [today.year * 12 + today.month - 1 + number for number in range(MONTHS + 1)]
    return [date(month // 12, month % 12 + 1, 1) for month in counted]


def _today(lifecycle: Lifecycle, question: Question) -> date:
    return question.as_of.astimezone(ZoneInfo(lifecycle.time_zone)).date()


def _values(lifecycle: Lifecycle, question: Question) -> Mapping[str, Any]:
    return {
        "no_values": no_values(question),
        "quiet_since": question.as_of - QUIET,
        "today": _today(lifecycle, question),
        "later": _months(lifecycle, question)[-1],
    }


PIPELINE: Final = Figure(
    name="pipeline",
    version=1,
    words=Words(
        {"ja": "商談パイプライン", "en": "pipeline"},
        {
            "ja": "基準日に決着していない商談の件数。決着予定月ごとに、停滞と延期を示す",
            "en": "How many deals are open at a moment, by the month in which they are expected to "
            "be decided, and how many have stalled or were postponed.",
        },
    ),
    formula={
        "ja": "進行中の商談 = 動きあり + 停滞。停滞 = 基準日までの30日間に報告のない商談",
        "en": "open = active + stalled, where stalled = no report about the deal in the 30 days "
        "up to as_of",
    },
    unit={"ja": "商談(件)", "en": "deals"},
    traps=(
        {
            "ja": "停滞は商談についての報告(発生、更新、再開)で判断する。面談やメールは数えない",
            "en": "Whether a deal has stalled depends on reports about the deal itself: created, "
            "updated, reopened. Meetings and mail do not count.",
        },
        {
            "ja": "決着予定日を過ぎた商談は「予定日超過」に入り、その月には入らない",
            "en": "A deal whose expected day has passed is overdue, and not in its month.",
        },
        {
            "ja": "延期は、決着予定月が前の報告より後の月になった場合だけ。"
            "同じ月の中の変更は数えない",
            "en": "A deal is postponed if a report names a later month than the one before. "
            "Another day of the same month does not count.",
        },
        {
            "ja": "内訳の値は、基準日時点のリードの値",
            "en": "Breakdowns use the values of the lead at `as_of`.",
        },
    ),
    parameters=(),
    measures=(
        Measure(
            "open",
            Words(
                {"ja": "進行中の商談", "en": "open"},
                {"ja": "基準日に決着していない", "en": "Not decided at that moment."},
            ),
            sums=("active", "stalled"),
        ),
        Measure(
            "active",
            Words(
                {"ja": "動きあり", "en": "active"},
                {
                    "ja": "基準日までの30日間に商談の報告がある",
                    "en": "Reported about in the 30 days before.",
                },
            ),
        ),
        Measure(
            "stalled",
            Words(
                {"ja": "停滞", "en": "stalled"},
                {
                    "ja": "基準日までの30日間に商談の報告がない",
                    "en": "Not reported about in the 30 days before.",
                },
            ),
        ),
        Measure(
            "postponed",
            Words(
                {"ja": "延期", "en": "postponed"},
                {
                    "ja": "決着予定月が1回以上延びた",
                    "en": "The expected month was postponed at least once.",
                },
            ),
        ),
        Measure(
            "again",
            Words(
                {"ja": "再延期", "en": "postponed again"},
                {
                    "ja": "延期のうち、2回以上延びた",
                    "en": "Of the postponed, those postponed more than once.",
                },
            ),
        ),
    ),
    main="open",
    relation="pipeline",
    rows=_rows,
    values=_values,
    row_words={
        ALL: Words(
            {"ja": "合計", "en": "all"},
            {"ja": "進行中のすべての商談", "en": "All open deals."},
        ),
        OVERDUE: Words(
            {"ja": "予定日超過", "en": "overdue"},
            {
                "ja": "決着予定日が基準日より前",
                "en": "The expected day has passed.",
            },
        ),
        LATER: Words(
            {"ja": "それ以降", "en": "later"},
            {
                "ja": "決着予定が基準日の月から12か月目以降",
                "en": "Expected after the twelve months that begin with the present one.",
            },
        ),
        NONE: Words(
            {"ja": "予定なし", "en": "no date"},
            {"ja": "決着予定日の報告がない", "en": "No expected day has been reported."},
        ),
    },
    values_at_entry=False,
    reads=READS,
    shares=(
        FigureShare(
            "stalled_share",
            Words(
                {"ja": "停滞の割合", "en": "stalled share"},
                {"ja": "停滞 ÷ 進行中の商談", "en": "stalled ÷ open"},
            ),
            of=("stalled",),
            out_of="open",
        ),
    ),
)
