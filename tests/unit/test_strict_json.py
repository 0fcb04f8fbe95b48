"""Each line of the table of text and numbers, with an example that a person can check."""

import json
import time
import tracemalloc
from contextlib import suppress

import orjson
import pytest

from events.limits import (
    BATCH_ITEMS_MAX,
    EVENT_LIMITS,
    ITEM_TEXT_BYTES_MAX,
    TEXT_DEPTH_MAX,
    Limits,
)
from events.strict_json import (
    FaultyItem,
    JsonFault,
    JsonObject,
    JsonValue,
    TooLarge,
    Unacceptable,
    Unreadable,
    built_bytes_max,
    find_envelope,
    find_items,
    is_array,
    read_item,
    read_members,
    read_value,
    write,
)
from tests.support.finished import finish

# In an item with this key the quick proof fails, and the exact reader reads it.
NO_PROOF = rb'{"\u003a":1}'


def read_batch(body: bytes) -> list[JsonValue | FaultyItem]:
    return [read_item(text) for text in finish(find_items(body))]


def read_envelope(body: bytes, member: str) -> tuple[JsonObject, list[JsonValue | FaultyItem]]:
    envelope = finish(find_envelope(body, member))
    return read_members(envelope, member), [read_item(text) for text in envelope.items]


def fault_of(body: bytes, limits: Limits = EVENT_LIMITS) -> JsonFault:
    with pytest.raises(JsonFault) as caught:
        read_value(body, limits)
    return caught.value


def pointer_of(body: bytes) -> str:
    fault = fault_of(body)
    assert isinstance(fault, Unacceptable)
    return fault.pointer


def test_an_ordinary_event_is_read_unchanged() -> None:
    body = b'{"id": "form-1", "data": {"score": 7, "rate": 0.5, "tags": ["a", null, true]}}'

    assert read_value(body) == {
        "id": "form-1",
        "data": {"score": 7, "rate": 0.5, "tags": ["a", None, True]},
    }


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"7", 7),
        (b"-0", 0),
        (b"7.0", 7.0),
        (b"1e5", 100000.0),
        (b"1.0E+2", 100.0),
        (b"0.30000000000000004", 0.30000000000000004),
        (b"1.00000000000000000000", 1.0),
        (b"9223372036854775807", 9223372036854775807),
        (b"-9223372036854775808", -9223372036854775808),
    ],
)
def test_a_number_keeps_its_kind_and_its_value(body: bytes, value: float) -> None:
    read = read_value(body)

    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    "text",
    [
        "\u00e9 as one character",
        "e\u0301 as two",
        "zero\u200bwidth\u200djoined",
        "\U0001f469\u200d\U0001f4bb",
        "\u05e9\u05dc\u05d5\u05dd \u202e",
        "\ufeff inside",
        "\u682a\u5f0f\u4f1a\u793e \uff21\uff22 \u2028",
        "\x7f",
    ],
)
def test_text_is_kept_exactly(text: str) -> None:
    escaped = "".join(f"\\u{unit:04X}" for unit in _utf_16_units(text))

    assert read_value(f'["{text}", "{escaped}"]'.encode()) == [text, text]


def _utf_16_units(text: str) -> list[int]:
    encoded = text.encode("utf-16-be")
    return [int.from_bytes(encoded[at : at + 2], "big") for at in range(0, len(encoded), 2)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b'{"id":"a"',
        b'{"id":"a",}',
        b"{'id':1}",
        b"[1] 2",
        b"01",
        b'"\t"',
        b'"\x00"',
        b'"\\x41"',
        b"NaN",
        b"[Infinity]",
        b'{"a":-Infinity}',
        b"1e999",
        b"-1e999",
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'{"\\ud83d":1}',
        b'"\xed\xa0\x80"',
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        '{"id":"a"}'.encode("utf-16"),
        '{"id":"a"}'.encode("utf-16-le"),
        '{"id":"a"}'.encode("utf-32-be"),
    ],
)
def test_what_is_not_strict_json_is_unreadable(body: bytes) -> None:
    assert type(fault_of(body)) is Unreadable


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":2}',
        b'{"b":[{"a":1,"c":2,"a":3}]}',
        b'{"a:":1,"a\\u003a":2}',
        b'{"":1,"":"\\u003a"}',
        b'{"b":"\\u003a","a":1,"a":2}',
        b'{"b":"\\u003A","a":1,"a":2}',
        b'{"a" :1, "a" :":"}',
    ],
)
def test_a_duplicate_key_is_unreadable(body: bytes) -> None:
    fault = fault_of(body)

    assert type(fault) is Unreadable
    assert fault.found == "an object with a duplicate key"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'"\\u0000"', ""),
        (b'{"data":{"name":["a","b\\u0000"]}}', "/data/name/1"),
        (b'{"a/b":{"c~d":"\\u0000"}}', "/a~1b/c~0d"),
        (b'{"data":{"a\\u0000b":{"c":"\\u0000"}}}', "/data"),
        (b'{"\\u0000":1}', ""),
    ],
)
def test_nul_is_refused_with_its_place(body: bytes, pointer: str) -> None:
    assert pointer_of(body) == pointer


