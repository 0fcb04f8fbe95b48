"""Secrets at rest: encrypted under the ledger's secret; the database alone reveals none."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_PURPOSE = b"leadledger/webhook-secret"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = b"\x01"
_BROKEN = "a sealed secret cannot be opened: rotate it"


class SealBroken(Exception):
    """The sealed content was changed, moved to another place, or sealed under another secret."""


class Seal:
    """Seals with one key (AES-256-GCM). A class, because the key is derived once (HKDF)."""

    def __init__(self, secret: bytes) -> None:
        key = HKDF(SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE).derive(secret)
        self._cipher = AESGCM(key)

    def close(self, content: bytes, *, owner: str) -> bytes:
        """Seal content; it can be opened only for the same owner."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, content, owner.encode())

    def open(self, sealed: bytes, *, owner: str) -> bytes:
        """Return the content that was sealed.

        Raises:
            SealBroken: it was not sealed for this owner under this secret.
        """
        nonce, content = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] != _VERSION:
            raise SealBroken(_BROKEN)
        try:
            return self._cipher.decrypt(nonce, content, owner.encode())
        except (InvalidTag, ValueError):
            raise SealBroken(_BROKEN) from None
