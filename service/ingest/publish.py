"""Publish a lifecycle, or report what publishing it would do."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import available_timezones

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.lifecycle.change.difference import differences
from domain.lifecycle.change.succession import Occupancy, homeless
from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.text.load import Inspection, inspect
from events.append.loader import occupancy_in
from events.batch.ids import new_id
from events.database.statements import load
from events.lifecycles.expansion import known_countries
from events.lifecycles.known import Lifecycles
from events.lifecycles.publish import asks_who_stands_where, objection, publication
from events.outcomes import Duplicate, Recorded
from events.refusals import Refusal, Refused
from events.signals.sender import Sender
from events.submission import Submission
from service.http.problem import Problem
from service.ingest.reporting import Reporting
from service.shapes import lifecycle as shapes


def examine(text: str) -> Inspection:
    """Read the text of a lifecycle. Raises Problem with every complaint."""
    inspection = inspect(text, zones=available_timezones(), countries=known_countries())
    if inspection.lifecycle is None:
        raise Problem(
            "lifecycle-invalid",
            "The text is not a valid lifecycle; `complaints` lists every mistake with its line.",
            complaints=_complaints(inspection),
        )
    return inspection


@dataclass(frozen=True, slots=True)
class Publishing:
    """What publishing takes: how it is reported, and who is in which stage."""

    reporting: Reporting
    engine: AsyncEngine
    schema: str

    @property
    def lifecycles(self) -> Lifecycles:
        return self.reporting.lifecycles

    async def occupancy(self) -> Occupancy:
        """Count leads and accounts per stage of the lifecycle in force."""
        in_force = self.lifecycles.last_version
        return await count_standing(self.engine, self.schema, in_force=in_force)


async def preview(
    publishing: Publishing, text: str, stage_map: Mapping[str, str]
) -> shapes.PublicationTried:
    """Report what publishing would change, who would lose a stage, and any current objection."""
    inspection = await asyncio.to_thread(examine, text)
    assert inspection.lifecycle is not None
    lifecycles = publishing.lifecycles
    occupied = (await publishing.occupancy()).occupied
    refusal = objection({"text": text, "stage_map": stage_map}, lifecycles.published, occupied)
    left = homeless(occupied, lifecycles.published, inspection.lifecycle, {})
    return {
        "status": "allowed" if refusal is None else "refused",
        "version": lifecycles.last_version + 1,
        "changes": [
            str(change)
            for change in differences(lifecycles.in_force.lifecycle, inspection.lifecycle)
        ],
        "disappearing": [
            {
                "track": "lead" if lost.kind is SubjectKind.LEAD else "account",
                "stage": lost.stage,
                "standing": lost.standing,
                "to": stage_map.get(lost.stage),
            }
            for lost in left
        ],
        "complaints": _complaints(inspection),
        "problem": None if refusal is None else {"code": refusal.reason, "detail": refusal.detail},
    }


async def publish(
    publishing: Publishing,
    sender: Sender,
    text: str,
    stage_map: Mapping[str, str],
    *,
    id: str | None,
) -> shapes.Published:
    """Put a lifecycle in force. Raises Problem if that is not possible.

    Slow work runs outside the event loop, so that other requests are answered in the meantime.
    """
    inspection = await asyncio.to_thread(examine, text)
    reporting, lifecycles = publishing.reporting, publishing.lifecycles
    context = reporting.context(sender)
    item = await asyncio.to_thread(publication, text, stage_map, id=id or new_id(), context=context)
    asks = asks_who_stands_where(item.signal.data, lifecycles.published)
    counted = await publishing.occupancy() if asks else None
    (outcome,) = await reporting.queue.submit(Submission((item,), counted=counted))
    if isinstance(outcome, Refused):
        raise _problem(outcome.refusal)
    assert isinstance(outcome, Recorded | Duplicate)
    return {
        "status": "recorded" if isinstance(outcome, Recorded) else "duplicate",
        "position": str(outcome.position),
        "leaf": outcome.leaf.hex(),
        "version": _version_at(lifecycles, outcome.position),
        "complaints": _complaints(inspection),
    }


def _version_at(lifecycles: Lifecycles, position: int) -> int:
    published = lifecycles.published.values()
    return next(version.version for version in published if version.published_at == position)


def _problem(refusal: Refusal) -> Problem:
    return Problem(refusal.reason, refusal.detail, pointer=refusal.pointer, **refusal.members)


def _complaints(inspection: Inspection) -> list[shapes.Complaint]:
    return [
        {
            "line": complaint.line,
            "path": complaint.path,
            "message": complaint.message,
            "fatal": complaint.fatal,
        }
        for complaint in inspection.complaints
    ]


async def count_standing(engine: AsyncEngine, schema: str, *, in_force: int) -> Occupancy:
    """Count leads and accounts per stage without blocking the writer; many take over 1 s."""
    statement = load("events.append", "ledger.sql", schema)["count_standing"].text
    async with engine.connect() as connection:
        rows = (await connection.execute(statement)).mappings().all()
    return occupancy_in(rows, in_force=in_force)
