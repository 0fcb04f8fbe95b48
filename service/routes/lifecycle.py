"""`GET /v1/lifecycle`: the definition in force, with its words and its picture."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from domain.lifecycle.definition import Lifecycle, SubjectKind, Track, Words
from domain.lifecycle.diagram import diagram
from events.senders import Sender
from service import funnel_shapes
from service.answers import json_answer
from service.gate import Needs
from service.keys.scopes import Scope
from service.routes.parameters import Lang, Language, services_of

router = APIRouter(tags=["lifecycle"])


@router.get("/v1/lifecycle", response_model=funnel_shapes.Lifecycle)
async def get_lifecycle(
    request: Request,
    _: Annotated[Sender, Depends(Needs(Scope.PROJECTIONS_READ))],
    lang: Lang = None,
) -> Response:
    """Read the lifecycle in force: stages, words, event types, and both tracks as Mermaid text."""
    services = services_of(request)
    lifecycle = services.compiled.lifecycle
    return json_answer(
        {
            "name": lifecycle.name,
            "version": services.lifecycle_version,
            **_words(lifecycle.words),
            "time_zone": lifecycle.time_zone,
            "languages": lifecycle.languages,
            "departments": _glossary(lifecycle.departments),
            "reasons": _glossary(lifecycle.reasons),
            "classes": _glossary(lifecycle.classes),
            "origins": _glossary(lifecycle.origins),
            "markets": _glossary(lifecycle.markets),
            "priorities": _glossary(lifecycle.priorities),
            "grades": _glossary({code: one.words for code, one in lifecycle.grades.items()}),
            "lead": _track(lifecycle, lifecycle.lead, lang or Language.ENGLISH),
            "account": _track(lifecycle, lifecycle.account, lang or Language.ENGLISH),
            "events": [_event(lifecycle, name) for name in lifecycle.events],
            "text": lifecycle.text,
        }
    )


def _track(lifecycle: Lifecycle, track: Track, language: str) -> dict[str, Any]:
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


def _event(lifecycle: Lifecycle, name: str) -> dict[str, Any]:
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


def _glossary(things: Mapping[str, Words]) -> list[dict[str, Any]]:
    return [{"code": code, **_words(words)} for code, words in things.items()]


def _words(words: Words) -> dict[str, Any]:
    return {
        "label": dict(words.label),
        "definition": dict(words.definition),
        "aliases": words.aliases,
    }
