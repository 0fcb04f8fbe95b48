"""The parties of an event: keyed digests of identifiers, attributes for the rules, and the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from domain.lifecycle.conditions import lies_within
from domain.lifecycle.definition import Field
from domain.limits import CODE_CHARACTERS_MAX
from domain.recordable import identifying, is_code
from domain.signal import ANONYMOUS_ID, Identifier
from events.refusals import Refusal
from events.signals import identifiers
from events.signals.context import Context
from events.signals.fields import coded, mismatch
from events.signals.native_schema import AccountReference, LeadReference
from events.strict_json.checking import pointer_to

NAME, NAMESAKE = "name", "namesake"
"""Kinds of identifiers that hold a company's name."""
OWN_KINDS = frozenset(
    {
        *("email", "phone", "user_id", "domain", NAME, NAMESAKE, "opportunity", "order"),
        ANONYMOUS_ID,
    }
)
"""Kinds of identifiers that have their own format: no outside system may use these names."""
_OF_ACCOUNTS = "account:"
"""Prefix of the kind for an outside system's account id, so that it never names a lead."""

_SENTENCES: Mapping[str, str] = {
    "placeholder": "{kind} is a placeholder, not an answer.",
    "role_mailbox": "A shared mailbox such as info@ does not identify a person.",
    "switchboard": "The phone number belongs to a company, not to a person.",
    "free_mail": "The domain belongs to a mail provider, not to a company.",
    "public_suffix": "The domain is a public suffix such as co.jp, not a company's domain.",
}
_MALFORMED: Mapping[str, str] = {
    "email": "An email must be local@domain.",
    "phone": "A phone must be +country and number, or a national number with its leading 0.",
    "domain": "A domain must be a host name.",
}


class NotIdentifying(NamedTuple):
    """A value that was given as an identifier but identifies nobody."""

    kind: str
    reason: str
    pointer: str

    @property
    def sentence(self) -> str:
        if self.reason == "malformed":
            return _MALFORMED[self.kind]
        return _SENTENCES[self.reason].format(kind=self.kind)


class Parties(NamedTuple):
    """The lead and the account of one report. Only `stored` contains plaintext."""

    lead_id: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    account_id: str | None = None
    account_identifiers: tuple[Identifier, ...] = ()
    account_name: tuple[Identifier, ...] = ()
    attributes: Mapping[str, Any] = {}
    mail_domain: str | None = None
    identifies_person: bool = False
    names_account_outright: bool = False
    """Whether the account was named explicitly, not derived from a mail address or by name only."""
    ignored: tuple[NotIdentifying, ...] = ()
    stored: Mapping[str, Any] = {}
    """As reported, for the personal data stored outside the log."""

    @property
    def names_a_lead(self) -> bool:
        return self.lead_id is not None or bool(self.identifiers)

    @property
    def names_an_account(self) -> bool:
        return bool(self.account_id or self.account_identifiers or self.account_name)

    def linked_with_account(self) -> "Parties":
        """Treat the account as named explicitly, even by name only, and ignore the mail address."""
        if self.names_account_outright:
            return self
        return self._replace(account_identifiers=(), names_account_outright=True)

    def nobody_named(self, detail: str, pointer: str) -> Refusal:
        """Refuse a report that names nobody, and list the values that do not identify."""
        if not self.ignored:
            return Refusal("event-invalid", detail, pointer)
        reasons = " ".join(dict.fromkeys(value.sentence for value in self.ignored))
        ignored = [{"kind": value.kind, "reason": value.reason} for value in self.ignored]
        return Refusal(
            "event-invalid", f"{reasons} {detail}", self.ignored[0].pointer, {"ignored": ignored}
        )

    def personal(self, undeclared: Mapping[str, Any]) -> bytes | None:
        """Return the bytes that are stored outside the record, or None without any."""
        content = {**self.stored, "data": undeclared} if undeclared else self.stored
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS) if content else None


