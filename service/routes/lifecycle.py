"""`/v1/lifecycle`: the current or an earlier definition, its versions, and publishing."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from domain.lifecycle.change.diagram import diagram
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import LeadList, Lifecycle, SubjectKind, Track, Words
from domain.lifecycle.names import LANGUAGE_DEFAULT, language_of
from events.lifecycles.known import Lifecycles
from events.limits import ID_CHARACTERS_MAX
from events.signals.native import is_event_id
from service.bodies.body import read_body
from service.bodies.body_memory import MemoryBudgets
from service.http.answer import json_answer
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.http.problem import Problem
from service.http.request_headers import read_transfer
from service.ingest.publish import Publishing, preview, publish
from service.limits import (
    LIFECYCLE_BYTES_MAX,
    LIFECYCLE_VERSION_MAX,
    PARAMETER_NAME_MAX,
    STAGE_MAPPINGS_MAX,
)
from service.routes.parameters import (
    NO_NUL,
    Lang,
    LedgerAdministrator,
    ProjectionsReader,
)
from service.shapes import lifecycle as shapes

MAPPING = r"^[A-Za-z0-9_]{1,32}:[A-Za-z0-9_]{1,32}$"

router = APIRouter(tags=["lifecycle"], route_class=ExactRoute)


@router.get(
    "/v1/lifecycle",
    response_model=shapes.Lifecycle,
    responses={404: {"description": "This version was never published"}},
)
async def get_lifecycle(
    request: Request,
    _: ProjectionsReader,
    lang: Lang,
    version: Annotated[
        int | None,
        Query(ge=1, le=LIFECYCLE_VERSION_MAX, description="An earlier version."),
    ] = None,
) -> Response:
    """Read the lifecycle in force: stages, words, event types, and both tracks as Mermaid text."""
    compiled = _compiled(part_of(request, Lifecycles), version)
    lifecycle = compiled.lifecycle
    language = lang or language_of(lifecycle, LANGUAGE_DEFAULT)
    assert language is not None
    content: shapes.Lifecycle = {
        "name": lifecycle.name,
        "version": compiled.version,
        "position": str(compiled.published_at),
        **_words(lifecycle.words),
        "time_zone": lifecycle.time_zone,
        "languages": lifecycle.languages,
        "phases": _glossary(lifecycle.phases),
        "departments": _glossary(lifecycle.departments),
        "reasons": _glossary(lifecycle.reasons),
        "classes": _glossary(lifecycle.classes),
        "origins": _glossary(lifecycle.origins),
        "sides": [
            {"code": code, **_words(side.words), "origins": side.origins}
            for code, side in lifecycle.sides.items()
        ],
        "markets": _glossary(lifecycle.markets),
        "priorities": _glossary(lifecycle.priorities),
        "outcomes": _glossary(lifecycle.outcomes),
        "segments": _glossary(lifecycle.segments),
        "account_roles": _glossary(lifecycle.account_roles),
        "industries": _glossary(lifecycle.industries),
        "jobs": _glossary(lifecycle.jobs),
        "positions": _glossary(lifecycle.positions),
        "regions": _glossary(lifecycle.regions),
        "target_figures": [
            {
                "code": code,
                **_words(figure.words),
                "departments": figure.departments,
                "amount": figure.is_amount,
            }
            for code, figure in lifecycle.target_figures.items()
        ],
        "grades": _glossary({code: grade.words for code, grade in lifecycle.grades.items()}),
        "lead": _track(lifecycle, lifecycle.lead, language),
        "account": _track(lifecycle, lifecycle.account, language),
        "lists": [_list(lead_list) for lead_list in lifecycle.lists.values()],
        "guards": _glossary({name: guard.words for name, guard in lifecycle.guards.items()}),
        "events": [_event(lifecycle, name) for name in lifecycle.events],
        "calendar_changes": _calendar_changes(compiled),
        "text": lifecycle.text,
    }
    return json_answer(content)


@router.get("/v1/lifecycle/versions", response_model=shapes.LifecycleVersions)
async def get_lifecycle_versions(request: Request, _: ProjectionsReader) -> Response:
    """List all published versions, newest first."""
    published = part_of(request, Lifecycles).published
    return json_answer(
        shapes.LifecycleVersions(
            versions=[
                {
                    "version": version.version,
                    "name": version.lifecycle.name,
                    "position": str(version.published_at),
                    "stage_map": dict(version.stage_map),
                }
                for version in sorted(published.values(), key=lambda version: -version.version)
            ]
        )
    )


@router.post(
    "/v1/lifecycle",
    response_model=shapes.Published,
    status_code=201,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/yaml": {"schema": {"type": "string"}}},
        }
    },
    responses={
        200: {
            "description": "Published before, or only a dry run",
            "model": shapes.Published | shapes.PublicationTried,
        },
        409: {
            "description": "Already in force, a lead or account would lose its stage, or `id` "
            "is taken"
        },
    },
)
async def post_lifecycle(
    request: Request,
    sender: LedgerAdministrator,
    *,
    dry_run: Annotated[bool, Query(description="Report the effects without publishing.")] = False,
    stage_map: Annotated[
        list[Annotated[str, Query(pattern=MAPPING)]],
        Query(max_length=STAGE_MAPPINGS_MAX, description="FROM:TO for a stage that disappears."),
    ] = [],  # noqa: B006 - never changed
    id: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=PARAMETER_NAME_MAX,
            pattern=NO_NUL,
            description="Makes the request safe to retry.",
        ),
    ] = None,
) -> Response:
    """Publish a lifecycle: the body is its text.

    It is in force from its position on. Leads are moved to it one by one, in the background or when
    something is next reported about them.
    """
    if id is not None and not is_event_id(id):
        raise Problem(
            "parameter-invalid",
            "The id becomes part of the record, which is never erased. Send up to "
            f"{ID_CHARACTERS_MAX} printable ASCII characters that identify no person.",
            parameter="id",
            expected="an opaque id",
        )
    with part_of(request, MemoryBudgets).senders.memory() as memory:
        transfer = read_transfer(request.scope)
        body = await read_body(request.receive, transfer, memory, bytes_max=LIFECYCLE_BYTES_MAX)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Problem("body-unreadable", "The text of a lifecycle must be UTF-8.") from None
    mapped = dict(mapping.split(":") for mapping in stage_map)
    publishing = part_of(request, Publishing)
    if dry_run:
        return json_answer(await preview(publishing, text, mapped))
    published = await publish(publishing, sender, text, mapped, id=id)
    return json_answer(published, status=201 if published["status"] == "recorded" else 200)


def _calendar_changes(compiled: CompiledLifecycle) -> list[shapes.CalendarChange]:
    return [
        {
            "calendar": name,
            "starts_on": change.first,
            "ends_on": change.last,
            "closed": change.closed,
            "hours": change.hours.text if change.hours else None,
        }
        for name, calendar in compiled.calendars.items()
        for change in calendar.changes
    ]


def _compiled(lifecycles: Lifecycles, version: int | None) -> CompiledLifecycle:
    if version is None:
        return lifecycles.in_force
    found = lifecycles.published.get(version)
    if found is None:
        raise Problem("not-found", f"Expected a version from 1 to {lifecycles.last_version}.")
    return found


def _list(lead_list: LeadList) -> shapes.LeadListDefinition:
    return {
        "code": lead_list.code,
        **_words(lead_list.words),
        "acquired_within_days": lead_list.acquired_within_days,
        "held_before_days": lead_list.held_before_days,
        "by": lead_list.by,
    }


def _track(lifecycle: Lifecycle, track: Track, language: str) -> shapes.Track:
    return {
        "path": track.path,
        "stages": [
            {
                "code": stage.code,
                **_words(stage.words),
                "phase": stage.phase,
                "department": stage.department,
            }
            for stage in track.stages.values()
        ],
        "diagram": diagram(lifecycle, subject=SubjectKind(track.subject), language=language),
    }


def _event(lifecycle: Lifecycle, name: str) -> shapes.EventType:
    event = lifecycle.events[name]
    return {
        "type": name,
        **_words(event.words),
        "kind": event.kind,
        "subject": event.subject,
        "scope": None if event.reserved else event.right,
        "departments": event.departments,
        "fields": [
            {
                "name": field.name,
                "type": field.type,
                "required": field.required,
                "values": field.values,
            }
            for field in event.fields.values()
        ],
    }


def _glossary(things: Mapping[str, Words]) -> list[shapes.Term]:
    return [{"code": code, **_words(words)} for code, words in things.items()]


def _words(words: Words) -> shapes.Words:
    return {
        "label": dict(words.label),
        "definition": dict(words.definition),
        "aliases": words.aliases,
    }
