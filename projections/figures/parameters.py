"""What can be asked of figures, each in the same words everywhere."""

from typing import Final

from projections.figures.definition import Parameter

SINCE: Final = Parameter(
    "from",
    {
        "ja": "期間の開始。日付はその日の始まり、日時はその時刻から",
        "en": "The start of the period: the beginning of a day, or a time.",
    },
)
UNTIL: Final = Parameter(
    "to",
    {
        "ja": "期間の終了。日付はその日の終わりまで、日時はその時刻の直前まで",
        "en": "The end of the period: the end of a day, or a time, which is not included.",
    },
)
PERIOD: Final = Parameter(
    "period",
    {
        "ja": "`from`と`to`の代わりに、期間の名前(`this_month`、`last_quarter`など)",
        "en": "Instead of `from` and `to`, a period by name, such as `this_month`.",
    },
)
CLOSING_DAY: Final = Parameter(
    "closing_day",
    {
        "ja": "`period`の月の締め日(1~28、20日締めは`20`)。省略すると月末",
        "en": "The day, 1 to 28, on which the months of `period` close. By default, the last day.",
    },
)
BASE: Final = Parameter(
    "base",
    {
        "ja": "母数とするステージ。省略すると、ライフサイクルで匿名でない最初のステージ",
        "en": "The stage in which the cohort begins. By default, the last in which a journey may "
        "begin, which is where leads are acquired.",
    },
)
TARGET: Final = Parameter(
    "target",
    {
        "ja": "到達を数えるステージ。省略すると、最後のステージ",
        "en": "The stage to get to. By default, the last of the path.",
    },
)
WITHIN: Final = Parameter(
    "within",
    {
        "ja": "何日以内の到達を数えるか。省略すると90日",
        "en": "In how many days. By default, 90.",
    },
)
UNIT: Final = Parameter(
    "unit",
    {
        "ja": "何を1件と数えるか: `pass`(サイクル)、`person`(人)、`company`(企業)。"
        "省略するとサイクル。企業は最も進んだリードで1件とし、企業の分からないリードは数えない",
        "en": "What counts once: `pass`, `person` or `company`. By default, passes. A company "
        "counts where its furthest lead is; leads whose company is not known are left out.",
    },
)

AGAINST: Final = Parameter(
    "against",
    {
        "ja": "比べる対象: `previous`(前の期間)、`last_year`(前年同期)、`plan`(目標)。"
        "期間の始まりと終わりが必要",
        "en": "What to compare with: `previous` for the period before, `last_year` for the same "
        "one a year earlier, or `plan` for the targets. The period needs a start and an end.",
    },
)

ZONE: Final = Parameter(
    "zone",
    {
        "ja": "日付と期間を区切るタイムゾーン(`Europe/Berlin`など)。"
        "省略するとライフサイクルのもの。流入月と獲得月の内訳はライフサイクルのタイムゾーンで記録されており、併用できない",
        "en": "The time zone in which days and periods are cut, such as `Europe/Berlin`. By "
        "default, the lifecycle's. The months of entries and acquisitions are recorded in that "
        "one, so `by` cannot name them with another.",
    },
)

IN_A_PERIOD: Final = (SINCE, UNTIL, PERIOD, CLOSING_DAY, AGAINST, ZONE)