@dataclass(slots=True)
class _Named:
    """The identifiers of one party. A class, because they are collected field by field."""

    context: Context
    found: list[Identifier] = field(default_factory=list)
    ignored: list[NotIdentifying] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)
    """What an address implies about the company, for the rules."""
    company: str | None = None
    """The registered domain of the company that an address belongs to."""
    mail_domain: str | None = None
    """The domain of that address itself."""

    def add(self, kind: str, value: str) -> None:
        self.found.append(self.context.digests.identifier(kind, value))

    def ignore(self, kind: str, reason: str, pointer: str) -> None:
        self.ignored.append(NotIdentifying(kind, reason, pointer))

    def is_no_answer(self, kind: str, written: str, pointer: str) -> bool:
        """Return whether it is a placeholder for a missing answer, and if so ignore it."""
        words = self.context.lifecycle.placeholders
        if not identifiers.is_placeholder(identifiers.tidy(written), words):
            return False
        self.ignore(kind, "placeholder", pointer)
        return True

    def add_id(self, kind: str, written: str, pointer: str) -> None:
        """Add an id issued by another system, unchanged, because its case may matter."""
        if not self.is_no_answer(kind.removeprefix(_OF_ACCOUNTS), written, pointer):
            self.add(kind, identifiers.tidy(written))


def read_parties(
    lead: LeadReference | None, account: AccountReference | None, context: Context
) -> Parties | Refusal:
    """Read both; values that do not identify are left out and listed as ignored."""
    parties = Parties() if lead is None else _lead(lead, context)
    if account is None or isinstance(parties, Refusal):
        return parties
    return _with_account(parties, account, context)


def _lead(lead: LeadReference, context: Context) -> Parties | Refusal:
    named = _Named(context)
    has_address = lead.email is not None and _read_email(lead.email, named)
    if lead.phone is not None:
        _read_phone(lead.phone, named)
    if lead.user_id is not None:
        named.add_id("user_id", lead.user_id, "/lead/user_id")
    for place, alias in enumerate(lead.aliases or ()):
        named.add_id("user_id", alias, f"/lead/aliases/{place}")
    for system, value in (lead.external_ids or {}).items():
        pointer = "/lead/external_ids" + pointer_to((system,))
        if not is_code(system) or system in OWN_KINDS or system.startswith(_OF_ACCOUNTS):
            return _not_a_system(system, pointer)
        named.add_id(system, value, pointer)
    profile = _profile(lead.profile or {}, context)
    if isinstance(profile, Refusal):
        return profile
    declared, has_undeclared = profile
    has_name = lead.name is not None and not identifiers.is_placeholder(
        identifiers.tidy(lead.name), context.lifecycle.placeholders
    )
    identifies_person = bool(named.found) or has_undeclared or has_address or has_name
    if lead.anonymous_id is not None:
        named.add_id(ANONYMOUS_ID, lead.anonymous_id, "/lead/anonymous_id")
    for place, alias in enumerate(lead.aliases or ()):
        named.add_id(ANONYMOUS_ID, alias, f"/lead/aliases/{place}")
    stored = lead.model_dump(exclude={"id"}, exclude_none=True)
    return Parties(
        lead_id=lead.id,
        identifiers=tuple(dict.fromkeys(named.found)),
        account_identifiers=(
            (context.digests.identifier("domain", named.company),) if named.company else ()
        ),
        attributes={**named.attributes, **declared},
        mail_domain=named.mail_domain,
        identifies_person=identifies_person,
        ignored=tuple(named.ignored),
        stored={"lead": stored} if stored else {},
    )


def _read_email(written: str, named: _Named) -> bool:
    """Add the person that an address identifies, and note what it implies about the company.

    Return False if it is not an address. A shared mailbox identifies its company but no person
    (domain rule 15).
    """
    if named.is_no_answer("email", written, "/lead/email"):
        return False
    address = identifiers.email(written)
    if address is None:
        named.ignore("email", "malformed", "/lead/email")
        return False
    local, host = address
    lifecycle = named.context.lifecycle
    if {local, host.partition(".")[0]} <= lifecycle.placeholders:
        named.ignore("email", "placeholder", "/lead/email")
        return False
    if lies_within(host, lifecycle.free_mail_domains):
        named.attributes["free_mail"] = True
    else:
        named.company = identifiers.company_domain(host)
        if named.company is not None:
            named.mail_domain = host
    if local in lifecycle.role_mailboxes:
        named.ignore("email", "role_mailbox", "/lead/email")
    else:
        named.add("email", f"{local}@{host}")
    return True


def _read_phone(written: str, named: _Named) -> None:
    """Add the person that a number identifies. A company's line identifies nobody (rule 15)."""
    lifecycle, pointer = named.context.lifecycle, "/lead/phone"
    if named.is_no_answer("phone", written, pointer):
        return
    if identifiers.is_fake(written):
        named.ignore("phone", "placeholder", pointer)
        return
    number = identifiers.phone(written, lifecycle.phone_country)
    if number is None:
        named.ignore("phone", "malformed", pointer)
    elif number in lifecycle.switchboards or identifiers.is_main_line(written, number):
        named.ignore("phone", "switchboard", pointer)
    else:
        named.add("phone", number)


