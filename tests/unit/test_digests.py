"""Keyed digests: what a stored identifier or fingerprint is, byte by byte."""

import hashlib
import hmac
import json

import pytest

from domain.signal import Identifier
from events.signals.digests import Digests, SecretTooShort

SECRET = bytes(range(32))
DIGESTS = Digests(SECRET)
EVENT = {
    "id": "form-1",
    "type": "form.submitted",
    "lead": {"email": "hanako@example.co.jp"},
    "data": {"form": "資料", "n": 1},
}


def key_for(purpose: str) -> bytes:
    return hmac.new(SECRET, f"leadledger/{purpose}".encode() + b"\x01", hashlib.sha256).digest()


def test_an_identifier_is_an_hmac_over_kind_and_value() -> None:
    expected = hmac.new(key_for("identifier"), b"email\x00h@example.com", hashlib.sha256).digest()
    assert DIGESTS.identifier("email", "h@example.com") == Identifier("email", expected)


def test_a_fingerprint_is_an_hmac_over_the_event_as_it_was_parsed() -> None:
    canonical = json.dumps(EVENT, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    expected = hmac.new(key_for("fingerprint"), canonical.encode(), hashlib.sha256).digest()
    assert DIGESTS.fingerprint(EVENT) == b"\x01" + key_for("check")[:4] + expected


def test_stored_digests_never_change() -> None:
    """Existing ledgers contain these: with another value, no lead would be found again."""
    assert (
        DIGESTS.check_value.hex(),
        DIGESTS.identifier("email", "hanako@example.co.jp").digest.hex(),
        DIGESTS.fingerprint(EVENT).hex(),
    ) == (
        "56b6df16ac3dca98a60eb12d789af54ef37b63ef5a75daef65d311af7c3dc3ac",
        "ea111ade454c32e315d5aaec8faf3875803b2c7ccbae1d18e0086aaf13d22392",
        "0156b6df16a798966b8ac2f567cdeaf7519344fd5416ac470376db374fde05fa4313cb782b",
    )


def test_the_same_value_of_another_kind_is_another_identifier() -> None:
    kinds = ("email", "phone", "crm", "emai")
    assert len({DIGESTS.identifier(kind, "1").digest for kind in kinds}) == len(kinds)


def test_kind_and_value_cannot_be_shifted_into_each_other() -> None:
    assert DIGESTS.identifier("a", "bc").digest != DIGESTS.identifier("ab", "c").digest


@pytest.mark.parametrize("name", ["sent_at", "sentAt", "stm", "writeKey", "api_key"])
def test_what_a_transport_changes_is_not_content(name: str) -> None:
    assert DIGESTS.fingerprint({**EVENT, name: "now"}) == DIGESTS.fingerprint(EVENT)


def test_the_order_of_members_is_not_content() -> None:
    assert DIGESTS.fingerprint(dict(reversed(EVENT.items()))) == DIGESTS.fingerprint(EVENT)


@pytest.mark.parametrize(
    "other",
    [
        {**EVENT, "id": "form-2"},
        {**EVENT, "data": {"form": "資料", "n": 2}},
        {**EVENT, "data": {"form": "資料", "n": "1"}},
        {**EVENT, "data": {"form": "資料", "n": 1, "sent_at": "now"}},
        {**EVENT, "time": None},
        {**EVENT, "source": "test"},
        {name: value for name, value in EVENT.items() if name != "data"},
    ],
)
def test_anything_else_is_other_content(other: dict[str, object]) -> None:
    assert DIGESTS.fingerprint(other) != DIGESTS.fingerprint(EVENT)


def test_another_secret_digests_everything_otherwise_and_says_so() -> None:
    other = Digests(bytes(reversed(SECRET)))
    assert other.check_value != DIGESTS.check_value
    assert other.identifier("email", "a") != DIGESTS.identifier("email", "a")
    assert other.fingerprint(EVENT)[1:5] != DIGESTS.fingerprint(EVENT)[1:5]
    assert other.fingerprint(EVENT)[5:] != DIGESTS.fingerprint(EVENT)[5:]


def test_a_short_secret_is_refused_with_how_to_make_one() -> None:
    with pytest.raises(
        SecretTooShort, match="at least 32 bytes, found 31; generate one with: openssl"
    ):
        Digests(bytes(31))
