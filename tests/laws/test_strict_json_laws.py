"""Compare the strict reader with a slow one that follows the grammar rule by rule.

The slow reader shares no code with the fast one or with any parser: it follows RFC 8259 character
by character, keeps objects as lists of pairs, and judges the tree afterwards.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st

from events.limits import EVENT_LIMITS, TEXT_DEPTH_MAX, Limits
from events.strict_json import (
    FaultyItem,
    JsonFault,
    JsonValue,
    TooLarge,
    Unacceptable,
    Unreadable,
    find_items,
    read_item,
    read_value,
    write,
)
from tests.support.finished import finish
from tests.support.tier import by_tier

# --- The slow reader -------------------------------------------------------------------------


class NotJsonError(Exception):
    pass


@dataclass(frozen=True)
class Pairs:
    """An object as written, in which keys may be repeated."""

    members: list[tuple[str, Any]]


NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
SPACE = re.compile(r"[ \t\n\r]*")
HEX = re.compile(r"[0-9a-fA-F]{4}")
WORDS = {"true": True, "false": False, "null": None}
ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Slow:
    """A recursive descent through one text. A class, because every rule advances one position."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def whole(self) -> Any:
        value = self.value()
        if self.at != len(self.text):
            raise NotJsonError
        return value

    def space(self) -> None:
        match = SPACE.match(self.text, self.at)
        assert match
        self.at = match.end()

    def take(self, expected: str) -> bool:
        if not self.text.startswith(expected, self.at):
            return False
        self.at += len(expected)
        return True

    def need(self, expected: str) -> None:
        if not self.take(expected):
            raise NotJsonError

    def value(self) -> Any:
        self.space()
        value = self.bare_value()
        self.space()
        return value

    def bare_value(self) -> Any:
        if self.take("{"):
            return Pairs(self.sequence("}", self.member))
        if self.take("["):
            return self.sequence("]", self.value)
        if self.take('"'):
            return self.string()
        for word, meaning in WORDS.items():
            if self.take(word):
                return meaning
        return self.number()

    def sequence(self, end: str, part: Callable[[], Any]) -> list[Any]:
        self.space()
        if self.take(end):
            return []
        parts = [part()]
        while not self.take(end):
            self.need(",")
            parts.append(part())
        return parts

    def member(self) -> tuple[str, Any]:
        self.space()
        self.need('"')
        key = self.string()
        self.space()
        self.need(":")
        return key, self.value()

    def string(self) -> str:
        """Collect UTF-16 code units, as in JSON's escapes, and join them at the end."""
        units = b""
        while not self.take('"'):
            character = self.text[self.at : self.at + 1]
            if character < " ":  # the end of the text, too, is less than a space
                raise NotJsonError
            self.at += 1
            units += self.escape() if character == "\\" else character.encode("utf-16-be")
        try:
            return units.decode("utf-16-be")
        except UnicodeDecodeError:
            raise NotJsonError from None

    def escape(self) -> bytes:
        character = self.text[self.at : self.at + 1]
        self.at += 1
        if character in ESCAPES:
            return ESCAPES[character].encode("utf-16-be")
        match = HEX.match(self.text, self.at)
        if character != "u" or not match:
            raise NotJsonError
        self.at += 4
        return bytes.fromhex(match.group())

    def number(self) -> int | float:
        match = NUMBER.match(self.text, self.at)
        if not match:
            raise NotJsonError
        self.at = match.end()
        if match.group(1) is None and match.group(2) is None:
            return int(match.group())
        value = float(match.group())
        if value in (float("inf"), float("-inf")):
            raise NotJsonError
        return value


def depth(tree: Any) -> int:
    if isinstance(tree, Pairs):
        return 1 + max((depth(value) for _, value in tree.members), default=0)
    if isinstance(tree, list):
        return 1 + max((depth(value) for value in tree), default=0)
    return 0


def members(tree: Any) -> int:
    if isinstance(tree, Pairs):
        return sum(1 + members(value) for _, value in tree.members)
    if isinstance(tree, list):
        return sum(1 + members(value) for value in tree)
    return 0


def repeats_a_key(tree: Any) -> bool:
    if isinstance(tree, Pairs):
        keys = [key for key, _ in tree.members]
        return len(set(keys)) < len(keys) or any(repeats_a_key(v) for _, v in tree.members)
    return isinstance(tree, list) and any(repeats_a_key(value) for value in tree)


