"""Identifiers in one form each, so that the same person is found again however it was written.

What is digested here decides for ever who is who: a change of these rules needs a new kind.
"""

import re
import unicodedata

from domain.lifecycle.definition import Lifecycle

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.)+[a-z0-9-]{2,63}")
_PHONE_NOISE = re.compile(r"[\s().\-\u2010-\u2015\u2212\u30fc/]")
"""Spaces, brackets, dots, slashes, and what is typed for a dash: dashes of every width, the minus
sign that some systems make of one, the Japanese long-vowel mark."""
_TRUNK_ZERO = re.compile(r"(?<=[0-9])[\s.\-]*\(0\)")
"""The zero of national dialling that people write behind a country code: `+81 (0)3 …`."""
_PHONE = re.compile(r"\+[1-9][0-9]{5,14}")


def email(address: str) -> tuple[str, str] | None:
    """Return local part and domain in the form in which addresses are compared, or None.

    Letter case never tells two mailboxes apart in practice; the address as written is kept with
    the event.
    """
    address = address.strip()
    if not _EMAIL.fullmatch(address):
        return None
    local, _, host = address.rpartition("@")
    written = domain(host)
    return (local.casefold(), written) if written is not None else None


def domain(host: str) -> str | None:
    """Return a host name in lower-case ASCII (IDNA), or None if it is none."""
    host = host.strip().rstrip(".").lower()
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    return host if _DOMAIN.fullmatch(host) else None


def phone(number: str, country: str) -> str | None:
    """Return a number in E.164, national numbers under the lifecycle's country, or None."""
    digits = unicodedata.normalize("NFKC", number).strip()
    if digits.startswith(("+", "00")):
        digits = _TRUNK_ZERO.sub("", digits, count=1)
    digits = _PHONE_NOISE.sub("", digits)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    elif digits.startswith("0"):
        digits = f"+{country}{digits[1:]}"
    return digits if _PHONE.fullmatch(digits) else None


def company_domain(mail_domain: str, lifecycle: Lifecycle) -> str | None:
    """Return the domain that tells a company; a free-mail provider's tells none."""
    return None if mail_domain in lifecycle.free_mail_domains else mail_domain


def is_role_mailbox(local: str, lifecycle: Lifecycle) -> bool:
    """Tell addresses such as `info@`, which name a desk and not a person (domain rule 15)."""
    return local in lifecycle.role_mailboxes
