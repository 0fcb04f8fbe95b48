"""What is known now about the deals and orders of one company.

dealings = await Dealings("ledger").of_company(driver, account, leads, limit=500)
dealings.deals[0].value
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from events.database.sessions import Driver
from events.database.statements import load
from projections.business.won_business import What


class Report(NamedTuple):
    """One report of a deal or an order."""

    position: int
    what: str
    occurred_at: datetime
    lead: str | None
    opportunity: str | None
    order: str | None
    value: Decimal | None
    currency: str | None
    business: str | None
    product: str | None
    expected_close: date | None
    reason: str | None


class Dealing(NamedTuple):
    """A deal or an order, with the latest that was reported of each field."""

    number: str
    begun_at: datetime
    last: Report
    """By which it is as it is now."""
    lead: str | None
    value: Decimal | None
    currency: str | None
    business: str | None
    product: str | None
    expected_close: date | None


class CompanyDealings(NamedTuple):
    deals: Sequence[Dealing]
    orders: Sequence[Dealing]


class Dealings:
    """Queries about the business with one company. A class, because they share the statements."""

    def __init__(self, schema: str) -> None:
        self._sql = load("projections", "business/dealings.sql", schema)

    async def of_company(
        self, driver: Driver, account: str, leads: Sequence[str], *, limit: int
    ) -> CompanyDealings:
        """Return the deals and orders that the latest reports are about, the latest first."""
        statement = self._sql["of_company"]
        values = {"account": account, "leads": list(leads), "limit": limit}
        rows = await driver.fetch(statement.driver_sql, *statement.arguments(values))
        reports = [Report(*row.values()) for row in rows]
        orders = (What.ORDERED, What.AMENDED, What.CANCELLED, What.RENEWED)
        return CompanyDealings(
            _gathered(
                [report for report in reports if report.what not in orders],
                lambda report: report.opportunity,
            ),
            _gathered(
                [report for report in reports if report.what in orders],
                lambda report: report.order,
            ),
        )


def _gathered(
    reports: Sequence[Report], number_of: Callable[[Report], str | None]
) -> list[Dealing]:
    """Put together what is about the same; the latest report of a field counts."""
    by_number: dict[str, list[Report]] = {}
    for report in reports:
        if (number := number_of(report)) is not None:
            by_number.setdefault(number, []).append(report)
    return [_dealing(number, found) for number, found in by_number.items()]


def _dealing(number: str, latest_first: Sequence[Report]) -> Dealing:
    priced = next((report for report in latest_first if report.value is not None), None)
    return Dealing(
        number,
        latest_first[-1].occurred_at,
        latest_first[0],
        next((report.lead for report in latest_first if report.lead is not None), None),
        priced.value if priced is not None else None,
        priced.currency if priced is not None else None,
        next((report.business for report in latest_first if report.business is not None), None),
        next((report.product for report in latest_first if report.product is not None), None),
        next(
            (report.expected_close for report in latest_first if report.expected_close is not None),
            None,
        ),
    )