def longest_string(tree: Any) -> int:
    if isinstance(tree, str):
        return len(tree.encode())
    if isinstance(tree, Pairs):
        return max((longest_string(part) for pair in tree.members for part in pair), default=0)
    if isinstance(tree, list):
        return max((longest_string(value) for value in tree), default=0)
    return 0


def unkept(tree: Any, pointer: str = "") -> list[str]:
    """Yield pointers to everything that cannot be kept, in text order."""
    if isinstance(tree, Pairs):
        here = [pointer for key, _ in tree.members if "\0" in key]
        steps = [(k.replace("~", "~0").replace("/", "~1"), v) for k, v in tree.members]
        return here + [place for k, v in steps for place in unkept(v, f"{pointer}/{k}")]
    if isinstance(tree, list):
        return [p for index, v in enumerate(tree) for p in unkept(v, f"{pointer}/{index}")]
    if isinstance(tree, int):
        return [] if -(2**63) <= tree < 2**63 else [pointer]
    return [pointer] if isinstance(tree, str) and "\0" in tree else []


def plain(tree: Any) -> JsonValue:
    if isinstance(tree, Pairs):
        return {key: plain(value) for key, value in tree.members}
    return [plain(value) for value in tree] if isinstance(tree, list) else tree


def compact(tree: Any) -> str:
    if isinstance(tree, Pairs):
        return f"{{{','.join(f'{compact(k)}:{compact(v)}' for k, v in tree.members)}}}"
    if isinstance(tree, list):
        return f"[{','.join(map(compact, tree))}]"
    if isinstance(tree, float):
        return orjson.dumps(tree).decode()
    return json.dumps(tree, ensure_ascii=False)


# --- What both readers answer ----------------------------------------------------------------

# A repr distinguishes 1 from 1.0 and True, and 0.0 from -0.0; equality does not.
Answer: TypeAlias = tuple[str, str]


def slow_tree(body: bytes) -> Any:
    try:
        tree = Slow(body.decode()).whole()
    except (UnicodeDecodeError, NotJsonError):
        return NotJsonError
    return NotJsonError if repeats_a_key(tree) or depth(tree) > TEXT_DEPTH_MAX else tree


def follows_the_grammar(body: bytes) -> bool:
    try:
        Slow(body.decode()).whole()
    except NotJsonError:
        return False
    return True


def slow_judgement(tree: Any, limits: Limits) -> Answer:
    if depth(tree) > limits.depth_max or members(tree) > limits.members_max:
        return "Unreadable", ""
    if longest_string(tree) > limits.string_bytes_max:
        return "TooLarge", ""
    if places := unkept(tree):
        return "Unacceptable", places[0]
    return "value", repr(plain(tree))


def slow_answer(body: bytes, limits: Limits) -> Answer:
    if len(body) > limits.event_bytes_max:
        return "TooLarge", ""
    tree = slow_tree(body)
    return ("Unreadable", "") if tree is NotJsonError else slow_judgement(tree, limits)


def slow_item(text: bytes, limits: Limits) -> Answer:
    tree = slow_tree(text)
    if tree is NotJsonError:
        return "Unreadable", ""
    if min(len(text), len(compact(tree).encode())) > limits.event_bytes_max:
        return "TooLarge", ""
    return slow_judgement(tree, limits)


def answer(fault: JsonFault) -> Answer:
    assert type(fault) in (TooLarge, Unreadable, Unacceptable)
    return type(fault).__name__, fault.pointer if isinstance(fault, Unacceptable) else ""


def fast_answer(body: bytes, limits: Limits) -> Answer:
    try:
        return "value", repr(read_value(body, limits))
    except JsonFault as fault:
        return answer(fault)


def texts_in(body: bytes) -> list[bytes] | Answer:
    try:
        return list(finish(find_items(body)))
    except JsonFault as fault:
        return answer(fault)


def fast_item(text: bytes, limits: Limits) -> Answer:
    item = read_item(text, limits)
    if not isinstance(item, FaultyItem):
        return "value", repr(item)
    if not item.is_unreadable:
        assert meaning(write(item.value)) == compact(slow_tree(text))
    return answer(item.fault)


