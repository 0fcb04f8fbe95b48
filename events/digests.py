"""Keyed digests under the ledger's secret: identifiers and fingerprints tell nothing without it."""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson

from domain.signals import Identifier

SECRET_BYTES_MIN = 32
"""As long as the digest that it keys: a shorter secret would be the weaker part."""

_FINGERPRINT_VERSION = b"\x01"
_SECRET_ID_BYTES = 4
_TRANSPORT_FIELDS = frozenset({"sent_at", "sentAt", "stm", "writeKey", "api_key", "_metadata"})
"""What a transport changes when it sends the same event again; `_metadata` counts retries."""


class SecretTooShort(ValueError):
    """The ledger's secret needs at least 32 bytes."""


class Digests:
    """Digests under one secret. A class, because the derived keys are made once."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < SECRET_BYTES_MIN:
            raise SecretTooShort(
                f"expected a secret of at least {SECRET_BYTES_MIN} bytes, found {len(secret)}; "
                "make one with: openssl rand -hex 32"
            )
        self._identifier_key = _derive(secret, b"identifier")
        self._fingerprint_key = _derive(secret, b"fingerprint")
        self.check_value = _derive(secret, b"check")
        """Stored by the first start, so that a start with another secret is noticed."""
        self._fingerprint_prefix = _FINGERPRINT_VERSION + self.check_value[:_SECRET_ID_BYTES]

    def identifier(self, kind: str, value: str) -> Identifier:
        """Digest one normalised identifier; equal values of different kinds differ."""
        message = f"{kind}\x00{value}".encode()
        return Identifier(kind, hmac.digest(self._identifier_key, message, "sha256"))

    def fingerprint(self, reported: Mapping[str, Any]) -> bytes:
        """Digest an event as parsed, before any default is filled in.

        The version and the secret's id stand in front, so that a stored fingerprint says under
        what it was made.
        """
        content = {name: value for name, value in reported.items() if name not in _TRANSPORT_FIELDS}
        canonical = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        return self._fingerprint_prefix + hmac.digest(self._fingerprint_key, canonical, "sha256")


def _derive(secret: bytes, purpose: bytes) -> bytes:
    """Return a key of its own for each purpose (HKDF's expand step, RFC 5869, one block)."""
    return hmac.digest(secret, b"leadledger/" + purpose + b"\x01", sha256)
