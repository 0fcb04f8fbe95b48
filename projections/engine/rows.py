"""Write the rows of a generation: new rows by COPY, changed ones by a statement on arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from events.database.sessions import Driver
from events.database.statements import Statement

Rows: TypeAlias = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class RowWriter:
    """A class, because every write to a generation needs the same four values."""

    driver: Driver
    schema: str
    sql: Mapping[str, Statement]
    generation: int

    async def copy(self, table: str, columns: Sequence[str], rows: Rows) -> None:
        """Insert new rows.

        Takes half the time of INSERT: the driver writes arrays by element, but COPY by row.
        """
        if rows:
            await self.driver.copy_records_to_table(
                table,
                schema_name=self.schema,
                columns=("generation", *columns),
                records=[(self.generation, *row) for row in rows],
            )

    async def write(self, name: str, columns: Sequence[str], rows: Rows) -> None:
        """Execute a statement that takes each column as an array; nothing if there are no rows."""
        if rows:
            values = dict(zip(columns, zip(*rows, strict=True), strict=True))
            arguments = self.sql[name].arguments({"generation": self.generation, **values})
            await self.driver.execute(self.sql[name].driver_sql, *arguments)