def _profile(profile: Mapping[str, Any], context: Context) -> tuple[dict[str, Any], bool] | Refusal:
    """Return the attributes that the lifecycle declares, and whether there are others.

    People describe their work in their own words. Words that no list knows are not codes, so they
    stay outside the record with the rest of the profile, and the report is not refused for them.
    """
    declared: dict[str, Any] = {}
    in_own_words = 0
    for name, value in profile.items():
        field = context.lifecycle.attributes.get(name)
        if field is None or value is None:
            continue
        value = coded(field, value)  # noqa: PLW2901 - the code that a word means
        expected = mismatch(field, value)
        if expected is not None and _is_in_own_words(field, value):
            in_own_words += 1
            continue
        if expected is not None:
            return Refusal(
                "event-invalid",
                f"The attribute {name} of a lead is {expected}.",
                f"/lead/profile/{name}",
                {"expected": expected},
            )
        declared[name] = value
    return declared, len(declared) + in_own_words < len(profile)


def _is_in_own_words(field: Field, value: object) -> bool:
    is_open = field.type == "code" and not field.values
    if not is_open or not isinstance(value, str):
        return False
    return len(value) > CODE_CHARACTERS_MAX or not identifying(value)


def _with_account(
    parties: Parties, account: AccountReference, context: Context
) -> Parties | Refusal:
    """Replace the account derived from a mail address with one that is named explicitly.

    A name alone, as on forms and business cards, does not replace it: the address still counts.
    """
    named = _Named(context)
    if account.domain is not None:
        _read_domain(account.domain, named)
    for system, value in (account.external_ids or {}).items():
        pointer = "/account/external_ids" + pointer_to((system,))
        if not is_code(system) or system in OWN_KINDS:
            return _not_a_system(system, pointer)
        named.add_id(f"{_OF_ACCOUNTS}{system}", value, pointer)
    name = () if account.name is None else _read_name(account.name, named)
    stored = account.model_dump(exclude={"id"}, exclude_none=True)
    parties = parties._replace(
        account_name=name,
        ignored=(*parties.ignored, *named.ignored),
        stored={**parties.stored, "account": stored} if stored else parties.stored,
    )
    if account.id is None and not named.found:
        return parties
    return parties._replace(
        account_id=account.id,
        account_identifiers=tuple(named.found),
        names_account_outright=True,
    )


def _read_domain(written: str, named: _Named) -> None:
    """Add the domain that the company registered; the domain given may be a subdomain of it."""
    pointer = "/account/domain"
    if named.is_no_answer("domain", written, pointer):
        return
    host = identifiers.host(written)
    if host is None:
        named.ignore("domain", "malformed", pointer)
    elif lies_within(host, named.context.lifecycle.free_mail_domains):
        named.ignore("domain", "free_mail", pointer)
    elif (company := identifiers.company_domain(host)) is None:
        named.ignore("domain", "public_suffix", pointer)
    else:
        named.add("domain", company)


def _read_name(written: str, named: _Named) -> tuple[Identifier, ...]:
    """Return a company's name as both kinds of identifier; nothing if it is not a name."""
    if named.is_no_answer(NAME, written, "/account/name"):
        return ()
    name = identifiers.company_name(written)
    if name is None or identifiers.is_placeholder(name, named.context.lifecycle.placeholders):
        named.ignore(NAME, "placeholder", "/account/name")
        return ()
    digest = named.context.digests.identifier
    return digest(NAME, name), digest(NAMESAKE, name)


def _not_a_system(system: str, pointer: str) -> Refusal:
    if not is_code(system):
        return Refusal(
            "event-invalid",
            "The keys of external_ids name the system that issued the id, such as crm, and become "
            f"part of records, which are never erased. Use a code of up to {CODE_CHARACTERS_MAX} "
            "printable ASCII characters that identifies no person, and put the id in the value.",
            pointer,
            {"expected": "the name of a system"},
        )
    return Refusal(
        "event-invalid",
        "The keys of external_ids name the system that issued the id, such as crm. Identifiers "
        "with their own field belong in that field.",
        pointer,
        {"found": system},
    )
