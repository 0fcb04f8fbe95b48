"""Identifiers in one form each, so that the same person is found however the identifier is written.

These forms are digested, and the digests decide who is who: a change of a rule here needs a new
kind of identifier once there are ledgers to keep. What people really write, and what it is taken
for, is listed in tests/data/spellings.csv.

`addresses` reads e-mail addresses and host names, `telephones` telephone numbers, `companies` the
names and domains of companies; `text` removes what nobody sees and knows which words name nobody.
"""

from events.signals.identifiers.addresses import email, host
from events.signals.identifiers.companies import company_domain, company_name
from events.signals.identifiers.telephones import is_made_up, is_main_line, phone
from events.signals.identifiers.text import is_placeholder, tidy

__all__ = [
    "company_domain",
    "company_name",
    "email",
    "host",
    "is_made_up",
    "is_main_line",
    "is_placeholder",
    "phone",
    "tidy",
    "warm",
]


def warm() -> None:
    """Load the tables that the first identifier would otherwise wait for: some 0.1 s."""
    phone("+81 3 1000 0004", "81")
    company_domain("www.example.com")
    host("例え.テスト")
