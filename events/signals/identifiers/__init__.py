"""Normalize identifiers, so that the same person is found however the identifier is written.

The normalized forms are digested, and the digests decide who is who: once ledgers are in use, a
change to a rule here requires a new kind of identifier. tests/data/spellings.csv lists real
spellings and how each is read.

`addresses` reads e-mail addresses and host names, `telephones` telephone numbers, and `companies`
the names and domains of companies. `text` removes invisible characters and recognizes placeholders.
"""

from events.signals.identifiers.addresses import email, host
from events.signals.identifiers.companies import company_domain, company_name
from events.signals.identifiers.telephones import is_fake, is_main_line, phone
from events.signals.identifiers.text import is_placeholder, tidy

__all__ = [
    "company_domain",
    "company_name",
    "email",
    "host",
    "is_fake",
    "is_main_line",
    "is_placeholder",
    "phone",
    "tidy",
    "warm",
]


def warm() -> None:
    """Load the tables that the first identifier would otherwise wait for: about 0.1 s."""
    phone("+81 3 1000 0004", "81")
    company_domain("www.example.com")
    host("例え.テスト")
