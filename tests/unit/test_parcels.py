"""What a request of a client holds: messages that can be read alone, and the key out of all."""

import json
from typing import Any

import pytest

from domain.lifecycle.client_names import ClientCall
from events.dialects import posthog, segment, snowplow
from events.dialects.parcels import Parcel
from events.strict_json import FaultyItem, TooLarge, Unacceptable, Unreadable


def body_of(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_the_time_of_sending_is_every_messages_that_has_none_of_its_own() -> None:
    sent = {"batch": [{"messageId": "1"}, {"messageId": "2", "sentAt": "own"}], "sentAt": "all"}
    assert segment.unpack_batch(body_of(sent)).messages == [
        {"messageId": "1", "sentAt": "all"},
        {"messageId": "2", "sentAt": "own"},
    ]


@pytest.mark.parametrize("name", ["sent_at", "sentAt"])
def test_posthogs_time_of_sending_goes_by_two_names(name: str) -> None:
    parcel = posthog.unpack(body_of({"api_key": "k", "batch": [{}], name: "now"}))
    assert parcel == Parcel("k", [{"sent_at": "now"}])


def test_the_key_is_taken_out_wherever_it_stands() -> None:
    sent = {"writeKey": "k", "batch": [{"writeKey": "k"}, {"a": 1}, "text", None]}
    assert segment.unpack_batch(body_of(sent)) == Parcel("k", [{}, {"a": 1}, "text", None])
    assert posthog.unpack_one(body_of({"api_key": "k", "a": 1})) == Parcel("k", [{"a": 1}])


def test_the_key_is_taken_out_of_what_cannot_be_taken_too() -> None:
    parcel = segment.unpack_batch(body_of({"batch": [{"writeKey": "k", "a": "nul\0"}]}))
    (faulty,) = parcel.messages
    assert isinstance(faulty, FaultyItem)
    assert (parcel.key, faulty.value) == ("k", {"a": "nul\0"})


def test_what_is_no_key_stays_with_the_payload() -> None:
    payloads = [{"aid": "shop"}, {"aid": "llk_1"}, {"aid": 7}]
    parcel = snowplow.unpack(body_of({"data": payloads}))
    assert parcel == Parcel("llk_1", [{"aid": "shop"}, {}, {"aid": 7}])


def test_one_request_has_one_key() -> None:
    with pytest.raises(Unacceptable):
        snowplow.unpack(body_of({"data": [{"aid": "llk_1"}, {"aid": "llk_2"}]}))


def test_a_single_call_takes_its_type_from_the_address_unless_it_has_one() -> None:
    def type_of(message: Any) -> Any:
        (found,) = segment.unpack_one(body_of(message), ClientCall.TRACK).messages
        return found["type"] if isinstance(found, dict) else found

    assert [type_of({}), type_of({"type": "page"}), type_of([])] == ["track", "page", []]


def test_a_query_is_a_payload() -> None:
    assert snowplow.unpack_query(b"e=pv&page=%E8%8A%B1+1&aid=llk_1&refr=") == Parcel(
        "llk_1", [{"e": "pv", "page": "花 1", "refr": ""}]
    )


@pytest.mark.parametrize("query", [b"e", b"e=1&e=2", b"e=%ff", b"e=\xe8", b"=&"])
def test_a_query_that_is_none_cannot_be_read(query: bytes) -> None:
    with pytest.raises(Unreadable):
        snowplow.unpack_query(query)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"{", Unreadable),
        (b'{"batch": [], "batch": []}', Unreadable),
        (b'{"a": 1}', Unacceptable),
        (b'{"batch": null}', Unacceptable),
        (b'{"batch": [], "a": "\\u0000"}', Unacceptable),
        (b'{"batch": [], "a": "%s"}' % (b"x" * 70_000), TooLarge),
    ],
)
def test_a_whole_that_cannot_be_read_has_no_messages(body: bytes, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        segment.unpack_batch(body)
