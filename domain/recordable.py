"""What a record may hold of a sender's text: codes and opaque ids, never what identifies a person.

A record is never changed or erased, so text that may be about a person must not get there. No
test can recognise every name; these recognise what systems really send in place of a code.
"""

import re

from domain.limits import CODE_CHARACTERS_MAX

_CODE = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?)?")
_SUSPECT = re.compile(r"[@%+]|eyJ|(?<!\d)0\d")
"""What each of the tests below needs to match: nearly no code contains any of it."""
_UUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_DECODINGS_MAX = 3
_SIGNED = re.compile(r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{6,}\.")
_INTERNATIONAL = re.compile(r"\+[ (]{0,2}[1-9](?:[ .()/-]{0,2}\d){8,14}(?!\d)")
_GROUPED = re.compile(
    r"(?<!\d)(?:\(0[1-9]\d{0,3}\)|00?[1-9]\d{0,3})[ .()-]{1,2}"
    r"(?:\d{1,4}[ .()-]{1,2}){1,2}\d{3,4}(?!\d)"
)
"""A national number with separators, or `00` and a country code."""
_DIGITS = re.compile(r"(?:tel:|phone:)?(?:0[1-9]\d{8,9}|00[1-9]\d{9,12})", re.IGNORECASE)
_GROUPED_DIGITS = ((10, 11), (12, 15))
"""Digits of a grouped number: national, or with an international prefix."""


def is_code(text: str) -> bool:
    """Whether the text can be recorded as a code: short printable ASCII that identifies nobody.

    Outer spaces are excluded: in an unencoded query string, the `+` of a number becomes one.
    """
    return (
        len(text) <= CODE_CHARACTERS_MAX
        and _CODE.fullmatch(text) is not None
        and identifying(text) is None
    )


def identifying(text: str) -> str | None:
    """Return what the text seems to contain that identifies a person, or None.

    A UUID, or another long random value, is as opaque as an id should be. Digits alone count as a
    telephone number only if they have the length and the leading 0 of a national one.
    """
    if _SUSPECT.search(text) is None:
        return None
    if "%" in text:
        text = decoded(text)
    if "@" in text:
        return "an e-mail address"
    if not text.isascii():
        return "encoded text"
    if _SIGNED.search(text):
        return "a signed token"
    return "a telephone number" if _holds_telephone(_UUID.sub("", text)) else None


def decoded(text: str) -> str:
    """Decode percent-encoding, as often as links through several systems are encoded."""
    for _ in range(_DECODINGS_MAX):
        text = _PERCENT.sub(decode_run, text)
    return text


def decode_run(found: re.Match[str]) -> str:
    """Decode adjacent encoded bytes; leave them if they are not UTF-8."""
    try:
        return bytes.fromhex(found[0].replace("%", "")).decode()
    except UnicodeDecodeError:
        return found[0]


def _holds_telephone(text: str) -> bool:
    if _INTERNATIONAL.search(text) or _DIGITS.fullmatch(text):
        return True
    for found in _GROUPED.finditer(text):
        digits = sum(char.isdigit() for char in found[0])
        least, most = _GROUPED_DIGITS[found[0].startswith("00")]
        if least <= digits <= most:
            return True
    return False