def meaning(written: bytes) -> str:
    """Normalize what is up to the writer: how it escapes a control character."""
    return compact(Slow(written.decode()).whole())


# --- Texts -----------------------------------------------------------------------------------

ODD_NUMBERS = st.sampled_from(
    [
        "0",
        "-0",
        "0.0",
        "-0.0",
        "7",
        "1e5",
        "1.0E+2",
        "1e-400",
        "1e308",
        "1e309",
        "1e999",
        "-1e999",
        "01",
        "1.",
        ".5",
        "+1",
        "-",
        "1e",
        "NaN",
        "Infinity",
        "-Infinity",
        "9007199254740993",
        "1000000000000000000",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "1.00000000000000000000",
        "0.30000000000000004",
        "123456789012345678901234567890.5",
    ]
)
NUMBERS = st.one_of(
    ODD_NUMBERS,
    st.integers(-(2**65), 2**65).map(str),
    st.integers(-9, 9).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["9" * 19, "9" * 20, "-" + "9" * 400, "9" * 4_000]),
)
PIECES = st.one_of(
    st.sampled_from(["a", "b", ":", '":', "{", "]", ",", "/", "~", "e\u0301", "\u200b", "\u202e"]),
    st.sampled_from([r"\u0061", r"\u003a", r"\u003A", r"\u0022", r"\"", r"\\", r"\/", r"\n"]),
    st.sampled_from([r"\u0000", r"\\u0000", r"\ud83d\ude00", r"\uD83D\uDE00", "\U0001f600"]),
    st.characters(codec="utf-8").map(lambda c: json.dumps(c)[1:-1]),
    st.characters(codec="utf-8", exclude_characters='"\\', min_codepoint=32),
)
RARE_PIECES = st.sampled_from([r"\ud83d", r"\ude00", r"\x", r"\u00g0", "\n", "\0", "\x7f", "\\"])
STRINGS = st.one_of(
    st.lists(PIECES, max_size=4).map("".join),
    st.lists(st.one_of(PIECES, RARE_PIECES), max_size=3).map("".join),
    st.sampled_from(["1234567890123456789", "12:30", "x" * 40]),
).map('"{}"'.format)
KEYS = st.one_of(st.sampled_from(['"a"', r'"\u0061"', '":"', r'"\u003a"', '""']), STRINGS)
SPACES = st.sampled_from(["", "", "", " ", "\n\t", " \r\n "])


