"""Identify a lead on the command line, and page through what the service knows about it."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from service.command.client import Service
from service.command.exits import CommandFailed, Exit
from service.command.limits import LEADS_PAGE

LeadName = Annotated[
    str,
    typer.Argument(
        metavar="LEAD",
        help="The lead: its id, an e-mail address, or an identifier prefixed with its kind, such "
        "as crm:0031, phone:03-1234-5678, user_id:… or anonymous_id:…",
    ),
]
Zone = Annotated[
    str, typer.Option("--zone", help="The time zone for displayed times, such as Asia/Tokyo.")
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="TIME",
        help="Show what was true at this time: RFC 3339 with offset, such as "
        "2026-11-22T10:15:00+09:00.",
    ),
]
KnownAt = Annotated[
    str | None,
    typer.Option("--known-at", metavar="TIME", help="Use only what was recorded by this time."),
]

_ID = re.compile(r"(lead/)?([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_KINDS = ("email", "phone", "user_id", "anonymous_id")


def lead_id_of(service: Service, name: str) -> str:
    """Return the lead's id; the service looks up identifiers."""
    if found := _ID.fullmatch(name):
        return found[2]
    kind, colon, value = name.partition(":")
    if "@" in name and kind != "email":
        reference: dict[str, Any] = {"email": name}
    elif not colon or not value:
        raise CommandFailed(
            Exit.USAGE,
            f"expected a lead's id, an e-mail address or kind:value, found {name}",
        )
    else:
        reference = {kind: value} if kind in _KINDS else {"external_ids": {kind: value}}
    return str(service.post("/v1/leads/find", reference)["id"])


def pages(
    service: Service, path: str, name: str, **parameters: str | int | None
) -> Iterator[dict[str, Any]]:
    """Read all pages of a list from the service."""
    after: str | None = None
    while True:
        page = service.get(path, after=after, limit=LEADS_PAGE, **parameters)
        yield from page[name]
        after = page["next"]
        if after is None:
            return


def zone_named(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise CommandFailed(
            Exit.USAGE, f"expected the name of a time zone, such as Asia/Tokyo, found {name}"
        ) from None


def shown_time(text: str, zone: ZoneInfo) -> str:
    """Return a time from the service in readable form."""
    return datetime.fromisoformat(text).astimezone(zone).isoformat(sep=" ", timespec="seconds")


def shown_move(moved: dict[str, Any] | None) -> str:
    if not moved:
        return ""
    return f"{moved['from'] or ''} → {moved['to'] or ''}".strip()
