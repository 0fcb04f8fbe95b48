"""The content of a client's request: messages that can be read separately, none with the key."""

import json
from typing import Any

import pytest

from domain.lifecycle.client_names import ClientCall
from events.signals.dialects import posthog, segment, snowplow
from events.signals.dialects.parcels import Parcel
from events.strict_json import (
    FaultyItem,
    Finding,
    JsonValue,
    TooLarge,
    Unacceptable,
    Unreadable,
)
from tests.support.finished import finish


def body_of(value: Any) -> bytes:
    return json.dumps(value).encode()


def messages_of(finding: Finding[Parcel]) -> list[JsonValue | FaultyItem]:
    parcel = finish(finding)
    return [parcel.read(text) for text in parcel.items]


def test_the_time_of_sending_applies_to_messages_without_their_own() -> None:
    sent = {"batch": [{"messageId": "1"}, {"messageId": "2", "sentAt": "own"}], "sentAt": "all"}
    assert messages_of(segment.unpack_batch(body_of(sent))) == [
        {"messageId": "1", "sentAt": "all"},
        {"messageId": "2", "sentAt": "own"},
    ]


@pytest.mark.parametrize("name", ["sent_at", "sentAt"])
def test_posthogs_time_of_sending_has_two_names(name: str) -> None:
    finding = posthog.unpack(body_of({"api_key": "k", "batch": [{}], name: "now"}))
    assert messages_of(finding) == [{"sent_at": "now"}]


def test_the_key_is_taken_out_of_every_message() -> None:
    sent = {"writeKey": "k", "batch": [{"writeKey": "k"}, {"a": 1}, "text", None]}
    assert messages_of(segment.unpack_batch(body_of(sent))) == [{}, {"a": 1}, "text", None]
    assert messages_of(posthog.unpack_one(body_of({"api_key": "k", "a": 1}))) == [{"a": 1}]


def test_the_key_is_taken_out_of_what_cannot_be_taken_too() -> None:
    (faulty,) = messages_of(
        segment.unpack_batch(body_of({"batch": [{"writeKey": "k", "a": "nul\0"}]}))
    )
    assert isinstance(faulty, FaultyItem)
    assert faulty.value == {"a": "nul\0"}


def test_a_value_that_is_not_a_key_stays_in_the_payload() -> None:
    payloads = [{"aid": "shop"}, {"aid": "llk_1"}, {"aid": 7}]
    finding = snowplow.unpack(body_of({"data": payloads}))
    assert messages_of(finding) == [{"aid": "shop"}, {}, {"aid": 7}]


def test_half_a_character_in_one_message_spoils_no_other() -> None:
    first, last = messages_of(segment.unpack_batch(b'{"batch":[{"a":"\\ud83d"},{"b":1}]}'))
    assert isinstance(first, FaultyItem)
    assert last == {"b": 1}


def test_a_single_call_takes_its_type_from_the_address_unless_it_has_one() -> None:
    def type_of(message: Any) -> Any:
        (found,) = messages_of(segment.unpack_one(body_of(message), ClientCall.TRACK))
        return found["type"] if isinstance(found, dict) else found

    assert [type_of({}), type_of({"type": "page"}), type_of([])] == ["track", "page", []]


def test_a_query_is_a_payload() -> None:
    body = snowplow.body_of_query(b"e=pv&page=%E8%8A%B1+1&aid=llk_1&refr=")
    assert messages_of(snowplow.unpack_one(body)) == [{"e": "pv", "page": "花 1", "refr": ""}]


@pytest.mark.parametrize("query", [b"e", b"e=1&e=2", b"e=%ff", b"e=\xe8", b"=&"])
def test_a_malformed_query_cannot_be_read(query: bytes) -> None:
    with pytest.raises(Unreadable):
        snowplow.body_of_query(query)


@pytest.mark.parametrize("body", [b"", b"{", b'{"a":1,"a":2}', b"nul", b'"\\ud83d"'])
def test_a_single_message_that_is_not_json_makes_the_whole_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        finish(posthog.unpack_one(body))


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
        finish(segment.unpack_batch(body))
