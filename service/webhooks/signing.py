"""Signatures by the Standard Webhooks specification (symmetric, version v1)."""

import hmac
import secrets
from base64 import b64encode
from collections.abc import Iterable, Mapping

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with
_SECRET_BYTES = 32


def mint() -> bytes:
    """Make a secret."""
    return secrets.token_bytes(_SECRET_BYTES)


def secret_text(secret: bytes) -> str:
    """Write a secret in the form that receivers' libraries read."""
    return SECRET_PREFIX + b64encode(secret).decode()


def signed_headers(
    keys: Iterable[bytes], *, id: str, timestamp: int, body: bytes
) -> Mapping[str, str]:
    """Return the headers by which a receiver authenticates a message.

    `timestamp` is that of the attempt, in seconds, so that an old message cannot be replayed by a
    third party. There is one signature for each valid secret: a receiver needs to know only one of
    them.
    """
    content = f"{id}.{timestamp}.".encode() + body
    signatures = (b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys)
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
