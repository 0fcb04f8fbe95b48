"""Digest identifiers and fingerprints with the ledger's secret; without it they reveal nothing."""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson

from domain.signal import Identifier
from events.limits import SECRET_BYTES_MIN
from events.seals import Seals

_SECRET_ID_BYTES = 4
_PREFIX_BYTES = 1 + _SECRET_ID_BYTES

DIGESTED = "hmac-"
"""Prefix of an event's id that is a digest of the sender's own."""

TRANSPORT_FIELDS: Mapping[int, frozenset[str]] = {
    1: frozenset({"sent_at", "sentAt", "stm", "writeKey", "api_key", "_metadata"}),
}
"""Members that a transport changes when it retries an event, by version of the fingerprint;
`_metadata` counts retries.

Stored fingerprints never change: add a version to change the members left out."""


class SecretTooShort(ValueError):
    """The ledger's secret must have at least 32 bytes."""


class FingerprintUnknown(Exception):
    """A stored fingerprint has a version, or was made with a secret, that this service lacks."""


class Digests:
    """Digests under one secret. A class, because the keys are derived once."""

    def __init__(
        self, secret: bytes, transport_fields: Mapping[int, frozenset[str]] = TRANSPORT_FIELDS
    ) -> None:
        if len(secret) < SECRET_BYTES_MIN:
            raise SecretTooShort(
                f"expected a secret of at least {SECRET_BYTES_MIN} bytes, found {len(secret)}; "
                "generate one with: openssl rand -hex 32"
            )
        self._identifier_key = _derive(secret, b"identifier")
        self._fingerprint_key = _derive(secret, b"fingerprint")
        self._event_id_key = _derive(secret, b"event id")
        self.check_value = _derive(secret, b"check")
        """Stored at the first start, so that a start with another secret is detected."""
        self.seals = Seals(
            _derive(secret, b"seal"), _derive(secret, b"chain"), _derive(secret, b"refusal")
        )
        self._secret_id = self.check_value[:_SECRET_ID_BYTES]
        self._transport_fields = transport_fields
        self._version = max(transport_fields)

    def identifier(self, kind: str, value: str) -> Identifier:
        """Digest one normalised identifier; equal values of different kinds differ."""
        message = f"{kind}\x00{value}".encode()
        return Identifier(kind, hmac.digest(self._identifier_key, message, "sha256"))

    def event_id(self, written: str) -> str:
        """Digest an event's id that no record may hold, under a key of its own.

        The same id always gives the same digest, so an event that is sent again stays one event.
        """
        digest = hmac.digest(self._event_id_key, written.encode(), "sha256")
        return f"{DIGESTED}{digest.hex()}"

    def fingerprint(self, reported: Mapping[str, Any]) -> bytes:
        """Digest an event as parsed, before any default is filled in.

        The version and the secret's id are a prefix, so that a stored fingerprint states how it
        was made.
        """
        return self._fingerprint(reported, self._version)

    def fingerprint_like(self, stored: bytes, reported: Mapping[str, Any]) -> bytes:
        """Digest an event the way a stored fingerprint was made, for comparison.

        Raises FingerprintUnknown if this service lacks its version or secret.
        """
        version, secret_id = stored[0], stored[1:_PREFIX_BYTES]
        if version not in self._transport_fields or secret_id != self._secret_id:
            raise FingerprintUnknown(f"version {version}, secret {secret_id.hex()}")
        return self._fingerprint(reported, version)

    def fingerprint_of_bytes(self, content: bytes) -> bytes:
        """Digest content that could not be parsed into an event."""
        digest = hmac.digest(self._fingerprint_key, b"\x00" + content, "sha256")
        return bytes((0,)) + self._secret_id + digest

    def _fingerprint(self, reported: Mapping[str, Any], version: int) -> bytes:
        left_out = self._transport_fields[version]
        content = {name: value for name, value in reported.items() if name not in left_out}
        canonical = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        digest = hmac.digest(self._fingerprint_key, canonical, "sha256")
        return bytes((version,)) + self._secret_id + digest


def have_same_version(left: bytes, right: bytes) -> bool:
    """Return whether two fingerprints have the same version and secret."""
    return left[:_PREFIX_BYTES] == right[:_PREFIX_BYTES]


def _derive(secret: bytes, purpose: bytes) -> bytes:
    """Derive a separate key for each purpose (HKDF's expand step, RFC 5869, one block)."""
    return hmac.digest(secret, b"leadledger/" + purpose + b"\x01", sha256)
