import pytest

from service.keys.key_text import KeyMalformed, KeyText, mint, parse
from service.keys.rates import Allowance
from service.limits import BURST_S


def test_a_minted_key_is_read_back_as_it_was_made() -> None:
    key = mint()
    assert parse(key.text) == key


def test_no_two_keys_are_alike() -> None:
    assert len({mint().text for _ in range(100)}) == 100


def test_the_secret_is_in_no_representation() -> None:
    key = mint()
    assert key.secret not in repr(key)
    assert repr(key) == f"KeyText(key_id='{key.key_id}')"


def test_the_digest_is_that_of_the_secret_alone() -> None:
    first = KeyText("id", "secret", "llk_id_secret_0")
    assert first.digest == KeyText("other", "secret", "").digest
    assert first.digest.hex() == "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"


@pytest.mark.parametrize("place", [5, 20, 60, -1])
def test_a_key_with_one_wrong_character_is_distinguished_from_an_unknown_one(place: int) -> None:
    text = mint().text
    wrong = text[:place] + ("0" if text[place] != "0" else "1") + text[place:][1:]
    with pytest.raises(KeyMalformed, match="checksum"):
        parse(wrong)


@pytest.mark.parametrize(
    "text", ["", "llk", "llk_a_b_c", "Bearer", "llk_" + "é" * 66, "llk_" + "a" * 12 + "_b_c"]
)
def test_text_without_the_form_of_a_key_is_not_one(text: str) -> None:
    with pytest.raises(KeyMalformed):
        parse(text)


def test_an_allowance_permits_a_burst_and_then_the_rate() -> None:
    allowance = Allowance(10, now=100.0)
    allowance.take(int(10 * BURST_S))
    assert allowance.wait_s(100.0) == pytest.approx(0.1)
    assert allowance.wait_s(100.2) == 0
    allowance.take(11)
    assert allowance.wait_s(100.2) == pytest.approx(1.0)
