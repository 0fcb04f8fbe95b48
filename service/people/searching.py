"""Find leads by part of a name or company.

The index is one long text in memory, a line for each report that names someone, searched from its
end. A database index on names would be a second copy of personal data on disk; this one is gone a
while after it was last used. What it finds is read again before it is shown, so a person who was
erased, or whose name changed, is not found by what is no longer there.
"""

import asyncio
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

import orjson

from service.limits import (
    INDEX_CHARACTERS_MAX,
    INDEX_FORGOTTEN_S,
    INDEX_PAGE_ROWS,
    SEARCH_FOUND_MAX,
)
from service.people.cards import Cards, card_in

_LINE: Final = "\n"
_BETWEEN: Final = "\t"


def folded(text: str) -> str:
    """Write a name so that width, letter case, spaces and kana do not matter."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(map(_hiragana, plain)).replace(" ", "").replace(_BETWEEN, "").replace(_LINE, "")


def _hiragana(letter: str) -> str:
    return chr(ord(letter) - 0x60) if "ァ" <= letter <= "ヶ" else letter


class NameIndex:
    """A class, because it remembers what it has read, and forgets it."""

    def __init__(self, cards: Cards) -> None:
        self._cards = cards
        self._text = _LINE
        self._last: dict[str, str] = {}
        """Lead → its latest line, so that an unchanged name takes no further one."""
        self._position = 0
        self._forgetting: asyncio.TimerHandle | None = None
        self._reading = asyncio.Lock()

    async def find(self, term: str) -> list[str]:
        """Return leads whose names were reported with this part, the latest reports first."""
        wanted = folded(term)
        if not wanted:
            return []
        await self._catch_up()
        if self._forgetting is not None:
            self._forgetting.cancel()
        loop = asyncio.get_running_loop()
        self._forgetting = loop.call_later(INDEX_FORGOTTEN_S, self._forget)
        return self._matches(wanted)

    def _matches(self, wanted: str) -> list[str]:
        found: dict[str, None] = {}
        end = len(self._text)
        while len(found) < SEARCH_FOUND_MAX:
            place = self._text.rfind(wanted, 0, end)
            if place < 0:
                break
            begin = self._text.rfind(_LINE, 0, place) + 1
            line = self._text[begin : self._text.find(_LINE, place)]
            lead_id, _, names = line.partition(_BETWEEN)
            # An id is hexadecimal, and may contain what is looked for.
            if wanted in names:
                found[lead_id] = None
            end = begin
        return list(found)

    async def _catch_up(self) -> None:
        """Read what was reported since the last search."""
        async with self._reading:
            lines = [self._text]
            while rows := await self._cards.stretch(after=self._position, limit=INDEX_PAGE_ROWS):
                lines += self._lines(rows)
                if len(rows) < INDEX_PAGE_ROWS:
                    break
            text = "".join(lines)
            if len(text) > INDEX_CHARACTERS_MAX:
                text = text[text.index(_LINE, len(text) - INDEX_CHARACTERS_MAX) :]
            self._text = text

    def _lines(self, rows: Sequence[tuple[int, str, bytes]]) -> Iterator[str]:
        for position, lead_id, content in rows:
            self._position = position
            names = folded(card_in(orjson.loads(content)).text)
            if names and self._last.get(lead_id) != names:
                self._last[lead_id] = names
                yield f"{lead_id}{_BETWEEN}{names}{_LINE}"

    def _forget(self) -> None:
        """Drop everything: the next search reads it again."""
        self._text, self._position = _LINE, 0
        self._last.clear()
