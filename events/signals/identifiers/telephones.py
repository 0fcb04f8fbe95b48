"""Telephone numbers in E.164: the one module that knows the library of the world's numbers.

`phonenumberslite` is the maintained port of the library that telephones themselves use, without the
tables of places and carriers. It loads a country's plan with the first number of that country.
"""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from events.signals.identifiers.text import tidy

_LABEL = re.compile(
    r"☎|[(\[]?(?:tel(?:ephone)?|phone|mobile|mob|cell|"
    r"電話番号|電話|携帯電話|携帯|直通|自宅|大代表|代表|代)[)\]]?[\s.:]*",
    re.IGNORECASE,
)
_MAIN_LINE = re.compile(r"代表|[(\[]代[)\]]")
_EXTENSION = re.compile(r"[\s(,・]*内線(?:番号)?[\s.:]*(\d{1,7})\)?")
_NUMBER = re.compile(
    r"[+\d\s().,/\[\]\-\u2010-\u2015\u2212\u30fc~]+(?:(?:;ext=|ext\.?|x|#)\s*\d{1,7})?",
    re.IGNORECASE | re.ASCII,
)
"""Digits and what is typed between them: dashes of every width, the minus sign that some systems
make of one, the Japanese long-vowel mark. Text with other letters holds no number, or holds two."""
_MADE_UP = re.compile(r"(\d)\1*|\d*0{7}|0?123456789?0?", re.ASCII)
"""One digit repeated, a subscriber of zeros, the digits in their order."""
_OF_COMPANIES = frozenset(
    {
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
    }
)


def phone(written: str, country: str) -> str | None:
    """Return a number in E.164, national numbers under the lifecycle's country, or None.

    `country` is a calling code such as `81`. An extension stays with its number, as in RFC 3966
    (`+81310000004;ext=12`): together they are one person's desk, the number alone is the company's.
    """
    text = _LABEL.sub("", _EXTENSION.sub(r" ext. \1", tidy(written))).strip()
    if not _NUMBER.fullmatch(text):
        return None
    number = _parsed(text, phonenumbers.region_code_for_country_code(int(country)))
    if number is None:
        return None
    value = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{value};ext={number.extension}" if number.extension else value


def is_main_line(written: str, number: str) -> bool:
    """Whether a number says of itself that a company answers it: marked so, or free of charge."""
    if _MAIN_LINE.search(tidy(written)):
        return True
    return (
        ";" not in number and phonenumbers.number_type(phonenumbers.parse(number)) in _OF_COMPANIES
    )


def is_made_up(written: str) -> bool:
    """Whether the digits are those that people type to get past a form."""
    digits = re.sub(r"\D", "", tidy(written), flags=re.ASCII)
    return _MADE_UP.fullmatch(digits) is not None


def _parsed(text: str, region: str) -> PhoneNumber | None:
    """Read by the country's own plan; `00` also means `+` where the country dials otherwise.

    A number that no plan lists is accepted if it was written in full: plans change sooner than
    tables. One without its first 0 has lost it to a spreadsheet, and counts only if it is listed.
    """
    written = [text, "+" + text[2:]] if text.startswith("00") else [text]
    found = [number for one in written if (number := _parse(one, region)) is not None]
    for number in found:
        if phonenumbers.is_valid_number(number):
            return number
    if text.startswith(("+", "0", "(0", "(+")):
        return next((one for one in reversed(found) if phonenumbers.is_possible_number(one)), None)
    return None


def _parse(text: str, region: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None
