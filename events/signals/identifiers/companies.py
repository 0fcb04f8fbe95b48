"""Normalize the domains and names of companies."""

import re
from functools import lru_cache

from publicsuffixlist import PublicSuffixList

from events.signals.identifiers.text import tidy

NAME_CHARACTERS_MIN = 2
"""A single character is an initial, not the name of a company."""

_JAPANESE = (
    *("株式会社", "有限会社", "合同会社", "合名会社", "合資会社", "相互会社", "特例有限会社"),
    *("一般社団法人", "一般財団法人", "公益社団法人", "公益財団法人", "社団法人", "財団法人"),
    *("特定非営利活動法人", "npo法人", "学校法人", "宗教法人", "社会福祉法人"),
    *("医療法人社団", "医療法人財団", "社会医療法人", "医療法人"),
    *("独立行政法人", "地方独立行政法人", "国立大学法人", "公立大学法人", "国立研究開発法人"),
    *("税理士法人", "弁護士法人", "司法書士法人", "行政書士法人", "監査法人"),
)
_CHINESE_AND_KOREAN = ("股份有限公司", "有限责任公司", "有限公司", "주식회사", "유한회사")
_ABBREVIATED = re.compile(
    r"\((?:株|有|合|同|資|名|相|一社|一財|公社|公財|社|財|医|学|福|宗|独|特非|特|npo|주|유)\)"
)
"""NFKC turns ㈱ and ㈲ into these."""
_IN_TRANSFERS = re.compile(r"^\(?[カユド]\)|\([カユド]\)?$")
"""How banks write 株式会社, 有限会社 and 合同会社: `ｶ)ﾚｲｼﾞ`."""
_LONGEST_FIRST = "|".join(sorted((*_JAPANESE, *_CHINESE_AND_KOREAN), key=len, reverse=True))
_WHOLE = re.compile(rf"^(?:{_LONGEST_FIRST})|(?:{_LONGEST_FIRST})$")
_ADDRESSED = re.compile(r"\s*(?:御中|様)$")
_LATIN = frozenset(
    {
        *("inc", "incorporated", "corp", "corporation", "co", "company", "ltd", "limited", "llc"),
        *("llp", "lp", "plc", "gmbh", "ag", "kg", "kgaa", "ohg", "ug", "ev", "se", "mbh"),
        *("sa", "sas", "sarl", "sasu", "srl", "spa", "bv", "nv", "oy", "oyj", "ab", "aps", "as"),
        *("pty", "pvt", "private", "pte", "sdn", "bhd", "kk", "gk", "yk", "jsc", "pjsc", "ooo"),
        *("tbk", "&", ""),
        *("kabushiki", "kaisha", "kabushikikaisha", "godo", "yugen", "gaisha"),
    }
)
_LATIN_FIRST = frozenset({"kk", "gk", "yk", "pt", "ooo", "kabushiki", "kaisha", "kabushikikaisha"})
_DOTTED = re.compile(r"(?<=\b[a-z])\.(?=[a-z]\b)|(?<=\b[a-z])/(?=[a-z]\b)")
"""The dots within `k.k.` and `s.r.l.`, the slash of `a/s`."""
_APART = re.compile(r"[\s,.、。・]+")
_DASHES = re.compile(r"(?<=[ァ-ヺー])[\u2010-\u2015\u2212]")
"""A dash typed in place of the long-vowel mark."""
_PUNCTUATION = re.compile(r"[^\w&+]|_")
_SAME_LETTERS = str.maketrans("ァィゥェォッャュョヮヵヶ髙﨑", "アイウエオツヤユヨワカケ高崎")
"""Company names write small kana full-size (キヤノン), but people type them as pronounced. 髙 and
﨑 are variants of 高 and 崎 that not every system has."""


def company_domain(host: str) -> str | None:
    """Return the domain that a company registered, or None for a public suffix such as `co.jp`.

    Subdomains (`www.`, a department's mail server) belong to the same company.
    """
    return _suffixes().privatesuffix(host)


def company_name(written: str) -> str | None:
    """Return a company's normalized name for comparison, or None if nothing is left.

    Width, letter case, spaces, punctuation and the legal form do not distinguish names. Words do:
    a branch, a group or another reading of the same characters remains a different name.
    """
    name = _ADDRESSED.sub("", tidy(written).lower())
    name = _IN_TRANSFERS.sub("", _ABBREVIATED.sub(" ", name).strip()).strip()
    name = _DASHES.sub("ー", _WHOLE.sub("", name))
    words = _without_latin_forms(_APART.split(_DOTTED.sub("", name)))
    joined = "&".join(" ".join(words).split(" and "))
    name = _PUNCTUATION.sub("", joined).translate(_SAME_LETTERS)
    return name if len(name) >= NAME_CHARACTERS_MIN else None


def _without_latin_forms(words: list[str]) -> list[str]:
    words = [word for word in words if word]
    while len(words) > 1 and words[-1].strip("()-") in _LATIN:
        words.pop()
    while len(words) > 1 and words[0] in _LATIN_FIRST:
        words.pop(0)
    return words


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    """Return the list shipped with the package, which is released with each update: no network."""
    return PublicSuffixList()
