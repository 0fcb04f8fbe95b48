"""`leadledger key`: make, list, rotate and revoke API keys, in the database itself."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from events.ledger import Ledger
from service.command.exits import CommandFailed, Exit
from service.command.ledger import on_ledger
from service.command.options import Json
from service.command.printing import print_json, print_lines, print_table
from service.keys.checking import TermsInvalid, check
from service.keys.describing import describe_key
from service.keys.scopes import DEFAULT_SCOPES, Scope
from service.keys.store import KeyEnded, KeyStore, KeyTerms, Rotated, StoredKey

PAGE = 500
OVERLAP_HOURS = 24
_LISTED = ("id", "name", "sources", "department", "scopes", "origins", "expires_at", "revoked_at")

KeyId = Annotated[str, typer.Argument(metavar="ID", help="The id, as `key list` shows it.")]

key_commands = typer.Typer(
    name="key",
    help="Make, list, rotate and revoke API keys. Works on the database: it needs no key.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
)


@key_commands.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for, as 'web site forms'.")],
    *,
    source: Annotated[
        list[str],
        typer.Option(
            "--source",
            help="A source that the key may speak for; give it again for more. The first is that "
            "of events which name none.",
        ),
    ],
    scope: Annotated[
        list[Scope] | None,
        typer.Option(
            "--scope", show_default=False, help="A right; again for more [default: events:write]"
        ),
    ] = None,
    department: Annotated[
        str | None,
        typer.Option("--department", help="The department, as the lifecycle names it."),
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", min=1, help="Expires after so many days.")
    ] = None,
    rate: Annotated[
        int | None, typer.Option("--rate", min=1, help="Events that it may send in a second.")
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            "--origin",
            show_default=False,
            help="For a key that stands in web pages: where they come from, such as "
            "https://www.example.co.jp; again for more. Such a key may only report facts.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a key, and print it once: only its digest is kept.

    Example: leadledger key create 'inside sales' --source crm --scope events:write
    --scope decisions:write --department inside_sales
    """
    terms = KeyTerms(
        name=name,
        sources=tuple(source),
        scopes=tuple(map(str, scope or DEFAULT_SCOPES)),
        department=department,
        events_per_second=rate,
        expires_at=None if days is None else datetime.now(UTC) + timedelta(days=days),
        origins=tuple(origin or ()),
    )

    async def create(engine: AsyncEngine, schema: str) -> tuple[str, StoredKey]:
        check(terms, departments=await _departments(engine, schema))
        key, stored = await KeyStore(engine, schema).create(terms)
        return key.text, stored

    try:
        text, stored = on_ledger(create)
    except TermsInvalid as error:
        raise CommandFailed(Exit.ANSWERED_NO, f"no such key is made: {error}") from None
    if as_json:
        print_json(describe_key(stored) | {"key": text})
    else:
        print_lines(text)


@key_commands.command("list")
def list_keys(*, as_json: Json = False) -> None:
    """List all keys, revoked and expired ones too. Their secrets are not kept anywhere.

    Example: leadledger key list
    """

    async def read(engine: AsyncEngine, schema: str) -> list[StoredKey]:
        store = KeyStore(engine, schema)
        keys: list[StoredKey] = []
        while page := await store.list(after=keys[-1].key_id if keys else "", limit=PAGE):
            keys += page
        return keys

    keys = [describe_key(key) for key in on_ledger(read)]
    if as_json:
        print_json(keys)
        return
    print_table(_LISTED, [[_cell(key[column]) for column in _LISTED] for key in keys])


@key_commands.command("rotate")
def rotate_key(
    key_id: KeyId,
    *,
    overlap_hours: Annotated[
        int,
        typer.Option("--overlap-hours", min=0, help="How long the old key works beside the new."),
    ] = OVERLAP_HOURS,
    days: Annotated[
        int | None,
        typer.Option(
            "--days",
            min=1,
            show_default=False,
            help="The new key expires after so many days [default: as long as the old one had]",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a key of the same terms, and print it once; the old one ends after an overlap.

    Give the new key to whoever holds the old one, before that.

    Example: leadledger key rotate 4fGh2kLm9QrS --overlap-hours 48
    """

    async def rotate(engine: AsyncEngine, schema: str) -> Rotated | None:
        expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
        overlap = timedelta(hours=overlap_hours)
        return await KeyStore(engine, schema).rotate(key_id, overlap=overlap, expires_at=expires_at)

    try:
        rotated = on_ledger(rotate)
    except KeyEnded as error:
        raise CommandFailed(Exit.ANSWERED_NO, str(error)) from None
    if rotated is None:
        raise _nobody(key_id)
    if as_json:
        replaces = {"replaces": describe_key(rotated.old)}
        print_json(describe_key(rotated.new) | {"key": rotated.key.text} | replaces)
    else:
        print_lines(rotated.key.text)


@key_commands.command("revoke")
def revoke_key(key_id: KeyId, *, as_json: Json = False) -> None:
    """End a key, for good, within 5 seconds in every process. What it sent stays.

    Example: leadledger key revoke 4fGh2kLm9QrS
    """

    async def revoke(engine: AsyncEngine, schema: str) -> StoredKey | None:
        return await KeyStore(engine, schema).revoke(key_id)

    stored = on_ledger(revoke)
    if stored is None:
        raise _nobody(key_id)
    if as_json:
        print_json(describe_key(stored))
        return
    print_lines(f"The key {stored.key_id} ({stored.terms.name}) is revoked.")


async def _departments(engine: AsyncEngine, schema: str) -> tuple[str, ...]:
    """Read which departments the lifecycle in force names."""
    ledger = Ledger(engine, schema)
    try:
        await ledger.open()
        return tuple(ledger.memory.compiled.lifecycle.departments)
    finally:
        await ledger.close()


def _nobody(key_id: str) -> CommandFailed:
    return CommandFailed(
        Exit.ANSWERED_NO, f"there is no key {key_id}; `leadledger key list` shows all"
    )


def _cell(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else value or ""
