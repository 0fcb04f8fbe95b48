"""Currencies: ISO 4217 codes, and a few other ways to write them.

The codes are the active list of ISO 4217 (SIX Financial Information, list one), without the codes
for metals, tests and bonds, which are not used for orders.
"""

import unicodedata

_ACTIVE = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ
GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP
LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR
PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC
SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF
XPF YER ZAR ZMW ZWG
"""
_WITHDRAWN = "ANG BGN CUC HRK SLL ZWL"
"""Withdrawn since 2020. Histories from those years are still imported."""
CODES = frozenset([*_ACTIVE.split(), *_WITHDRAWN.split()])

_ALIASES = {
    "円": "JPY",
    "日本円": "JPY",
    "YEN": "JPY",
    "米ドル": "USD",
    "ドル": "USD",
    "ユーロ": "EUR",
    "€": "EUR",
    "ポンド": "GBP",
    "£": "GBP",
    "人民元": "CNY",
    "元": "CNY",
    "ウォン": "KRW",
}
"""Words with only one meaning for the users of this service. Signs that several currencies share,
such as $ or ¥, are left out."""


def currency_code(text: str) -> str:
    """Return the code that a text means, or the text itself if it means none."""
    folded = unicodedata.normalize("NFKC", text).strip().upper()
    return folded if folded in CODES else _ALIASES.get(folded, text)
