"""Parameters shared by several routes, each in the same form everywhere."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Request
from pydantic import Field

from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.names import language_of, resolve_stage, suggestion
from events.database.sessions import Driver
from events.lifecycles.known import Lifecycles
from events.limits import INTEGER_MAX
from events.signals import times
from events.signals.sender import Sender
from projections.funnel.queries import FunnelQueries
from service.feed.log import Log, LogFilter, check_reached
from service.http.authentication import Needs
from service.http.parts import part_of
from service.http.problem import Problem
from service.keys.scopes import Scope
from service.limits import PAGE_MAX, PARAMETER_NAME_MAX, PARAMETER_NAMES_MAX
from service.webhooks.store import StoredWebhook

EventsReader = Annotated[Sender, Depends(Needs(Scope.EVENTS_READ))]
LeadsReader = Annotated[Sender, Depends(Needs(Scope.LEADS_READ))]
ProjectionsReader = Annotated[Sender, Depends(Needs(Scope.PROJECTIONS_READ))]
EventsWriter = Annotated[Sender, Depends(Needs(Scope.EVENTS_WRITE))]
RefusalsWriter = Annotated[Sender, Depends(Needs(Scope.REFUSALS_WRITE))]
SelectionsWriter = Annotated[Sender, Depends(Needs(Scope.SELECTIONS_WRITE))]
KeysAdministrator = Annotated[Sender, Depends(Needs(Scope.KEYS_ADMIN))]
WebhooksAdministrator = Annotated[Sender, Depends(Needs(Scope.WEBHOOKS_ADMIN))]

LedgerAdministrator = Annotated[Sender, Depends(Needs(Scope.LEDGER_ADMIN))]

NO_NUL = r"^[^\x00]*$"
"""No stored text contains NUL, so a parameter that does is a mistake."""
Names = list[Annotated[str, Field(max_length=PARAMETER_NAME_MAX, pattern=NO_NUL)]] | None
Name = Annotated[str | None, Query(max_length=PARAMETER_NAME_MAX, pattern=NO_NUL)]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="The most entries to return.")]
AFTER_POSITION = "Continue after this position."
After = Annotated[int, Query(ge=0, le=INTEGER_MAX, description=AFTER_POSITION)]
Position = Annotated[int | None, Query(ge=0, le=INTEGER_MAX)]
Types = Annotated[
    Names,
    Query(alias="type", max_length=PARAMETER_NAMES_MAX, description="Only events of these types."),
]
Stages = Annotated[
    Names,
    Query(
        alias="stage",
        max_length=PARAMETER_NAMES_MAX,
        description="Only events that move a lead or account into or out of one of these stages, "
        "each named by its code, a label or an alias.",
    ),
]
WebhookId = Annotated[UUID, Path(description="The webhook's id.")]
LeadId = Annotated[UUID, Path(description="The ledger's id for the lead.")]


TIME = {"format": "date-time"}
"""The schema of a string that `moment_in` reads."""
Time = Annotated[
    str | None,
    Query(
        description="RFC 3339 with offset, such as 2026-11-22T10:15:00+09:00.",
        json_schema_extra=TIME,
    ),
]

KnownAt = Annotated[
    str | None,
    Query(
        description="Only what had been recorded by then: a time, or a position.",
        json_schema_extra={"anyOf": [{"type": "string", **TIME}, {"pattern": r"^[0-9]{1,18}$"}]},
    ),
]
WaitFor = Annotated[
    int | None,
    Query(
        ge=0,
        le=INTEGER_MAX,
        description="Wait until this position is included, to read your own writes.",
    ),
]

_POSITION = re.compile(r"\d{1,18}")
_WANTED = r"([a-z]{2,3}|\*)"


def moment_in(name: str, text: str | None) -> datetime | None:
    """Read a time. Raises Problem: parameter-invalid."""
    if text is None:
        return None
    # An unescaped plus arrives as a space.
    moment = times.parse(text) or times.parse(text.replace(" ", "+"))
    if moment is None:
        raise Problem(
            "parameter-invalid",
            f"{name} must be a time, RFC 3339 with an offset, such as 2026-11-22T10:15:00Z.",
            parameter=name,
        )
    return moment


def lifecycle_of(request: Request) -> Lifecycle:
    """Return the lifecycle in force."""
    return part_of(request, Lifecycles).in_force.lifecycle


def _language(
    request: Request,
    lang: Annotated[
        str | None,
        Query(
            description="Adds labels to codes, in a language of the lifecycle, such as `en`. "
            "From a list, such as `nl,en`, the first that it has is used. `*` means any.",
            pattern=rf"^{_WANTED}(,{_WANTED}){{0,9}}$",
        ),
    ] = None,
) -> str | None:
    if lang is None:
        return None
    lifecycle = lifecycle_of(request)
    language = language_of(lifecycle, lang)
    if language is None:
        raise Problem(
            "parameter-invalid",
            f"The lifecycle in force has no words in {lang}; it has them in "
            f"{', '.join(lifecycle.languages)}.",
            parameter="lang",
            expected=list(lifecycle.languages),
        )
    return language


Lang = Annotated[str | None, Depends(_language)]
"""The language of labels, or None for codes alone. Raises Problem: parameter-invalid."""


async def known_moment(log: Log, text: str | None) -> datetime | int | None:
    """Read a time or a position. Raises Problem: parameter-invalid, log-shorter."""
    if text is None or not _POSITION.fullmatch(text):
        return moment_in("known_at", text)
    check_reached(int(text), await log.head())
    return int(text)


async def known_position(
    log: Log, funnel: FunnelQueries, driver: Driver, text: str | None
) -> int | None:
    """Read a time or a position, and return the position that had been recorded by then."""
    known = await known_moment(log, text)
    if isinstance(known, datetime):
        return await funnel.position_at(driver, known)
    return known


def wanted_events(
    lifecycle: Lifecycle, types: Sequence[str] | None, stages: Sequence[str] | None
) -> LogFilter:
    """Read a filter of events. Raises Problem: parameter-invalid, for an unknown stage."""
    return LogFilter(
        types=tuple(types or ()), stages=tuple(_stage(lifecycle, word) for word in stages or ())
    )


def _stage(lifecycle: Lifecycle, word: str) -> str:
    code = resolve_stage(lifecycle, word)
    if code is None:
        known = [*lifecycle.lead.stages, *lifecycle.account.stages]
        raise Problem(
            "parameter-invalid",
            f"No stage has the name {word}; {suggestion(word, known)}.",
            parameter="stage",
            expected="a stage of the lifecycle in force",
        )
    return code


def webhook_found(webhook: StoredWebhook | None) -> StoredWebhook:
    """Return the requested webhook. Raises Problem: not-found."""
    if webhook is None:
        raise unknown_webhook()
    return webhook


def unknown_webhook() -> Problem:
    return Problem("not-found", "No webhook has this id; GET /v1/webhooks lists them.")
