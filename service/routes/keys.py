"""`/v1/keys`: made, listed, revoked. The secret is shown once, to whoever makes the key."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.responses import Response

from events import moments
from events.records import OWN_SOURCE, rfc3339
from events.reported import Ascii, Key
from service import shapes
from service.answers import json_answer
from service.keys.key_text import ID_LENGTH
from service.keys.scopes import DEFAULT_SCOPES, Scope
from service.keys.store import KeyTerms, StoredKey
from service.problems import Problem
from service.requests import described_body, read_model
from service.routes.parameters import (
    PAGE_DEFAULT,
    KeysAdministrator,
    Limit,
    services_of,
)

SOURCES_MAX = 100
RATE_MAX = 1_000_000
KEY_ID = "^[0-9A-Za-z]*$"

router = APIRouter(tags=["keys"])


class NewKey(BaseModel):
    """What a key is made for."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    name: Annotated[Key, Field(description="For people: whose key it is.", examples=["web site"])]
    sources: Annotated[
        list[Ascii],
        Field(
            min_length=1,
            max_length=SOURCES_MAX,
            description="The sources it may speak for; the first is its default, `*` is any.",
            examples=[["website"]],
        ),
    ]
    department: Annotated[
        str | None, Field(description="Whose decisions it may report; a code of the lifecycle.")
    ] = None
    scopes: Annotated[list[str], Field(description="Reporting facts only, unless told.")] = list(
        DEFAULT_SCOPES
    )
    expires_at: Annotated[str | None, Field(description="RFC 3339 with offset.")] = None
    events_per_second: Annotated[int | None, Field(ge=1, le=RATE_MAX)] = None


_NEW_KEY: TypeAdapter[NewKey] = TypeAdapter(NewKey)


@router.post(
    "/v1/keys",
    response_model=shapes.MadeKey,
    status_code=201,
    openapi_extra=described_body(_NEW_KEY),
)
async def post_keys(request: Request, _: KeysAdministrator) -> Response:
    """Make a key. `key` in the answer is its only appearance: store it now."""
    asked = await read_model(request, _NEW_KEY)
    services = services_of(request)
    terms = _terms(asked, tuple(services.compiled.lifecycle.departments))
    key, stored = await services.key_store.create(terms)
    return json_answer({"key": key.text, **_describe(stored)}, status=201)


@router.get("/v1/keys", response_model=shapes.ApiKeys)
async def get_keys(
    request: Request,
    _: KeysAdministrator,
    after: Annotated[str, Query(max_length=ID_LENGTH, pattern=KEY_ID)] = "",
    limit: Limit = PAGE_DEFAULT,
) -> Response:
    """List keys, never their secrets. Pass `next` as `after` to go on."""
    keys = await services_of(request).key_store.list(after=after, limit=limit)
    next_after = keys[-1].key_id if len(keys) == limit else None
    return json_answer({"keys": [_describe(key) for key in keys], "next": next_after})


@router.delete("/v1/keys/{key_id}", response_model=shapes.ApiKey)
async def delete_key(
    request: Request,
    _: KeysAdministrator,
    key_id: Annotated[
        str, Path(max_length=ID_LENGTH, pattern=KEY_ID, description="The key's public id.")
    ],
) -> Response:
    """Revoke a key, for good. Every process turns it away within 5 seconds."""
    stored = await services_of(request).key_store.revoke(key_id)
    if stored is None:
        raise Problem("not-found", "No key has this id; GET /v1/keys lists them.")
    return json_answer(_describe(stored))


def _terms(asked: NewKey, departments: tuple[str, ...]) -> KeyTerms:
    if asked.department is not None and asked.department not in departments:
        raise _invalid("/department", f"one of {', '.join(departments)}")
    known = [str(scope) for scope in Scope]
    if unknown := [scope for scope in asked.scopes if scope not in known]:
        raise _invalid(f"/scopes/{asked.scopes.index(unknown[0])}", f"one of {', '.join(known)}")
    if OWN_SOURCE in asked.sources or asked.sources[0] == "*":
        raise _invalid("/sources", f"a default source first; {OWN_SOURCE} is the service's own")
    expires_at = None
    if asked.expires_at is not None:
        expires_at = moments.parse(asked.expires_at)
        if expires_at is None:
            raise _invalid("/expires_at", "a time, RFC 3339 with an offset")
    return KeyTerms(
        name=asked.name,
        sources=tuple(dict.fromkeys(asked.sources)),
        scopes=tuple(dict.fromkeys(asked.scopes)),
        department=asked.department,
        events_per_second=asked.events_per_second,
        expires_at=expires_at,
    )


def _invalid(pointer: str, expected: str) -> Problem:
    return Problem("request-invalid", f"Expected {expected}.", pointer=pointer, expected=expected)


def _describe(key: StoredKey) -> dict[str, Any]:
    terms = key.terms
    return {
        "id": key.key_id,
        "name": terms.name,
        "sources": terms.sources,
        "department": terms.department,
        "scopes": terms.scopes,
        "events_per_second": terms.events_per_second,
        "created_at": rfc3339(key.created_at),
        "expires_at": rfc3339(terms.expires_at) if terms.expires_at is not None else None,
        "revoked_at": rfc3339(key.revoked_at) if key.revoked_at is not None else None,
    }
