"""A key as its holder has it: `llk_<public id>_<secret>_<checksum>`.

The prefix lets secret scanners find a leaked key, the checksum distinguishes a mistyped key from a
revoked one, and the public id makes it possible to find the key without searching for its secret.
"""

import re
import secrets
import zlib
from hashlib import sha256
from typing import NamedTuple

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_LENGTH = 12
"""71 bits: ids never collide by chance, and are short enough to appear in every record."""
SECRET_LENGTH = 43
"""256 bits in this alphabet."""

FORM = f"llk_[0-9A-Za-z]{{{ID_LENGTH}}}_[0-9A-Za-z]{{{SECRET_LENGTH}}}_[0-9a-f]{{8}}"
"""A regular expression for a whole key."""

_PARTS = re.compile(
    f"(llk_([0-9A-Za-z]{{{ID_LENGTH}}})_([0-9A-Za-z]{{{SECRET_LENGTH}}}))_([0-9a-f]{{8}})"
)


class KeyMalformed(ValueError):
    """This is not a key, or it has been mistyped or cut short."""


class KeyText(NamedTuple):
    """A key split into its parts. `text` is the whole of it."""

    key_id: str
    secret: str
    text: str

    @property
    def digest(self) -> bytes:
        """What is stored. Plain SHA-256: a secret of 256 random bits cannot be guessed."""
        return sha256(self.secret.encode()).digest()

    def __repr__(self) -> str:
        """Keep the secret out of logs and tracebacks."""
        return f"KeyText(key_id={self.key_id!r})"


def mint() -> KeyText:
    """Make a new key."""
    key_id = "".join(secrets.choice(ALPHABET) for _ in range(ID_LENGTH))
    secret = _in_alphabet(secrets.randbits(256))
    stem = f"llk_{key_id}_{secret}"
    return KeyText(key_id, secret, f"{stem}_{_checksum(stem)}")


def parse(text: str) -> KeyText:
    """Split a key into its parts. Raises KeyMalformed, before any query to the database."""
    match = _PARTS.fullmatch(text)
    if match is None:
        raise KeyMalformed("a key is llk_<id>_<secret>_<checksum>")
    stem, key_id, secret, checksum = match.groups()
    if checksum != _checksum(stem):
        raise KeyMalformed("the checksum at its end does not match: it was mistyped or cut")
    return KeyText(key_id, secret, text)


def _checksum(stem: str) -> str:
    return f"{zlib.crc32(stem.encode()):08x}"


def _in_alphabet(number: int) -> str:
    digits = []
    for _ in range(SECRET_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(digits)
