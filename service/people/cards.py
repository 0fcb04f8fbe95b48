"""The card of a lead: the latest name, company and telephone number that were reported.

Read from the personal data of its events each time: nothing is copied, so an erasure has nothing to
follow.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.lifecycle.service_events import EVENT, EVENTS
from events.database.statements import Statement, load
from events.records import decode_event
from service.limits import CARD_EVENTS_MAX, CARD_EVENTS_SEARCHED_MAX, CARD_FIELD_CHARACTERS_MAX

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("name", "full_name", "fullName", "氏名", "お名前"),
    "kana": ("name_kana", "kana", "furigana", "フリガナ", "ふりがな", "氏名(カナ)"),
    "company": ("company", "company_name", "companyName", "organization", "会社名", "企業名"),
    "section": ("department", "department_name", "section", "部署", "部署名"),
    "title": ("title", "job_title", "jobTitle", "役職"),
    "phone": ("phone", "telephone", "tel", "mobile", "電話", "電話番号"),
}
"""What clients call the fields of a profile; the first that is there counts."""
_PARTS_OF_NAME: Final = (("last_name", "first_name"), ("lastName", "firstName"), ("姓", "名"))
MEMOS: Final = ("memo", "note", "メモ")


class Card(NamedTuple):
    """What was last reported about the person behind a lead; None: nothing was."""

    name: str | None = None
    kana: str | None = None
    company: str | None = None
    section: str | None = None
    title: str | None = None
    phone: str | None = None
    email: str | None = None

    @property
    def is_empty(self) -> bool:
        return not any(self)

    def filled_from(self, earlier: "Card") -> "Card":
        """Return the card with what it lacks taken from an earlier one."""
        return Card(*(mine or theirs for mine, theirs in zip(self, earlier, strict=True)))

    @property
    def text(self) -> str:
        """Everything by which a person is looked for."""
        return " ".join(filter(None, (self.name, self.kana, self.company)))


EMPTY: Final = Card()


class Memo(NamedTuple):
    """What somebody wrote down about a contact."""

    position: int
    at: datetime
    type: str
    text: str


class PersonalData(NamedTuple):
    """What is shown of one lead."""

    card: Card
    memo: Memo | None
    """The latest one."""


NOTHING_KNOWN: Final = PersonalData(EMPTY, None)


class Cards:
    """A class, because every query needs the same engine and statements."""

    def __init__(self, engine: AsyncEngine, schema: str) -> None:
        self._engine = engine
        self._sql: Mapping[str, Statement] = load("service.people", "people.sql", schema)

    async def read(
        self, families: Mapping[str, Sequence[str]], *, parted: Collection[str] = ()
    ) -> dict[str, PersonalData]:
        """Read what is known about some leads.

        `families`: a lead's id → its own and the ids of those that it absorbed. `parted`: those of
        which some reports turned out to be about somebody else.
        """
        owner_of = {member: lead for lead, family in families.items() for member in family}
        if not owner_of:
            return {}
        values = {
            "subject_ids": list(owner_of),
            "searched": CARD_EVENTS_SEARCHED_MAX,
            "kept": CARD_EVENTS_MAX,
        }
        async with self._engine.connect() as connection:
            rows = (await connection.execute(self._sql["read_personal"].text, values)).all()
        others = await self._taken_away([one for one in owner_of if owner_of[one] in parted])
        found: defaultdict[str, PersonalData] = defaultdict(lambda: NOTHING_KNOWN)
        for row in rows:
            if row.position in others:
                continue
            lead, content = owner_of[row.subject_id], orjson.loads(row.content)
            card, memo = found[lead]
            text = _memo_in(content)
            if memo is None and text is not None:
                memo = Memo(row.position, row.occurred_at, row.type, text)
            found[lead] = PersonalData(card.filled_from(card_in(content)), memo)
        return dict(found)

    async def _taken_away(self, subject_ids: Sequence[str]) -> set[int]:
        """Return the events that do not count for these leads."""
        if not subject_ids:
            return set()
        async with self._engine.connect() as connection:
            rows = await connection.scalars(
                self._sql["read_taken_away"].text, {"subject_ids": list(subject_ids)}
            )
            return {position for record in rows for position in _named_in(record)}

    async def stretch(self, *, after: int, limit: int) -> list[tuple[int, str, bytes]]:
        """Read personal data in the order of the log: position, lead, content."""
        values = {"after": after, "limit": limit}
        async with self._engine.connect() as connection:
            rows = await connection.execute(self._sql["read_index"].text, values)
            return [(row.position, row.subject_id, bytes(row.content)) for row in rows]


def card_in(content: Mapping[str, Any]) -> Card:
    """Return what one report says of its person."""
    lead, account = _object(content.get("lead")), _object(content.get("account"))
    profile = _object(lead.get("profile"))
    found = {field: _first(profile, names) for field, names in _NAMES.items()}
    return Card(
        name=_text(lead.get("name")) or found["name"] or _joined(profile),
        kana=found["kana"],
        company=_text(account.get("name")) or found["company"],
        section=found["section"],
        title=found["title"],
        phone=_text(lead.get("phone")) or found["phone"],
        email=_text(lead.get("email")),
    )


def _joined(profile: Mapping[str, Any]) -> str | None:
    """Return a name that was reported in two parts."""
    for parts in _PARTS_OF_NAME:
        found = [text for part in parts if (text := _text(profile.get(part))) is not None]
        if found:
            return " ".join(found)
    return None


def _first(profile: Mapping[str, Any], names: Iterable[str]) -> str | None:
    found = (_text(profile.get(name)) for name in names)
    return next(filter(None, found), None)


def _memo_in(content: Mapping[str, Any]) -> str | None:
    return _first(_object(content.get("data")), MEMOS)


def _text(value: object) -> str | None:
    """Return a text that can be shown; people and programs enter anything."""
    if not isinstance(value, str) or not value.strip():
        return None
    return value.strip()[:CARD_FIELD_CHARACTERS_MAX]


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _named_in(record: str) -> Iterator[int]:
    data = decode_event(record).data
    named = [data[EVENT]] if EVENT in data else data.get(EVENTS, ())
    return map(int, named)
