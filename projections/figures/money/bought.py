"""Won business in the rows of a figure: how many pieces, and what they amount to. Pure.

    deal-1  new      JPY 900   orders, orders_value_JPY; as new business, new_orders, ...
    deal-2  renewal  USD 100   orders, orders_value_USD

Amounts in different currencies are never added: each currency has rows of its own. A piece without
an amount is in the row that counts it, and not in that of the amount.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from domain.currencies import CODES
from domain.lifecycle.contribution import ContributionRules
from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.words import Words
from projections.business.won_business import NEW, Unit
from projections.figures.over_time.deals import no_values
from projections.figures.question import Question
from projections.names import ProjectionName

READS: Final = (
    ProjectionName.STAGE_INTERVALS,
    ProjectionName.DIRECTORY,
    ProjectionName.BUSINESS,
)
"""The projections from which won business and its people are read."""
OF_NEW: Final = "new_"
ORDERS, VALUE, GROSS_PROFIT = "orders", "value", "gross_profit"
SCOPES: Final = ("", OF_NEW)
"""All business, and the kinds that the lifecycle's rules of contribution name."""
_MEANINGS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    VALUE: ("金額", "value", "受注の金額の合計", "What the business amounts to."),
    GROSS_PROFIT: ("粗利", "gross profit", "受注の粗利の合計", "The gross profit of the business."),
}


class Entry(NamedTuple):
    """A piece of business in a row."""

    won_by: int
    in_row: str
    measures: str
    amount: Decimal | None


def rows_of(unit: Unit, lifecycle: Lifecycle, name: str) -> Iterator[tuple[str, Decimal | None]]:
    """Return the rows of this name in which a piece of business counts, with its amount there."""
    rules = lifecycle.contribution
    kinds = rules.business if rules is not None else (NEW,)
    for scope in SCOPES:
        if scope == OF_NEW and unit.business not in kinds:
            continue
        yield f"{scope}{name}", None
        for of, amounts in ((VALUE, unit.amounts), (GROSS_PROFIT, unit.profits)):
            for currency, amount in in_currencies(amounts, rules).items():
                yield f"{scope}{name}_{of}_{currency}", amount


def entries_of(
    units: Iterable[Unit], lifecycle: Lifecycle, name: str, measures_of: Callable[[Unit], str]
) -> list[Entry]:
    """Return each piece of business in each of its rows of this name."""
    return [
        Entry(unit.won_by, row, measures_of(unit), amount)
        for unit in units
        for row, amount in rows_of(unit, lifecycle, name)
    ]


def in_currencies(
    amounts: Mapping[str | None, Decimal | None], rules: ContributionRules | None
) -> dict[str, Decimal]:
    """Return the reported amounts by currency; one that names none is in the lifecycle's."""
    found: dict[str, Decimal] = {}
    for named, amount in amounts.items():
        currency = named or (rules.currency if rules is not None else None)
        if currency is not None and amount is not None:
            found[currency] = found.get(currency, Decimal()) + amount
    return found


def ordered_rows(lifecycle: Lifecycle, counted: Collection[str], names: Iterable[str]) -> list[str]:
    """Return the rows of amounts that have members, and those that count business, in order.

    The lifecycle's currency comes first.
    """
    rules = lifecycle.contribution
    own = rules.currency if rules is not None else ""
    currencies = sorted(CODES, key=lambda code: (code != own, code))
    rows = []
    for row in (f"{scope}{name}" for scope in SCOPES for name in names):
        rows.append(row)
        for code in currencies:
            amounts = (f"{row}_{of}_{code}" for of in (VALUE, GROSS_PROFIT))
            rows += [amount for amount in amounts if amount in counted]
    return rows


def values_of_business(
    units: Iterable[Unit], entries: Collection[Entry], question: Question
) -> dict[str, Any]:
    """Return, as columns, the business that counts and the rows in which it does."""
    found = list(units)
    return {
        "leads": [unit.lead for unit in found],
        "accounts": [unit.account for unit in found],
        "pass_numbers": [unit.pass_number for unit in found],
        "won_at": [unit.won_at for unit in found],
        "won_by": [unit.won_by for unit in found],
        "entry_of": [entry.won_by for entry in entries],
        "in_rows": [entry.in_row for entry in entries],
        "counts": [entry.measures for entry in entries],
        "amounts": [entry.amount for entry in entries],
        "no_values": no_values(question),
    }


ROW_WORDS: Final[Mapping[str, Words]] = {
    ORDERS: Words(
        {"ja": "受注(全体)", "en": "orders"},
        {
            "ja": "期間中に受注した商談と、商談のない受注。取消は除く",
            "en": "Deals won in the period, and orders without a deal, net of cancellations.",
        },
    ),
    f"{OF_NEW}{ORDERS}": Words(
        {"ja": "受注(新規)", "en": "new orders"},
        {
            "ja": "そのうち、売上貢献の対象となる種類(通常は新規)",
            "en": "Of these, the kinds that contribution counts: by default, new business.",
        },
    ),
}


def amount_words(names: Mapping[str, Words]) -> dict[str, Words]:
    """Return what the rows of amounts are called, given what those are called that count."""
    return {
        f"{row}_{of}_{code}": Words(
            {
                "ja": f"{words.label['ja']}: {ja} ({code})",
                "en": f"{words.label['en']}: {en} ({code})",
            },
            {"ja": ja_means, "en": en_means},
        )
        for row, words in names.items()
        for of, (ja, en, ja_means, en_means) in _MEANINGS.items()
        for code in CODES
    }


ABOUT_AMOUNTS: Final = {
    "ja": "金額の行(末尾が`_value_JPY`、`_gross_profit_JPY`など)は通貨ごとに分かれ、"
    "換算も合算もしない。"
    "件数は金額の報告がある受注の数で、報告のない受注は含まない",
    "en": "Rows of amounts, which end in `_value_JPY` or `_gross_profit_JPY`, are separate for "
    "each currency, never converted or added. Their counts are those of the orders that report the "
    "amount.",
}
BY_ORDER_DATE: Final = {
    "ja": "受注は受注日(商談に受注がなければ成約日)で数え、リードのない受注も含む",
    "en": "Business counts by the date of the order, or of winning if nothing was ordered, with or "
    "without a lead.",
}