def test_an_escaped_backslash_before_u0000_is_not_nul() -> None:
    assert read_value(b'"\\\\u0000"') == "\\u0000"


@pytest.mark.parametrize(
    "digits",
    [
        b"9223372036854775808",
        b"-9223372036854775809",
        b"18446744073709551615",
        b"18446744073709551616",
        b"9" * 400,
        b"-" + b"9" * 40_000,
    ],
)
def test_an_integer_beyond_64_bits_is_refused_with_its_place(digits: bytes) -> None:
    assert pointer_of(b'{"a":[1,' + digits + b"]}") == "/a/1"


def test_depth_is_bounded_at_its_edge() -> None:
    depth = EVENT_LIMITS.depth_max

    assert read_value(b"[" * depth + b"1" + b"]" * depth)
    assert type(fault_of(b"[" * (depth + 1) + b"]" * (depth + 1))) is Unreadable


def test_brackets_in_strings_are_not_depth() -> None:
    text = "[{" * 500 + '"' + "[" * 500 + "\\"
    written = text.replace("\\", "\\\\").replace('"', '\\"')

    assert read_value(f'["{written}"]'.encode()) == [text]
    assert read_value(f'["{written}", "\\u003a[["]'.encode()) == [text, ":[["]


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 5_000_000,
        b'{"a":' * 1_000_000,
        b"[" * 2_500_000 + b"]" * 2_500_000,
        b'{"a":' + b"[" * 5_000 + b"]" * 5_000 + b',"a":1}',
        b'["\\u0000",' + b'"\\""' * 1_000_000,
        b'["\\\\",' + b"[" * 5_000 + b"]" * 5_001,
    ],
)
def test_an_absurd_body_is_refused_at_once(body: bytes) -> None:
    before = time.process_time()

    with suppress(JsonFault):
        assert any(isinstance(item, FaultyItem) for item in read_batch(body))

    assert time.process_time() - before < 2


