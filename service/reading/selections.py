"""Selection runs, described from their evidence in the ledger."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.rules.selection import places
from domain.times import format_utc
from events import records
from events.database.statements import Statement, load
from events.limits import RANKED_PAGE
from events.records import selection_id
from events.selections.evidence import Asked, Ranking, ranked_in, run_of
from events.selections.running import Trial
from service.http.problem import Problem
from service.shapes import selections as shapes


class SelectionQueries:
    """Queries on runs. A class, because each needs the same engine and statements."""

    def __init__(self, engine: AsyncEngine, schema: str) -> None:
        self._engine = engine
        self._sql: Mapping[str, Statement] = load("events.selections", "selections.sql", schema)

    async def page(self, *, before: int, limit: int) -> list[shapes.Selection]:
        """List runs, newest first."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                self._sql["list_runs"].text, {"before": before, "limit": limit}
            )
            return [_run(row.record, row.completed) for row in rows]

    async def one(self, run_id: str, *, after: int, limit: int) -> shapes.SelectionWithLeads:
        """Read a run and part of its ranking. Raises Problem: not-found."""
        found = await self._by_ids([selection_id(run_id), selection_id(run_id, "completed")])
        if not found:
            raise Problem("not-found", "No selection has this id; GET /v1/selections lists them.")
        run = _run(found[0], found[1] if len(found) > 1 else None)
        pages = range(after // RANKED_PAGE, (after + limit) // RANKED_PAGE + 1)
        ids = [selection_id(run_id, "ranked", str(number)) for number in pages]
        ranking = [
            lead
            for record in await self._by_ids(ids)
            for lead in ranked_in(records.decode_event(record))
        ]
        start = after - pages.start * RANKED_PAGE
        return {**run, **_stretch(ranking[start:], run["selected"], after=after, limit=limit)}

    async def _by_ids(self, ids: Sequence[str]) -> list[str]:
        async with self._engine.connect() as connection:
            rows = await connection.scalars(self._sql["read_by_ids"].text, {"ids": list(ids)})
            return list(rows)


def describe_trial(asked: Asked, trial: Trial, *, limit: int) -> shapes.SelectionWithLeads:
    """Describe what a run would select."""
    found = _found(asked.id, trial.data)
    return {
        **found,
        "status": "dry_run",
        "position": None,
        "time": None,
        "qualified": None,
        "skipped": [],
        **_stretch(trial.ranking, found["selected"], after=0, limit=limit),
    }


def _stretch(ranking: Ranking, selected: int, *, after: int, limit: int) -> shapes.RankingStretch:
    """Describe the part of a ranking that begins after a rank."""
    return {
        "leads": [
            {"rank": rank, "lead": lead_id, "score": score, "selected": rank <= selected}
            for rank, (lead_id, score) in enumerate(ranking[:limit], start=after + 1)
        ],
        "next": after + limit if len(ranking) > limit else None,
    }


def _run(record: str, completed: str | None) -> shapes.Selection:
    run = run_of(records.decode_event(record))
    end = records.decode_event(completed).data if completed is not None else None
    skipped = end["skipped"] if end is not None else []
    return {
        **_found(run.id, run.data),
        "status": "running" if end is None else "completed",
        "position": str(run.position),
        "time": format_utc(run.at),
        "qualified": end["qualified"] if end is not None else None,
        "skipped": [{"lead": lead_id, "reason": reason} for lead_id, reason in skipped],
    }


def _found(run_id: str, data: Mapping[str, Any]) -> shapes.SelectionFound:
    taken = data["backlog"] + data["requests"] + data["selected_before"]
    return {
        "id": run_id,
        "read_at": data["read_at"],
        "team": data["team"],
        "market": data.get("market"),
        "starts_on": data["starts_on"],
        "ends_on": data["ends_on"],
        "capacity": data["capacity"],
        "capacity_declared_at": data.get("capacity_declared_at"),
        "backlog": data["backlog"],
        "requests": data["requests"],
        "selected_before": data["selected_before"],
        "places": places(data["capacity"], taken=taken),
        "candidates": data["candidates"],
        "selected": data["selected"],
        "deferred": data["candidates"] - data["selected"],
        "cut_line": data.get("cut_line"),
        "digest": data["digest"],
    }
