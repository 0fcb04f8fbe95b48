"""Who is asking, and whether they may: every route is closed unless it declares otherwise."""

import base64
import binascii
import math
from dataclasses import dataclass
from time import monotonic

from fastapi import Request

from events.signals.sender import Sender
from service.http.parts import part_of
from service.http.problem import Problem
from service.http.request_headers import read_transfer
from service.keys.directory import Holder, KeyDirectory
from service.keys.key_text import KeyMalformed, parse
from service.keys.scopes import REPORTING, Scope

_CHALLENGE = {"www-authenticate": 'Bearer realm="leadledger"'}


@dataclass(frozen=True, slots=True)
class Needs:
    """A dependency of a route: the key behind the request, if it has the scope."""

    scope: Scope

    async def __call__(self, request: Request) -> Sender:
        keys = part_of(request, KeyDirectory)
        transfer = read_transfer(request.scope)
        sender = (await identify(keys, transfer.authorization, transfer.origin)).sender
        if self.scope not in sender.scopes:
            raise lacks(self.scope)
        return sender


async def identify(keys: KeyDirectory, authorization: bytes, origin: bytes = b"") -> Holder:
    """Return the holder of a request's key.

    Raises Problem: key-missing, key-unknown, origin-not-allowed.
    """
    return await holder_of(keys, key_in(authorization), origin)


async def holder_of(keys: KeyDirectory, text: str, origin: bytes) -> Holder:
    """Return the holder of a key, wherever in the request the key was.

    A key for web pages is accepted only from the origins it lists. A script on another page cannot
    forge its origin, but a program can; that is why such a key may only report facts.
    """
    try:
        key = parse(text)
    except KeyMalformed as error:
        raise _unknown(f"This is not a key of a ledger: {error}.") from None
    holder = keys.recall(key) or await keys.find(key)
    if holder is None:
        raise _unknown(
            "This key is not valid here: it belongs to another ledger, was revoked or has expired. "
            "Ask the administrator of the keys for a new one."
        )
    if holder.origins and origin not in holder.origins:
        raise Problem(
            "origin-not-allowed",
            "This key works only on web pages from the origins it lists, and this request comes "
            "from none of them. Add the origin to the key, or use a key without origins on a "
            "server.",
        )
    return holder


def admit_report(holder: Holder) -> Sender:
    """Admit a key to reporting if it may report any event and is within its rate."""
    sender = holder.sender
    if not REPORTING & sender.scopes:
        raise lacks(Scope.EVENTS_WRITE)
    if holder.allowance is not None:
        wait_s = holder.allowance.wait_s(monotonic())
        if wait_s > 0:
            raise Problem(
                "rate-exceeded",
                f"This key may send {holder.allowance.rate} events per second. Send the same ids "
                "again after the time in Retry-After.",
                headers={"retry-after": str(max(1, math.ceil(wait_s)))},
            )
    return sender


def sees_personal(sender: Sender) -> bool:
    """Whether a key may see personal data: what people wrote, and the people in events.

    The only place that decides this.
    """
    return Scope.PERSONAL_READ in sender.scopes


async def reporting_holder(request: Request) -> Holder:
    """A dependency of a route: the key's holder, if it may report events at all."""
    transfer = read_transfer(request.scope)
    keys = part_of(request, KeyDirectory)
    holder = await identify(keys, transfer.authorization, transfer.origin)
    admit_report(holder)
    return holder


def lacks(scope: Scope) -> Problem:
    return Problem(
        "scope-missing",
        f"This needs a key with the scope {scope}. Ask the administrator of the keys for one.",
        expected=str(scope),
    )


def key_in(authorization: bytes) -> str:
    """Extract the key from `Bearer <key>`, or from Basic, where it is the user name."""
    scheme, _, rest = authorization.partition(b" ")
    scheme, rest = scheme.lower(), rest.strip()
    if scheme == b"bearer":
        return rest.decode("latin-1")
    if scheme == b"basic":
        try:
            return base64.b64decode(rest, validate=True).partition(b":")[0].decode("latin-1")
        except (binascii.Error, ValueError):
            raise _unknown(
                "Expected Basic credentials in base64, with the key as the user name."
            ) from None
    raise key_missing()


def key_missing() -> Problem:
    return Problem(
        "key-missing",
        "Send a key: Authorization: Bearer llk_… , or Basic with the key as the user name.",
        headers=_CHALLENGE,
    )


def _unknown(detail: str) -> Problem:
    return Problem("key-unknown", detail, headers=_CHALLENGE)
