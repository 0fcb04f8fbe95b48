"""Items and leads that raised an unexpected error: logged, counted, and noted for a later retry."""

from collections.abc import Iterable, Mapping

import structlog

from events.append.plan import Failure
from events.database.sessions import Driver
from events.database.statements import Statement
from events.faults import Fault, OnFault

FIRST_PAUSE_S, LONGEST_PAUSE_S = 60.0, 3_600.0
"""Pauses before a lead that was set aside is retried. They double, because a bug stays until it is
fixed, and a fix comes with a restart, after which all leads are retried at once."""

log = structlog.get_logger()


class SettingAside:
    """A class, because it holds the writer's statement and metrics callback."""

    def __init__(self, set_aside: Statement, on_fault: OnFault) -> None:
        self._set_aside = set_aside
        self.on_fault = on_fault

    def report(self, failures: Iterable[Failure]) -> None:
        """Log and count items that are kept as refusals because of an unexpected error."""
        for fault, refused in failures:
            self.on_fault("deciding")
            log.error(
                "ledger.item_failed",
                **fault._asdict(),
                type=refused.type,
                refusal=refused.refusal_id,
            )

    async def note(self, driver: Driver, leads: Mapping[str, Fault], position: int) -> None:
        """Note leads that cannot be brought up to date, so that every process skips them."""
        for lead_id, fault in leads.items():
            self.on_fault("timers")
            log.error("ledger.lead_set_aside", lead=lead_id, **fault._asdict())
        values = {
            "lead_ids": list(leads),
            # A forgotten memory has no position.
            "position": max(position, 0),
            "errors": [fault.error for fault in leads.values()],
            "places": [fault.place for fault in leads.values()],
            "first_pause_s": FIRST_PAUSE_S,
            "longest_pause_s": LONGEST_PAUSE_S,
        }
        statement = self._set_aside
        await driver.execute(statement.driver_sql, *statement.arguments(values))