def test_members_are_counted_over_the_whole_event() -> None:
    most = EVENT_LIMITS.members_max
    half = ",".join("1" for _ in range(most // 2 - 1))

    assert read_value(f'{{"a":[{half}],"b":[{half}]}}'.encode())
    assert type(fault_of(f'{{"a":[{half}],"b":[{half}],"c":1}}'.encode())) is Unreadable


def test_an_event_may_fill_its_bytes_and_no_more() -> None:
    most = b'"' + b"a" * (EVENT_LIMITS.event_bytes_max - len('""')) + b'"'

    assert read_value(most) == most[1:-1].decode()
    assert type(fault_of(most + b" ")) is TooLarge
    assert read_batch(b"[ " + most + b" ]") == [most[1:-1].decode()]


@pytest.mark.parametrize("body", ['"ééééé"', '{"ééééé":1}', '["\\u00e9éééé"]'])
def test_a_string_is_measured_in_utf_8(body: str) -> None:
    assert read_value(body.encode(), Limits(string_bytes_max=10))
    assert type(fault_of(body.encode(), Limits(string_bytes_max=9))) is TooLarge


def test_a_fault_says_what_was_expected_and_found_and_where_but_no_value() -> None:
    fault = fault_of(b'{"email":"hanako@example.co.jp\\u0000"}')

    assert str(fault) == (
        "The event can be read, but contains a value that cannot be stored exactly."
        " Expected text without NUL (U+0000); found NUL in the string at /email."
    )
    assert str(fault_of(b'{"email":"hanako@example.co.jp"')) == (
        "The body cannot be read as JSON. Expected JSON as RFC 8259 defines it;"
        " found a fault at line 1, column 32: Expecting ',' delimiter."
    )
    assert str(fault_of(b"\xef\xbb\xbf{}")) == (
        "The body cannot be read as JSON. Expected UTF-8 without a byte order mark;"
        " found a byte order mark."
    )


def test_a_batch_gives_its_items_in_order() -> None:
    assert read_batch(b' [ {"id": "a", "n": 1e2} , 7 ] ') == [{"id": "a", "n": 100.0}, 7]
    assert read_batch(b"[]") == []


def test_an_item_is_written_as_it_was_read() -> None:
    [item] = read_batch(rb'[{"z": "\u3042\n", "a": [1e2, -0.0, null], "\u003a": {}}]')

    assert not isinstance(item, FaultyItem)
    assert write(item) == '{"z":"あ\\n","a":[100.0,-0.0,null],":":{}}'.encode()


@pytest.mark.parametrize("neighbour", [b'{"id":"b"}', NO_PROOF])
@pytest.mark.parametrize(
    ("item", "kind"),
    [
        (b'{"a":"\\u0000"}', Unacceptable),
        (b'{"a":18446744073709551615}', Unacceptable),
        (b'{"a":-18446744073709551617}', Unacceptable),
        (b'{"a":["b",' + b"9" * 5_000 + b',{}],"c":-0.5}', Unacceptable),
        (b"[" * 33 + b"]" * 33, Unreadable),
        (b"[" * 253 + b"]" * 253, Unreadable),
        (b"[1" + b",1" * 1_000 + b"]", Unreadable),
        (b'"' + b"a" * 65_535 + b'"', TooLarge),
    ],
)
def test_a_bad_item_does_not_spoil_its_neighbours(
    item: bytes, kind: type[JsonFault], neighbour: bytes
) -> None:
    good, bad, last = read_batch(b"[" + b", ".join([neighbour, item, b'{"id":"c"}']) + b"]")

    assert not isinstance(good, FaultyItem)
    assert isinstance(bad, FaultyItem)
    assert (type(bad.fault), write(bad.value)) == (kind, item)
    assert last == {"id": "c"}


def test_a_pointer_in_a_batch_starts_at_the_item() -> None:
    [_, bad] = read_batch(b'[1, {"a":["\\u0000"]}]')

    assert isinstance(bad, FaultyItem)
    assert isinstance(bad.fault, Unacceptable)
    assert bad.fault.pointer == "/a/0"


@pytest.mark.parametrize(
    "item",
    [
        b'{"a":1,"a":2}',
        b"NaN",
        b"1e999",
        b'"\\ud800"',
        b'"\xff"',
        b'{"a":nul}',
        b'{"a" 1}',
        b"{{}}",
        b"[" * (TEXT_DEPTH_MAX + 1) + b"]" * (TEXT_DEPTH_MAX + 1),
        b"[" * 50_000 + b"]" * 50_000,
    ],
)
@pytest.mark.parametrize("neighbour", [b"1", NO_PROOF])
def test_an_item_that_cannot_be_read_does_not_spoil_its_neighbours(
    item: bytes, neighbour: bytes
) -> None:
    _, bad, last = read_batch(b"[" + neighbour + b"," + item + b",7]")

    assert isinstance(bad, FaultyItem)
    assert bad.is_unreadable
    assert last == 7


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b"[1",
        b"[1,]",
        b"[,1]",
        b"[1 2]",
        b"[1}",
        b'["a]',
        b'[{"a":1]',
        b'[{"a":"}]',
        b'[{"a":1}{"b":2}]',
        b"[1],",
        b"[1]]",
        b"\xef\xbb\xbf[1]",
        "[1]".encode("utf-16"),
    ],
)
def test_a_fault_between_the_items_spoils_the_whole_batch(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_batch(body)


def test_an_item_is_not_built_to_see_that_it_is_too_large() -> None:
    large = b"[" + b"[]," * ITEM_TEXT_BYTES_MAX + b"[]]"

    large_alone, good = read_batch(b"[" + large + b',{"id":"a"}]')

    assert isinstance(large_alone, FaultyItem)
    assert (type(large_alone.fault), large_alone.value) == (TooLarge, None)
    assert good == {"id": "a"}


def test_white_space_and_escapes_are_not_counted_in_an_item() -> None:
    text = "あ" * 15_000
    body = json.dumps([{"text": text}], indent=40).encode()

    assert len(body) > EVENT_LIMITS.event_bytes_max
    assert read_batch(body) == [{"text": text}]


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 2_500_000 + b"]" * 2_500_000,
        b"[" + b"[]," * 1_700_000 + b"0]",
        b"[[" + b"[]," * 1_700_000 + b"0]]",
        b'["' + b"\\u0041" * 800_000 + b'"]',
        b"[" + b'"",' * 19_000 + b'"' + b"x" * 5_000_000 + b'"]',
        b'[["' + b'","' * 1_700_000 + b'"]]',
        b'["' * 1_700_000,
        b'[{"a":"' + b'\\"' * 2_500_000,
    ],
)
def test_no_step_of_finding_items_takes_long(body: bytes) -> None:
    finding, longest_s = find_items(body), 0.0
    began = before = time.process_time()
    try:
        while True:
            next(finding)
            now = time.process_time()
            longest_s, before = max(longest_s, now - before), now
    except (StopIteration, JsonFault):
        assert longest_s < 0.05
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "unit",
    [
        *(b"[[]],", b"[],", b"{},", b'{"":0},', b"0,", b"1000,", b"1.5,", b'"ab",'),
        *(b"[" * 30 + b"]" * 30 + b",", b'{"ab":' * 30 + b"0" + b"}" * 30 + b","),
        '"\U0001f469",'.encode(),
        '"\u3042",'.encode(),
    ],
)
def test_what_is_built_takes_no_more_than_is_counted(unit: bytes) -> None:
    text = b"[" + unit * (100_000 // len(unit)) + b"0]"
    keys = b"{" + b",".join(b'"%x":"%x"' % (n, n) for n in range(10_000)) + b"}"
    for one in (text, keys):
        tracemalloc.start()
        value = orjson.loads(one)
        built_bytes = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert value
        assert built_bytes < built_bytes_max(one)


def test_a_batch_is_an_array() -> None:
    with pytest.raises(Unacceptable) as caught:
        read_batch(b'{"id":"a"}')

    assert caught.value.pointer == ""


def test_a_batch_is_bounded_in_items() -> None:
    assert len(read_batch(b"[1" + b",1" * (BATCH_ITEMS_MAX - 1) + b"]")) == BATCH_ITEMS_MAX
    with pytest.raises(TooLarge):
        read_batch(b"[1" + b",1" * BATCH_ITEMS_MAX + b"]")


def test_an_envelope_gives_its_members_and_its_items() -> None:
    body = b'{"sentAt": "now", "batch": [{"a": 1}, {"b": "\\u0000"}], "writeKey": null}'

    members, [good, bad] = read_envelope(body, "batch")

    assert members == {"sentAt": "now", "writeKey": None}
    assert good == {"a": 1}
    assert isinstance(bad, FaultyItem)
    assert (type(bad.fault), write(bad.value)) == (Unacceptable, b'{"b":"\\u0000"}')


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"[]", ""),
        (b'{"items":[]}', ""),
        (b'{"batch":{}}', "/batch"),
        (b'{"batch":[],"sentAt":"\\u0000"}', "/sentAt"),
    ],
)
def test_an_envelope_without_an_array_or_with_a_bad_member_is_unacceptable(
    body: bytes, pointer: str
) -> None:
    with pytest.raises(Unacceptable) as caught:
        read_envelope(body, "batch")

    assert caught.value.pointer == pointer


def test_the_first_character_of_a_body_shows_whether_it_is_an_array() -> None:
    assert is_array(b" \r\n\t[1]")
    assert not is_array(b'{"a":[]}')
    assert not is_array(b'"["')
    assert not is_array(b"")


def test_an_unacceptable_item_is_distinguished_from_invalid_json() -> None:
    assert read_item(b'{"a": 1}') == {"a": 1}
    faulty = read_item(b'{"a": "\\u0000"}')
    assert isinstance(faulty, FaultyItem)
    assert isinstance(faulty.fault, Unacceptable)
    assert faulty.value == {"a": "\0"}
    too_large = read_item(b'{"a": "%s"}' % (b"x" * 70_000))
    assert isinstance(too_large, FaultyItem)
    assert isinstance(too_large.fault, TooLarge)
    unreadable = read_item(b'{"a": 1, "a": 2}')
    assert isinstance(unreadable, FaultyItem)
    assert unreadable.is_unreadable
