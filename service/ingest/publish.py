"""Publish a lifecycle, or report what publishing it would do."""

import asyncio
from collections.abc import Mapping
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
from events.lifecycles.publish import asks_who_stands_where, objection, publication
from events.outcomes import Duplicate, Recorded
from events.refusals import Refusal, Refused
from events.signals.context import Context
from events.signals.sender import Sender
from events.submission import Submission
from service.http.problem import Problem
from service.services import Services
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


async def preview(
    services: Services, text: str, stage_map: Mapping[str, str]
) -> shapes.PublicationTried:
    """Report what publishing would change, who would lose a stage, and any current objection."""
    inspection = await asyncio.to_thread(examine, text)
    assert inspection.lifecycle is not None
    memory = services.ledger.memory
    occupied = (await _count_standing(services)).occupied
    refusal = objection({"text": text, "stage_map": stage_map}, memory.lifecycles, occupied)
    left = homeless(occupied, memory.lifecycles, inspection.lifecycle, {})
    return {
        "status": "allowed" if refusal is None else "refused",
        "version": memory.lifecycle_version + 1,
        "changes": [
            str(change) for change in differences(services.compiled.lifecycle, inspection.lifecycle)
        ],
        "disappearing": [
            {
                "track": "lead" if place.kind is SubjectKind.LEAD else "account",
                "stage": place.stage,
                "standing": place.standing,
                "to": stage_map.get(place.stage),
            }
            for place in left
        ],
        "complaints": _complaints(inspection),
        "problem": None if refusal is None else {"code": refusal.reason, "detail": refusal.detail},
    }


async def publish(
    services: Services, sender: Sender, text: str, stage_map: Mapping[str, str], *, id: str | None
) -> shapes.Published:
    """Put a lifecycle in force. Raises Problem if that is not possible.

    Slow work runs outside the event loop, so that other requests are answered in the meantime.
    """
    inspection = await asyncio.to_thread(examine, text)
    context = Context(services.compiled.lifecycle, services.digests, sender, services.now())
    item = await asyncio.to_thread(publication, text, stage_map, id=id or new_id(), context=context)
    asks = asks_who_stands_where(item.signal.data, services.ledger.memory.lifecycles)
    counted = await _count_standing(services) if asks else None
    (outcome,) = await services.queue.submit(Submission((item,), counted=counted))
    if isinstance(outcome, Refused):
        raise _problem(outcome.refusal)
    assert isinstance(outcome, Recorded | Duplicate)
    return {
        "status": "recorded" if isinstance(outcome, Recorded) else "duplicate",
        "position": str(outcome.position),
        "leaf": outcome.leaf.hex(),
        "version": _version_at(services, outcome.position),
        "complaints": _complaints(inspection),
    }


async def _count_standing(services: Services) -> Occupancy:
    in_force = services.ledger.memory.lifecycle_version
    return await count_standing(services.engine, services.schema, in_force=in_force)


def _version_at(services: Services, position: int) -> int:
    published = services.ledger.memory.lifecycles.values()
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
