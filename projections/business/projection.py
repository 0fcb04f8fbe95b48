"""The projection of business: load and write one batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.event import Event
from domain.lifecycle.service_events import TIME
from events.database.sessions import Driver
from events.database.statements import Statement, load
from events.records import decode_event
from projections.business.contacts import CLASS, COLUMNS, attempt_in
from projections.business.costs import CostRow
from projections.business.fold import (
    GROSS_PROFIT,
    VALUE,
    Business,
    BusinessRow,
    TakenBack,
    TouchRow,
    amount_in,
    campaign_in,
    day_in,
    fold,
)
from projections.engine.record_text import PUBLISHES
from projections.engine.rows import RowWriter

NAME = "business"
VERSION = 4


@dataclass(frozen=True, slots=True)
class BusinessProjection:
    """A class, because a projection combines statements with the methods that use them."""

    schema: str
    sql: Mapping[str, Statement]
    name: str = NAME
    version: int = VERSION
    tables: tuple[str, ...] = (
        "business_reports",
        "business_touches",
        "business_contacts",
        "business_costs",
    )

    def concerns(self, record: str) -> bool:
        """Return whether a record may report business, a touch or a cost, or what they belong to.

        Any record with a key may report something.
        """
        return '"key":"' in record or '"reports":[' in record or PUBLISHES in record

    def begin(self, *, is_complete: bool) -> Business:
        del is_complete
        return Business()

    async def load(
        self, driver: Driver, generation: int, state: Business, events: Sequence[Event]
    ) -> None:
        """Read the lifecycle in force, which defines roles, the origin table and touches."""
        del generation
        if state.lifecycle is None:
            record = await driver.fetchval(
                self.sql["read_lifecycle"].driver_sql, events[0].position
            )
            if record is not None:
                fold(state, decode_event(record))

    def fold(self, state: Business, event: Event) -> None:
        fold(state, event)

    async def write(self, driver: Driver, generation: int, state: Business) -> None:
        """Write the new rows, then void and correct rows."""
        writer = RowWriter(driver, self.schema, self.sql, generation)
        await writer.copy("business_reports", BusinessRow._fields, state.business)
        await writer.copy("business_touches", TouchRow._fields, state.touches)
        await writer.copy("business_contacts", COLUMNS, state.contacts)
        await writer.copy("business_costs", CostRow._fields, state.costs)
        for taken_back in state.taken_back:
            await self._take_back(driver, generation, taken_back)
        state.business.clear()
        state.touches.clear()
        state.contacts.clear()
        state.costs.clear()
        state.taken_back.clear()

    async def _take_back(self, driver: Driver, generation: int, taken_back: TakenBack) -> None:
        values: dict[str, Any] = {
            "generation": generation,
            "position": taken_back.position,
            "by_position": taken_back.by_position,
        }
        if taken_back.belonging is not None:
            await self._execute(driver, "restate_business", values | taken_back.belonging._asdict())
            return
        if taken_back.fields is None:
            await self._execute(driver, "void_touch", values)
            await self._execute(driver, "void_contact", values)
            await self._execute(driver, "void_business", values)
            return
        fields = taken_back.fields
        values |= {name: fields.get(name) for name in ("currency", "business", "product", "reason")}
        values |= {
            "lead": taken_back.lead,
            "opportunity": taken_back.opportunity,
            "order_id": taken_back.order_id,
        }
        values |= {f"corrects_{name}": name in fields for name in ("opportunity", "order")}
        values |= {name: amount_in(fields, name) for name in (VALUE, GROSS_PROFIT)}
        values["expected_close"] = day_in(fields)
        time = fields.get(TIME)
        values["occurred_at"] = datetime.fromisoformat(time) if time is not None else None
        await self._execute(driver, "correct_business", values)
        await self._execute(driver, "correct_touch", values | {"campaign": campaign_in(fields)})
        values |= {"attempt": attempt_in(fields), "class": fields.get(CLASS)}
        await self._execute(driver, "correct_contact", values)

    async def _execute(self, driver: Driver, name: str, values: Mapping[str, Any]) -> None:
        statement = self.sql[name]
        await driver.execute(statement.driver_sql, *statement.arguments(values))


def business(schema: str) -> BusinessProjection:
    """Return the projection for the ledger of this schema."""
    return BusinessProjection(schema, load("projections", "business/business.sql", schema))