def arrays(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(SPACES, st.lists(parts, max_size=5)).map(
        lambda drawn: f"[{drawn[0]}{f',{drawn[0]}'.join(drawn[1])}{drawn[0]}]"
    )


def objects(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(KEYS, SPACES, SPACES, parts).map("{0[0]}{0[1]}:{0[2]}{0[3]}".format)
    return st.lists(pairs, max_size=5).map(lambda members: f"{{{','.join(members)}}}")


def nested(drawn: tuple[str, int, bool]) -> str:
    inner, levels, as_object = drawn
    return (
        '{"a":' * levels + inner + "}" * levels
        if as_object
        else f"{'[' * levels}{inner}" + ("]" * levels)
    )


SCALARS = st.one_of(NUMBERS, STRINGS, st.sampled_from(["true", "false", "null", "nul"]))
VALUES = st.recursive(SCALARS, lambda parts: arrays(parts) | objects(parts), max_leaves=12)
DEPTHS = st.one_of(st.integers(1, 40), st.sampled_from([31, 32, 33, 252, 253, 254, 255, 256]))
DEEP = st.tuples(VALUES, DEPTHS, st.booleans()).map(nested)
TEXTS = st.one_of(VALUES, VALUES, DEEP)


def damaged(drawn: tuple[bytes, int, bytes, int]) -> bytes:
    body, at, patch, cut = drawn
    place = at % (len(body) + 1)
    return body[:place] + patch + body[place + cut :]


PATCHES = st.one_of(
    st.binary(max_size=2),
    st.sampled_from([b"", b",", b'"', b"[", b"}", b"\\", b":", b"\xef\xbb\xbf", b"\xed\xa0\x80"]),
)
BODIES = st.one_of(
    TEXTS.map(str.encode),
    st.tuples(SPACES, TEXTS, SPACES).map(lambda drawn: "".join(drawn).encode()),
    st.tuples(TEXTS.map(str.encode), st.integers(0, 400), PATCHES, st.integers(0, 2)).map(damaged),
    st.tuples(TEXTS, st.sampled_from(["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])).map(
        lambda drawn: drawn[0].encode(drawn[1])
    ),
)
BATCHES = st.one_of(
    st.lists(TEXTS, max_size=4).map(lambda items: f"[{', '.join(items)}]".encode()),
    BODIES,
)
SMALL = Limits(depth_max=2, members_max=4, string_bytes_max=6, event_bytes_max=40)
LIMITS = st.sampled_from([EVENT_LIMITS, SMALL])


# --- Laws ------------------------------------------------------------------------------------


@settings(max_examples=by_tier(push=400, nightly=20_000), deadline=None)
@example(body=rb'{"a":1,"\u0061":2}', limits=EVENT_LIMITS)
@example(body=rb'{"a":"\u003a","a":1}', limits=EVENT_LIMITS)
@example(body=rb'{"a":18446744073709551616}', limits=EVENT_LIMITS)
@example(body=b"[1,1,1,1]", limits=SMALL)
@example(body=b"[1,1,1,1,1]", limits=SMALL)
@example(body=b"[" * 254 + b"]" * 254, limits=EVENT_LIMITS)
@given(body=BODIES, limits=LIMITS)
def test_a_body_gets_the_answer_of_the_grammar(body: bytes, limits: Limits) -> None:
    assert fast_answer(body, limits) == slow_answer(body, limits)


@settings(max_examples=by_tier(push=150, nightly=10_000), deadline=None)
@example(items=[rb'{"a":"\u003a","a":1}', rb'{"a":2}'], spaces=["", " "], limits=EVENT_LIMITS)
@example(items=[b"[1, 1,1,1 ,1]", b"9223372036854775808", b"1"], spaces=[""], limits=SMALL)
@example(items=[b'["\\\\", "]\\"[{"]', b"{}"], spaces=["\n"], limits=EVENT_LIMITS)
@given(
    items=st.lists(TEXTS.map(str.encode), max_size=4),
    spaces=st.lists(SPACES, min_size=1, max_size=3),
    limits=LIMITS,
)
def test_the_items_of_an_array_are_found_as_they_were_written(
    items: list[bytes], spaces: list[str], limits: Limits
) -> None:
    texts = [item.strip(b" \t\n\r") for item in items if follows_the_grammar(item)]
    padding = [spaces[place % len(spaces)].encode() for place in range(2 * len(texts) + 2)]
    padded = [padding[2 * n] + text + padding[2 * n + 1] for n, text in enumerate(texts)]
    assert texts_in(padding[-1] + b"[" + b",".join(padded) + b"]" + padding[-2]) == texts
    for text in texts:
        assert fast_item(text, limits) == slow_item(text, limits)


@settings(max_examples=by_tier(push=250, nightly=14_000), deadline=None)
@example(body=b'[{"a":1}{"b":2}]')
@example(body=b'[{"a":[1}]')
@example(body=b"[1,]")
@example(body=b'[1] ["')
@given(body=BATCHES)
def test_a_body_that_the_grammar_refuses_is_never_accepted(body: bytes) -> None:
    tree, texts = slow_tree(body), texts_in(body)
    if isinstance(tree, list):
        assert isinstance(texts, list)
        assert [slow_item(text, EVENT_LIMITS) for text in texts] == [
            slow_judgement(item, EVENT_LIMITS) for item in tree
        ]
    elif tree is NotJsonError:
        assert isinstance(texts, tuple) or any(
            fast_item(text, EVENT_LIMITS)[0] == "Unreadable" for text in texts
        )
    else:
        assert isinstance(texts, tuple)


@settings(max_examples=by_tier(push=100, nightly=6_000), deadline=None)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text('aé\u3042😀 :"\\n'),
        lambda parts: st.lists(parts) | st.dictionaries(st.text("ab:\\"), parts),
        max_leaves=20,
    ),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 2]),
)
def test_the_output_of_an_ordinary_writer_is_read_back(
    *, value: JsonValue, ascii_only: bool, indent: int | None
) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()

    assert read_value(body) == value
