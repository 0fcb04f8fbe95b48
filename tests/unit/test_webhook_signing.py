"""Messages are signed per the Standard Webhooks specification, as checked by its own library."""

from base64 import b64decode
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from service.webhooks.encryption import Seal, SealBroken
from service.webhooks.signing import SECRET_PREFIX, mint, secret_text, signed_headers

RECORD = '{"actor":"山田","position":"17","type":"form.submitted"}'
NOW = int(datetime.now(UTC).timestamp())


def headers(*keys: bytes, at: int = NOW) -> dict[str, str]:
    return dict(signed_headers(keys, id="ledger-17", timestamp=at, body=RECORD.encode()))


def test_a_receiver_that_knows_the_secret_accepts_the_message() -> None:
    key = mint()
    assert Webhook(secret_text(key)).verify(RECORD, headers(key))["position"] == "17"


def test_while_a_secret_is_changed_either_is_enough() -> None:
    old, new = mint(), mint()
    signed = headers(new, old)
    assert len(signed["webhook-signature"].split(" ")) == 2
    for key in (old, new):
        Webhook(secret_text(key)).verify(RECORD, signed)


@pytest.mark.parametrize(
    ("changed", "body"),
    [
        ({}, RECORD.replace("17", "18")),
        ({"webhook-id": "ledger-18"}, RECORD),
        ({"webhook-timestamp": str(NOW - 1)}, RECORD),
        ({"webhook-signature": "v1,AAAA"}, RECORD),
    ],
)
def test_a_message_that_was_changed_on_its_way_is_refused(
    changed: dict[str, str], body: str
) -> None:
    key = mint()
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_text(key)).verify(body, {**headers(key), **changed})


def test_another_secret_and_an_old_message_are_refused() -> None:
    key = mint()
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_text(mint())).verify(RECORD, headers(key))
    old = int((datetime.now(UTC) - timedelta(minutes=6)).timestamp())
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_text(key)).verify(RECORD, headers(key, at=old))


def test_a_secret_is_long_and_never_the_same() -> None:
    texts = {secret_text(mint()) for _ in range(100)}
    assert len(texts) == 100
    assert {len(b64decode(text.removeprefix(SECRET_PREFIX))) for text in texts} == {32}


def test_what_is_sealed_opens_in_its_place_under_its_secret_and_nowhere_else() -> None:
    seal, key = Seal(b"a secret of the tests, with 32 bytes"), mint()
    sealed = seal.close(key, owner="here")
    assert seal.open(sealed, owner="here") == key
    assert key not in sealed
    assert seal.close(key, owner="here") != sealed
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    other = Seal(b"another secret, with 32 bytes as well")
    for broken, opening, place in (
        (sealed, seal, "there"),
        (sealed, other, "here"),
        (changed, seal, "here"),
        (b"\x02" + sealed[1:], seal, "here"),
        (b"", seal, "here"),
        (sealed[:5], seal, "here"),
    ):
        with pytest.raises(SealBroken, match="rotate"):
            opening.open(broken, owner=place)
