"""The projection of business: its statements, and how a batch is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.event import Event
from domain.lifecycle.service_events import TIME
from events.database.sessions import Driver
from events.database.statements import Statement, load
from events.records import decode_event
from projections.business.fold import Business, BusinessRow, TakenBack, TouchRow, fold
from projections.engine.limits import BUSINESS_ROWS_KEPT

NAME = "business"
VERSION = 1


@dataclass(frozen=True, slots=True)
class BusinessProjection:
    """A class, because a projection is its statements with what uses them."""

    schema: str
    sql: Mapping[str, Statement]
    name: str = NAME
    version: int = VERSION
    tables: tuple[str, ...] = ("business_told", "business_touches")

    def concerns(self, record: str) -> bool:
        """Tell whether a record may tell of business or of a touch: any with a key may."""
        return '"key":"' in record or '"type":"lifecycle.published"' in record

    def begin(self, *, is_complete: bool) -> Business:
        del is_complete
        return Business()

    async def load(
        self, driver: Driver, generation: int, state: Business, events: Sequence[Event]
    ) -> None:
        """Read the lifecycle in force: roles, the origin table and touches are its own."""
        del generation
        if state.lifecycle is None:
            record = await driver.fetchval(
                self.sql["read_lifecycle"].driver_sql, events[0].position
            )
            if record is not None:
                fold(state, decode_event(record))

    def fold(self, state: Business, event: Event) -> None:
        fold(state, event)

    async def relieve(self, driver: Driver, generation: int, state: Business) -> None:
        """Write rows, which no later event changes but to void them."""
        if len(state.business) + len(state.touches) > BUSINESS_ROWS_KEPT:
            await self.write(driver, generation, state)

    async def write(self, driver: Driver, generation: int, state: Business) -> None:
        """Write what was told, then what was voided of it."""
        for table, columns, rows in (
            ("business_told", BusinessRow._fields, state.business),
            ("business_touches", TouchRow._fields, state.touches),
        ):
            if rows:
                await driver.copy_records_to_table(
                    table,
                    schema_name=self.schema,
                    columns=("generation", *columns),
                    records=[(generation, *row) for row in rows],
                )
        for one in state.taken_back:
            await self._take_back(driver, generation, one)
        state.business.clear()
        state.touches.clear()
        state.taken_back.clear()

    async def _take_back(self, driver: Driver, generation: int, one: TakenBack) -> None:
        values: dict[str, Any] = {
            "generation": generation,
            "position": one.position,
            "by_position": one.by_position,
        }
        if one.fields is None:
            await self._execute(driver, "void_touch", values)
            await self._execute(driver, "void_told", values)
            return
        told = one.fields
        value = told.get("value")
        values |= {name: told.get(name) for name in ("currency", "business", "product")}
        values |= {"lead": one.lead, "opportunity": one.opportunity, "order_id": one.order_id}
        values |= {f"corrects_{name}": name in told for name in ("opportunity", "order")}
        values["value"] = Decimal(str(value)) if value is not None else None
        time = told.get(TIME)
        values["occurred_at"] = datetime.fromisoformat(time) if time is not None else None
        await self._execute(driver, "correct_told", values)
        await self._execute(driver, "correct_touch", values)

    async def _execute(self, driver: Driver, name: str, values: Mapping[str, Any]) -> None:
        statement = self.sql[name]
        await driver.execute(statement.driver_sql, *statement.arguments(values))


def business(schema: str) -> BusinessProjection:
    """Return the projection for the ledger of this schema."""
    return BusinessProjection(schema, load("projections", "business/business.sql", schema))
