"""`/settings`: the funnel's definition and its versions, keys, and how the service is doing."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.lifecycle.change.diagram import diagram
from domain.lifecycle.change.difference import differences
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import SubjectKind, Track
from events.lifecycles.known import Lifecycles
from service.feed.log import Log
from service.http.authentication import sees_personal
from service.http.parts import part_of
from service.ingest.labels import label_of
from service.keys.describing import describe_key
from service.keys.scopes import Scope
from service.keys.store import KeyStore
from service.limits import PAGE_MAX
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.rendering import View, page, view_of
from service.reading.readiness import Examination
from service.sessions.visiting import Visitor, admit
from service.shapes.administration import ApiKey

router = APIRouter(include_in_schema=False, route_class=PageRoute)

VERSIONS_SHOWN: Final = 10


class StageOfTrack(NamedTuple):
    """A stage, and where leads go from it."""

    code: str
    label: str
    definition: str
    phase: str | None
    department: str | None
    moves: list[tuple[str, str]]
    """What happens, and the stage to which it leads."""


class VersionRow(NamedTuple):
    """A version of the lifecycle, with its differences from the one before in words."""

    version: int
    name: str
    position: int
    changes: Sequence[str]


@router.get("/settings", response_model=None)
async def get_settings_page(request: Request) -> Response:
    """Show what is set. Raises LogInNeeded, and Problem: scope-missing."""
    visitor = await admit(request, Scope.PROJECTIONS_READ)
    view = view_of(request, asked_of(request))
    lifecycles = part_of(request, Lifecycles)
    compiled, lifecycle = lifecycles.in_force, lifecycles.in_force.lifecycle
    health = await part_of(request, Examination).health()
    language = view.codes.language
    return page(
        "settings.html",
        view,
        lifecycle=lifecycle,
        label=lifecycle.words.label.get(language, lifecycle.name),
        version=compiled.version,
        tracks=[
            (kind.value, list(_stages(view, compiled, track)), _drawn(view, kind))
            for kind, track in (
                (SubjectKind.LEAD, lifecycle.lead),
                (SubjectKind.ACCOUNT, lifecycle.account),
            )
        ],
        versions=_versions(lifecycles),
        projections=health.projections or {},
        checks=health.checks,
        head=await part_of(request, Log).head(),
        keys=await _keys(request, visitor),
    )


def _stages(view: View, compiled: CompiledLifecycle, track: Track) -> Sequence[StageOfTrack]:
    lifecycle, language = compiled.lifecycle, view.codes.language
    table = compiled.lead if track.subject is SubjectKind.LEAD else compiled.account
    return [
        StageOfTrack(
            code,
            stage.words.label.get(language, code),
            stage.words.definition.get(language, ""),
            label_of(lifecycle.phases, stage.phase, language) if stage.phase else None,
            label_of(lifecycle.departments, stage.department, language)
            if stage.department
            else None,
            list(
                dict.fromkeys(
                    (view.codes.event(move.on), view.codes.stage(move.to))
                    for move in table.allowed(code)
                    if move.to != code
                )
            ),
        )
        for code, stage in track.stages.items()
    ]


def _drawn(view: View, kind: SubjectKind) -> str:
    """Return the diagram of a track as text, for programs that draw Mermaid."""
    return diagram(view.lifecycle, subject=kind, language=view.codes.language)


def _versions(lifecycles: Lifecycles) -> list[VersionRow]:
    """Return the latest versions, newest first."""
    published = lifecycles.published
    rows = []
    for number in sorted(published, reverse=True)[:VERSIONS_SHOWN]:
        version, before = published[number], published.get(number - 1)
        changes: Sequence[str] = ()
        if before is not None:
            changes = [str(one) for one in differences(before.lifecycle, version.lifecycle)]
        rows.append(VersionRow(number, version.lifecycle.name, version.published_at, changes))
    return rows


async def _keys(request: Request, visitor: Visitor) -> list[ApiKey] | None:
    """Read the keys, for those who administer them."""
    if Scope.KEYS_ADMIN not in visitor.sender.scopes:
        return None
    keys = await part_of(request, KeyStore).list(after="", limit=PAGE_MAX)
    return [describe_key(key, shows_name=sees_personal(visitor.sender)) for key in keys]
