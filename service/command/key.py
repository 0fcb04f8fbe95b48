"""`leadledger key`: make, list and revoke API keys, in the database itself."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from service.command.exits import CommandFailed, Exit
from service.command.ledger import on_ledger
from service.command.options import Json
from service.command.printing import print_json, print_lines, print_table
from service.keys.scopes import DEFAULT_SCOPES, Scope
from service.keys.store import KeyStore, KeyTerms, StoredKey

PAGE = 500

key_commands = typer.Typer(
    name="key",
    help="Make, list and revoke API keys. Works on the database, so it needs no key itself.",
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
    as_json: Json = False,
) -> None:
    """Make a key, and print it once: only its digest is kept.

    Example: leadledger key create 'inside sales' --source crm --scope events:write
    --scope decisions:write --department inside_sales
    """
    terms = KeyTerms(
        name=name,
        sources=tuple(source),
        scopes=tuple(scope or DEFAULT_SCOPES),
        department=department,
        events_per_second=rate,
        expires_at=None if days is None else datetime.now(UTC) + timedelta(days=days),
    )

    async def create(engine: AsyncEngine, schema: str) -> tuple[str, StoredKey]:
        key, stored = await KeyStore(engine, schema).create(terms)
        return key.text, stored

    text, stored = on_ledger(create)
    if as_json:
        print_json(_described(stored) | {"key": text})
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

    keys = [_described(key) for key in on_ledger(read)]
    if as_json:
        print_json(keys)
        return
    columns = ("id", "name", "sources", "department", "scopes", "expires_at", "revoked_at")
    print_table(columns, [[_cell(key[column]) for column in columns] for key in keys])


@key_commands.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The id, as `key list` shows it.")],
) -> None:
    """End a key, for good, within 5 seconds in every process. What it sent stays.

    Example: leadledger key revoke 4fGh2kLm9QrS
    """

    async def revoke(engine: AsyncEngine, schema: str) -> StoredKey | None:
        return await KeyStore(engine, schema).revoke(key_id)

    stored = on_ledger(revoke)
    if stored is None:
        raise CommandFailed(
            Exit.ANSWERED_NO, f"there is no key {key_id}; `leadledger key list` shows all"
        )
    print_lines(f"The key {stored.key_id} ({stored.terms.name}) is revoked.")


def _described(key: StoredKey) -> dict[str, Any]:
    return {
        "id": key.key_id,
        "name": key.terms.name,
        "sources": list(key.terms.sources),
        "department": key.terms.department,
        "scopes": [str(scope) for scope in key.terms.scopes],
        "events_per_second": key.terms.events_per_second,
        "created_at": key.created_at,
        "expires_at": key.terms.expires_at,
        "revoked_at": key.revoked_at,
    }


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value or ""
