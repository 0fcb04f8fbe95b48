"""Normalize telephone numbers to E.164: the only module that uses the telephone number library.

`phonenumberslite` is the maintained port of the library that telephones themselves use, without the
tables of places and carriers. It loads a country's numbering plan with the first number from there.
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
"""Digits and the characters typed between them: dashes of every width, the minus sign that some
systems turn them into, the Japanese long-vowel mark. Text with other letters contains no number, or
two."""
_FAKE = re.compile(r"(\d)\1*|\d*0{7}|0?123456789?0?", re.ASCII)
"""One digit repeated, a subscriber number of zeros, or the digits in order."""
_OF_COMPANIES = frozenset(
    {
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
    }
)


def phone(written: str, country: str) -> str | None:
    """Return a number in E.164, or None. National numbers belong to the lifecycle's country.

    `country` is a calling code such as `81`. An extension stays with its number, as in RFC 3966
    (`+81310000004;ext=12`): together they identify one person's desk, the number alone the company.
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
    """Return whether a company answers the number, by its label or by its type (toll-free, UAN)."""
    if _MAIN_LINE.search(tidy(written)):
        return True
    return (
        ";" not in number and phonenumbers.number_type(phonenumbers.parse(number)) in _OF_COMPANIES
    )


def is_fake(written: str) -> bool:
    """Return whether the digits look typed only to get past a form."""
    digits = re.sub(r"\D", "", tidy(written), flags=re.ASCII)
    return _FAKE.fullmatch(digits) is not None


def _parsed(text: str, region: str) -> PhoneNumber | None:
    """Parse with the country's numbering plan; `00` also means `+` if the country dials otherwise.

    A number that no plan lists is accepted if it was written in full, because plans change before
    the tables do. A number without its leading 0 lost it in a spreadsheet, and is accepted only if
    it is listed.
    """
    spellings = [text, "+" + text[2:]] if text.startswith("00") else [text]
    found = [number for spelling in spellings if (number := _parse(spelling, region)) is not None]
    for number in found:
        if phonenumbers.is_valid_number(number):
            return number
    if text.startswith(("+", "0", "(0", "(+")):
        return next(filter(phonenumbers.is_possible_number, reversed(found)), None)
    return None


def _parse(text: str, region: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None
