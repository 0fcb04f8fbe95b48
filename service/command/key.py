"""`leadledger key`: create, list, rotate and revoke API keys, over HTTP or in the database."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple, Protocol
from urllib.parse import quote

import typer

from service.command.client import Service
from service.command.exits import CommandFailed, Exit
from service.command.ledger import settings_of_ledger
from service.command.limits import KEYS_PAGE
from service.command.options import URL_DEFAULT, Json, Key, Url
from service.command.printing import print_json, print_lines, print_table
from service.keys.scopes import DEFAULT_SCOPES, Scope
from service.keys.terms import KeyTerms

OVERLAP_HOURS = 24
PAGES = ("pages",)
"""What a person reports on the pages comes from this source."""
_LISTED = (
    *("id", "name", "person", "sources", "department", "scopes", "origins"),
    *("expires_at", "revoked_at"),
)

InDatabase = Annotated[
    bool,
    typer.Option(
        "--database",
        help="Work directly on the database of LEADLEDGER_DATA_DIR or LEADLEDGER_DATABASE_URL, "
        "even if a key is given.",
    ),
]
KeyId = Annotated[str, typer.Argument(metavar="ID", help="The id shown by `key list`.")]

key_commands = typer.Typer(
    name="key",
    help="Create, list, rotate and revoke API keys. With a key (LEADLEDGER_KEY) that has the scope "
    "keys:admin, it calls the service. Without one it works directly on the database: run it where "
    "LEADLEDGER_DATA_DIR is, or set LEADLEDGER_DATABASE_URL.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
)


@key_commands.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for, such as 'web site forms'.")],
    *,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source",
            show_default=False,
            help="A source that the key may send for; repeatable. Events without a source get the "
            "first one [default: pages, for a person's key]",
        ),
    ] = None,
    person: Annotated[
        str | None,
        typer.Option(
            "--person",
            help="The key belongs to this person: an employee id, as events name owners. Only such "
            "a key logs in to the pages.",
        ),
    ] = None,
    leaves_on: Annotated[
        datetime | None,
        typer.Option(
            "--leaves-on",
            formats=["%Y-%m-%d"],
            help="The person's last day, at the end of which the key expires.",
        ),
    ] = None,
    scope: Annotated[
        list[Scope] | None,
        typer.Option(
            "--scope", show_default=False, help="A right; repeatable [default: events:write]"
        ),
    ] = None,
    department: Annotated[
        str | None,
        typer.Option("--department", help="The department, by its name in the lifecycle."),
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", min=1, help="Expires after this many days.")
    ] = None,
    rate: Annotated[
        int | None, typer.Option("--rate", min=1, help="Events that the key may send per second.")
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            "--origin",
            show_default=False,
            help="For a key used in web pages: their origin, such as https://www.example.co.jp; "
            "repeatable. Such a key may only report facts.",
        ),
    ] = None,
    url: Url = URL_DEFAULT,
    key: Key = None,
    in_database: InDatabase = False,
    as_json: Json = False,
) -> None:
    """Create a key and print it once: only its digest is stored.

    Example: leadledger key create 'inside sales' --source crm --scope events:write
    --scope decisions:write --department inside_sales
    """
    sources = tuple(source or (PAGES if person is not None else ()))
    if not sources:
        raise CommandFailed(Exit.USAGE, "name a --source that the key may send for")
    if days is not None and leaves_on is not None:
        raise CommandFailed(Exit.USAGE, "give --days or --leaves-on: a key has one expiry")
    terms = KeyTerms(
        name=name,
        sources=sources,
        scopes=tuple(str(right) for right in scope or DEFAULT_SCOPES),
        department=department,
        events_per_second=rate,
        expires_at=_end_of(leaves_on) if leaves_on is not None else _in_days(days),
        origins=tuple(origin or ()),
        person=person,
    )
    made = _keys(url, key, in_database=in_database).create(terms)
    if as_json:
        print_json(made)
    else:
        print_lines(made["key"])


@key_commands.command("list")
def list_keys(
    *,
    url: Url = URL_DEFAULT,
    key: Key = None,
    in_database: InDatabase = False,
    as_json: Json = False,
) -> None:
    """List all keys, including revoked and expired ones. Their secrets are not stored anywhere.

    Example: leadledger key list
    """
    keys = _keys(url, key, in_database=in_database).listed()
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
        typer.Option("--overlap-hours", min=0, help="How long both keys work."),
    ] = OVERLAP_HOURS,
    days: Annotated[
        int | None,
        typer.Option(
            "--days",
            min=1,
            show_default=False,
            help="The new key expires after this many days [default: the old key's lifetime]",
        ),
    ] = None,
    url: Url = URL_DEFAULT,
    key: Key = None,
    in_database: InDatabase = False,
    as_json: Json = False,
) -> None:
    """Create a key with the same terms and print it once; the old key ends after an overlap.

    Before then, give the new key to the holder of the old one.

    Example: leadledger key rotate 4fGh2kLm9QrS --overlap-hours 48
    """
    rotated = _keys(url, key, in_database=in_database).rotate(
        key_id,
        overlap=timedelta(hours=overlap_hours),
        expires_at=_in_days(days),
    )
    if as_json:
        print_json(rotated)
    else:
        print_lines(rotated["key"])


@key_commands.command("revoke")
def revoke_key(
    key_id: KeyId,
    *,
    url: Url = URL_DEFAULT,
    key: Key = None,
    in_database: InDatabase = False,
    as_json: Json = False,
) -> None:
    """Revoke a key permanently, within 5 seconds in every process. The events it sent stay.

    Example: leadledger key revoke 4fGh2kLm9QrS
    """
    revoked = _keys(url, key, in_database=in_database).revoke(key_id)
    if as_json:
        print_json(revoked)
        return
    print_lines(f"The key {revoked['id']} ({revoked['name']}) is revoked.")


class Keys(Protocol):
    """What can be done with keys, over HTTP or in the database."""

    def create(self, terms: KeyTerms) -> dict[str, Any]: ...

    def listed(self) -> list[dict[str, Any]]: ...

    def rotate(
        self, key_id: str, *, overlap: timedelta, expires_at: datetime | None
    ) -> dict[str, Any]: ...

    def revoke(self, key_id: str) -> dict[str, Any]: ...


class KeysOverHttp(NamedTuple):
    """Keys administered through the service, with a key that has keys:admin."""

    url: str
    key: str

    def create(self, terms: KeyTerms) -> dict[str, Any]:
        """Create a key, and describe it with its text."""
        ends = terms.expires_at
        with Service(self.url, self.key) as service:
            given = {**terms._asdict(), "expires_at": None if ends is None else ends.isoformat()}
            made = service.post("/v1/keys", given)
        return dict(made)

    def listed(self) -> list[dict[str, Any]]:
        """Describe all keys."""
        keys: list[dict[str, Any]] = []
        with Service(self.url, self.key) as service:
            after: str | None = ""
            while after is not None:
                page = service.get("/v1/keys", after=after, limit=KEYS_PAGE)
                keys += page["keys"]
                after = page["next"]
        return keys

    def rotate(
        self, key_id: str, *, overlap: timedelta, expires_at: datetime | None
    ) -> dict[str, Any]:
        """Create a key with the same terms, and describe it with its text and the old key."""
        with Service(self.url, self.key) as service:
            rotated = service.post(
                f"/v1/keys/{quote(key_id, safe='')}/rotate",
                overlap_s=int(overlap.total_seconds()),
                expires_at=None if expires_at is None else expires_at.isoformat(),
            )
        return dict(rotated)

    def revoke(self, key_id: str) -> dict[str, Any]:
        """Revoke a key, and describe it."""
        with Service(self.url, self.key) as service:
            return dict(service.delete(f"/v1/keys/{quote(key_id, safe='')}"))


def _keys(url: str, key: str | None, *, in_database: bool) -> Keys:
    if key and not in_database:
        return KeysOverHttp(url, key)
    settings = settings_of_ledger()
    from service.command.in_database.keys import KeysInDatabase

    return KeysInDatabase(settings)


def _in_days(days: int | None) -> datetime | None:
    return None if days is None else datetime.now(UTC) + timedelta(days=days)


def _end_of(day: datetime) -> datetime:
    """Return when a day ends by the clock of this machine."""
    return (day + timedelta(days=1)).astimezone()


def _cell(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else value or ""
