"""Find the key inside a body while it arrives, before anyone takes the body apart.

Some clients put their key among their data: beside the events, before or behind them, or into each.
To read the data for it would be to work for anybody. But our keys have a form that nothing else
has, and a client writes the member that holds one in only one way, so it is found by its looks, in
one pass over the bytes, wherever it is.

What is found is no more than a claim to be looked at. A body that shows several keys is nobody's:
one request has one sender. A key that is written with escapes is not found; no client
writes one so.
"""

import re
from typing import Final

from events.strict_json import Unacceptable
from service.keys.key_text import FORM
from service.limits import SPACE_MAX

_KEY_CHARACTERS_MAX: Final = 100


class KeySearch:
    """A body's search for its key. A class, because a key may arrive in two pieces."""

    def __init__(self, member: str) -> None:
        space = rb"[ \t\n\r]{0,%d}" % SPACE_MAX
        name = re.escape(f'"{member}"').encode()
        self._pattern = re.compile(name + space + b":" + space + b'"(' + FORM.encode() + b')"')
        self._kept_bytes = len(member) + 2 * SPACE_MAX + _KEY_CHARACTERS_MAX
        self._rest = b""
        self._found: bytes | None = None

    def feed(self, piece: bytes) -> str | None:
        """Look through the next piece; return the key the first time that one is found.

        Raises Unacceptable where another one is found.
        """
        text = self._rest + piece
        self._rest = text[-self._kept_bytes :]
        first = None
        for match in self._pattern.finditer(text):
            if self._found is None:
                self._found = match[1]
                first = match[1].decode()
            elif match[1] != self._found:
                raise Unacceptable(expected="one key in one request", found="several", pointer="")
        return first
