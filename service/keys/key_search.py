"""Find the key inside a body while it arrives, before the body is parsed.

Some clients put their key among their data: next to the events, before or after them, or into each.
Parsing the data first would mean doing work for any stranger. But our keys have a form that nothing
else has, and a client writes the member that holds one in only one way. So one pass over the bytes
finds the key by its form, wherever it is.

What is found is only a claim, to be verified. A body with several keys is rejected: one request has
one sender. A key that is written with escapes is not found; no client writes one that way.
"""

import re

from events.strict_json import Unacceptable
from service.keys.key_text import FORM
from service.limits import KEY_CHARACTERS_MAX, SPACE_MAX


class KeySearch:
    """The search for a key in one body. A class, because a key may arrive in two pieces."""

    def __init__(self, member: str) -> None:
        space = rb"[ \t\n\r]{0,%d}" % SPACE_MAX
        name = re.escape(f'"{member}"').encode()
        self._pattern = re.compile(name + space + b":" + space + b'"(' + FORM.encode() + b')"')
        self._kept_bytes = len(member) + 2 * SPACE_MAX + KEY_CHARACTERS_MAX
        self._rest = b""
        self._found: bytes | None = None

    def feed(self, piece: bytes) -> str | None:
        """Search the next piece; return the key the first time that it is found.

        Raises Unacceptable if a different key is found.
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
