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


class SelectionQueries:
    """Queries on runs. A class, because each needs the same engine and statements."""

    def __init__(self, engine: AsyncEngine, schema: str) -> None:
        self._engine = engine
        self._sql: Mapping[str, Statement] = load("events.selections", "selections.sql", schema)

    async def page(self, *, before: int, limit: int) -> list[dict[str, Any]]:
        """List runs, newest first."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                self._sql["list_runs"].text, {"before": before, "limit": limit}
            )
            return [_run(row.record, row.completed) for row in rows]

    async def one(self, run_id: str, *, after: int, limit: int) -> dict[str, Any]:
        """Read a run and part of its ranking. Raises Problem: not-found."""
        found = await self._by_ids([selection_id(run_id), selection_id(run_id, "completed")])
        if not found:
            raise Problem("not-found", "No selection has this id; GET /v1/selections lists them.")
        content = _run(found[0], found[1] if len(found) > 1 else None)
        pages = range(after // RANKED_PAGE, (after + limit) // RANKED_PAGE + 1)
        ids = [selection_id(run_id, "ranked", str(number)) for number in pages]
        ranking = [
            lead
            for record in await self._by_ids(ids)
            for lead in ranked_in(records.decode_event(record))
        ]
        start = after - pages.start * RANKED_PAGE
        return content | stretch(ranking[start:], content["selected"], after=after, limit=limit)

    async def _by_ids(self, ids: Sequence[str]) -> list[str]:
        async with self._engine.connect() as connection:
            rows = await connection.scalars(self._sql["read_by_ids"].text, {"ids": list(ids)})
            return list(rows)


def describe_trial(asked: Asked, trial: Trial, *, limit: int) -> dict[str, Any]:
    """Describe what a run would select."""
    content = _describe(asked.id, trial.data) | {
        "status": "dry_run",
        "position": None,
        "time": None,
        "qualified": None,
        "skipped": [],
    }
    return content | stretch(trial.ranking, content["selected"], after=0, limit=limit)


def stretch(ranking: Ranking, selected: int, *, after: int, limit: int) -> dict[str, Any]:
    """Describe the part of a ranking that begins after a rank."""
    leads = [
        {"rank": rank, "lead": lead_id, "score": score, "selected": rank <= selected}
        for rank, (lead_id, score) in enumerate(ranking[:limit], start=after + 1)
    ]
    return {"leads": leads, "next": after + limit if len(ranking) > limit else None}


def _run(record: str, completed: str | None) -> dict[str, Any]:
    run = run_of(records.decode_event(record))
    end = records.decode_event(completed).data if completed is not None else None
    skipped = end["skipped"] if end is not None else []
    return _describe(run.id, run.data) | {
        "status": "running" if end is None else "completed",
        "position": str(run.position),
        "time": format_utc(run.at),
        "qualified": end["qualified"] if end is not None else None,
        "skipped": [{"lead": lead_id, "reason": reason} for lead_id, reason in skipped],
    }


def _describe(run_id: str, data: Mapping[str, Any]) -> dict[str, Any]:
    taken = data["backlog"] + data["requests"] + data["selected_before"]
    same = ("read_at", "team", "starts_on", "ends_on", "capacity", "backlog", "requests")
    found = ("selected_before", "candidates", "selected", "digest")
    return {
        "id": run_id,
        **{name: data[name] for name in (*same, *found)},
        **{name: data.get(name) for name in ("market", "capacity_declared_at", "cut_line")},
        "places": places(data["capacity"], taken=taken),
        "deferred": data["candidates"] - data["selected"],
    }
