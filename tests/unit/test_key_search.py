"""A key inside a body is found as the body arrives, wherever it is and however it is cut."""

import json

import pytest

from events.strict_json import Unacceptable
from service.keys.key_search import KeySearch
from service.keys.key_text import mint

KEY, OTHER = mint().text, mint().text


def found_in(body: bytes, size: int = 10_000, member: str = "api_key") -> list[str]:
    search = KeySearch(member)
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return [key for piece in pieces if (key := search.feed(piece)) is not None]


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
@pytest.mark.parametrize(
    "body",
    [
        {"api_key": KEY, "batch": [{"event": "a"}]},
        {"batch": [{"event": "a" * 500}], "api_key": KEY},
        {"batch": [{"api_key": KEY, "event": "a"}, {"api_key": KEY}]},
    ],
    ids=["before", "behind", "within"],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_the_key_is_found_once_wherever_it_is(body: object, indent: int | None, size: int) -> None:
    assert found_in(json.dumps(body, indent=indent).encode(), size) == [KEY]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        f'{{"other":"{KEY}"}}'.encode(),
        f'{{"api_key":"x{KEY}"}}'.encode(),
        f'{{"api_key":["{KEY}"]}}'.encode(),
        f'{{"api_key":"{KEY}x"}}'.encode(),
        b'{"api_key":"phc_of_another_service"}',
    ],
    ids=["nothing", "other member", "more before", "a list", "more behind", "other service"],
)
def test_text_that_does_not_look_like_a_key_is_not_one(body: bytes) -> None:
    assert found_in(body) == []


@pytest.mark.parametrize("size", [50, 10_000])
def test_one_request_has_one_key(size: int) -> None:
    with pytest.raises(Unacceptable):
        found_in(json.dumps([{"aid": KEY}, {"aid": OTHER}]).encode(), size, "aid")
