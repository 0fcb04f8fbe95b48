"""Read numbers as Japanese offices write them, exactly: ▲1,200, (1,200), １２００円, ¥1,200.50."""

import re
import unicodedata

from service.command.limits import AMOUNT_DIGITS_MAX

_SIGNS = str.maketrans(
    {
        "\N{MINUS SIGN}": "-",
        "\N{HYPHEN}": "-",
        "\N{NON-BREAKING HYPHEN}": "-",
        "\N{EN DASH}": "-",
        "△": "▲",
    }
)
"""Characters that NFKC keeps distinct although people use them interchangeably."""
_NUMBER = re.compile(
    r"(?P<open>\(\s*)?(?P<sign>[-+▲]\s*)?(?P<yen>[¥\\]\s*)?(?P<inner>[-+▲]\s*)?"
    r"(?P<whole>\d{1,3}(?P<gap>[, ])\d{3}(?:(?P=gap)\d{3})*|\d+)(?P<fraction>\.\d{1,6})?"
    r"(?P<unit>\s*(?:円|yen|jpy))?(?P<close>\s*\))?",
    re.ASCII | re.IGNORECASE,
)


class NotANumber(Exception):
    """The text is not a number; the message says what was expected."""


def read_amount(text: str) -> str:
    """Return a decimal number in the ledger's form, such as -1200.50.

    A backslash counts as the yen sign: in CP932 the two are one byte.

    Raises:
        NotANumber: It is not a number, or could be more than one.
    """
    text = unicodedata.normalize("NFKC", text).translate(_SIGNS).strip()
    if text.endswith("%"):
        raise NotANumber(
            "expected a number, found a percentage, which has no meaning without its base"
        )
    found = _NUMBER.fullmatch(text)
    if found is None or bool(found["open"]) != bool(found["close"]):
        raise NotANumber("expected a number, such as 1200, 1,200.50, ▲1,200, (1,200) or ¥1,200")
    signs = [sign.strip() for sign in (found["open"], found["sign"], found["inner"]) if sign]
    if len(signs) > 1:
        raise NotANumber("expected one sign before the number, found two")
    whole = found["whole"].replace(found["gap"] or ",", "").lstrip("0") or "0"
    if len(whole) > AMOUNT_DIGITS_MAX:
        raise NotANumber(f"expected at most {AMOUNT_DIGITS_MAX} digits before the decimal point")
    number = whole + (found["fraction"] or "")
    is_negative = bool(signs) and signs[0] != "+" and number.strip("0.") != ""
    return f"-{number}" if is_negative else number


def read_integer(text: str) -> int:
    """Return a whole number.

    Raises:
        NotANumber: It is not a number, or not a whole one.
    """
    amount = read_amount(text)
    if "." in amount:
        raise NotANumber("expected a whole number, such as 1200 or 1,200")
    return int(amount)
