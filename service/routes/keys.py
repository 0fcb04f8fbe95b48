"""`/v1/keys`: made, listed, changed, rotated, revoked. A secret is shown once, when made."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.responses import Response

from events.signals import times
from events.signals.native_schema import Key
from events.signals.sender import Sender
from service.bodies.json_body import described_body, read_model
from service.http.answer import json_answer
from service.http.authentication import sees_personal
from service.http.exact_route import ExactRoute
from service.http.parts import part_of
from service.http.problem import Problem
from service.keys.checking import TermsInvalid, check
from service.keys.describing import describe_key
from service.keys.granting import GrantRefused
from service.keys.key_text import ID_LENGTH
from service.keys.scopes import DEFAULT_SCOPES, Scope
from service.keys.store import KeyEnded, KeyStore
from service.keys.terms import KeyTerms, StoredKey
from service.limits import (
    DAY_S,
    KEY_ORIGINS_MAX,
    KEY_OVERLAP_S_MAX,
    KEY_RATE_MAX,
    KEY_SOURCES_MAX,
    PAGE_DEFAULT,
)
from service.routes.parameters import TIME, KeysAdministrator, Limit, Time, lifecycle_of, moment_in
from service.shapes import administration as shapes

KEY_ID = "^[0-9A-Za-z]*$"

router = APIRouter(tags=["keys"], route_class=ExactRoute)

KeyId = Annotated[
    str, Path(max_length=ID_LENGTH, pattern=KEY_ID, description="The key's public id.")
]
Name = Annotated[Key, Field(description="For people: who uses the key.", examples=["web site"])]
Sources = Annotated[
    list[str],
    Field(
        description="The sources it may speak for; the first is its default, `*` means any.",
        examples=[["website"]],
        json_schema_extra={"minItems": 1, "maxItems": KEY_SOURCES_MAX},
    ),
]
Scopes = Annotated[
    list[str],
    Field(
        description="Default: reporting facts only.",
        json_schema_extra={"items": {"type": "string", "enum": [str(scope) for scope in Scope]}},
    ),
]
Origins = Annotated[
    list[str],
    Field(
        description="A key with origins is for web pages: it is accepted from these only, and "
        "may have `events:write` only.",
        examples=[["https://www.example.co.jp"]],
        json_schema_extra={"maxItems": KEY_ORIGINS_MAX},
    ),
]


class _Common(BaseModel):
    """What a key is given both when it is made and when it is changed."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    department: Annotated[
        str | None,
        Field(description="The department whose decisions it may report; a code of the lifecycle."),
    ] = None
    expires_at: Annotated[
        str | None, Field(description="RFC 3339 with offset.", json_schema_extra=TIME)
    ] = None
    events_per_second: Annotated[int | None, Field(ge=1, le=KEY_RATE_MAX)] = None


class NewKey(_Common):
    """What a key is made for."""

    name: Name
    sources: Sources
    scopes: Scopes = list(DEFAULT_SCOPES)
    origins: Origins = []
    person: Annotated[
        str | None,
        Field(
            description="The employee id of the person to whom the key belongs, the same that "
            "events name as `owner`. Only a person's key logs in to the pages. It never changes.",
            examples=["E1042"],
        ),
    ] = None


class ChangedKey(_Common):
    """What to change in a key; absent members stay as they are, and null removes a value."""

    name: Name | None = None
    sources: Sources | None = None
    scopes: Scopes | None = None
    origins: Origins | None = None


_NEVER_NULL = ("name", "sources", "scopes", "origins")
_NEW_KEY: TypeAdapter[NewKey] = TypeAdapter(NewKey)
_CHANGED_KEY: TypeAdapter[ChangedKey] = TypeAdapter(ChangedKey)


@router.post(
    "/v1/keys",
    response_model=shapes.MadeKey,
    status_code=201,
    openapi_extra=described_body(_NEW_KEY),
)
async def post_keys(request: Request, sender: KeysAdministrator) -> Response:
    """Make a key. The response is the only place where `key` appears: store it now.

    The new key gets no more than the calling key has: no other scope, source or department, and no
    later expiry.
    """
    asked = await read_model(request, _NEW_KEY)
    terms = _changed(request, KeyTerms(asked.name, (), ()), asked.model_dump())
    with _as_problems():
        key, stored = await part_of(request, KeyStore).create(terms, by=sender.key_id)
    return json_answer(shapes.MadeKey({**describe_key(stored), "key": key.text}), 201)


@router.get("/v1/keys", response_model=shapes.ApiKeys)
async def get_keys(
    request: Request,
    sender: KeysAdministrator,
    after: Annotated[str, Query(max_length=ID_LENGTH, pattern=KEY_ID)] = "",
    limit: Limit = PAGE_DEFAULT,
) -> Response:
    """List keys, never their secrets. Pass `next` as `after` to continue."""
    keys = await part_of(request, KeyStore).list(after=after, limit=limit)
    next_after = keys[-1].key_id if len(keys) == limit else None
    shown = [_described(key, sender) for key in keys]
    return json_answer(shapes.ApiKeys(keys=shown, next=next_after))


@router.patch(
    "/v1/keys/{key_id}",
    response_model=shapes.ApiKey,
    openapi_extra=described_body(_CHANGED_KEY),
)
async def patch_key(request: Request, sender: KeysAdministrator, key_id: KeyId) -> Response:
    """Change what a key may do. Every process applies the change within 5 seconds.

    Rights can always be removed; a right can be added only by a key that holds it.
    """
    asked = await read_model(request, _CHANGED_KEY)
    given = asked.model_dump(exclude_unset=True)
    for name in _NEVER_NULL:
        if name in given and given[name] is None:
            raise _invalid(f"/{name}", "a value; null only removes what a key can do without")
    with _as_problems():
        stored = await part_of(request, KeyStore).change(
            key_id, lambda terms: _changed(request, terms, given), by=sender.key_id
        )
    if stored is None:
        raise _unknown_key()
    return json_answer(_described(stored, sender))


@router.post(
    "/v1/keys/{key_id}/rotate",
    response_model=shapes.RotatedKey,
    status_code=201,
    responses={409: {"description": "The key was revoked or has expired"}},
)
async def post_key_rotate(
    request: Request,
    sender: KeysAdministrator,
    key_id: KeyId,
    overlap_s: Annotated[
        int, Query(ge=0, le=KEY_OVERLAP_S_MAX, description="How long the old key keeps working.")
    ] = DAY_S,
    expires_at: Time = None,
) -> Response:
    """Make a key with the same terms, which replaces this one after an overlap.

    Only a key that could make such a key may do this, because the response shows its secret.

    The new key expires at `expires_at`; without it, it gets the lifetime that the old one was made
    with. The response is the only place where `key` appears: store it now.
    """
    with _as_problems():
        rotated = await part_of(request, KeyStore).rotate(
            key_id,
            overlap=timedelta(seconds=overlap_s),
            expires_at=moment_in("expires_at", expires_at),
            by=sender.key_id,
        )
    if rotated is None:
        raise _unknown_key()
    return json_answer(
        shapes.RotatedKey(
            {
                **_described(rotated.new, sender),
                "key": rotated.key.text,
                "replaces": _described(rotated.old, sender),
            }
        ),
        status=201,
    )


@router.delete("/v1/keys/{key_id}", response_model=shapes.ApiKey)
async def delete_key(request: Request, sender: KeysAdministrator, key_id: KeyId) -> Response:
    """Revoke a key permanently. Every process rejects it within 5 seconds."""
    with _as_problems():
        stored = await part_of(request, KeyStore).revoke(key_id, by=sender.key_id)
    if stored is None:
        raise _unknown_key()
    return json_answer(_described(stored, sender))


def _changed(request: Request, terms: KeyTerms, given: Mapping[str, Any]) -> KeyTerms:
    """Apply the given values to the terms. Raises Problem: request-invalid."""
    values: dict[str, Any] = {
        name: tuple(dict.fromkeys(value)) if isinstance(value, list) else value
        for name, value in given.items()
    }
    if (text := values.get("expires_at")) is not None:
        values["expires_at"] = times.parse(text)
        if values["expires_at"] is None:
            raise _invalid("/expires_at", "a time, RFC 3339 with an offset")
    changed = terms._replace(**values)
    try:
        check(changed, departments=tuple(lifecycle_of(request).departments))
    except TermsInvalid as error:
        raise _invalid(error.pointer, error.expected) from None
    return changed


def _described(key: StoredKey, sender: Sender) -> shapes.ApiKey:
    """Describe a key; only keys that see personal data see its name."""
    return describe_key(key, shows_name=sees_personal(sender))


@contextmanager
def _as_problems() -> Iterator[None]:
    """Turn errors of the key store into problems."""
    try:
        yield
    except KeyEnded as error:
        raise Problem("key-ended", str(error)) from None
    except GrantRefused as refused:
        lack = refused.lack
        raise Problem(
            "grant-not-held",
            str(refused),
            pointer=f"/{lack.field}",
            expected=lack.held,
            found=lack.wanted,
        ) from None


def _invalid(pointer: str, expected: str) -> Problem:
    return Problem("request-invalid", f"Expected {expected}.", pointer=pointer, expected=expected)


def _unknown_key() -> Problem:
    return Problem("not-found", "No key has this id; GET /v1/keys lists them.")
