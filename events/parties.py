"""Who an event names: identifiers as keyed digests, what the rules need of the person, the rest."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from domain.signals import ANONYMOUS_ID, Identifier
from events import identifiers
from events.context import Context
from events.fields import coded, mismatch
from events.refusals import Refusal
from events.reported import AccountReference, LeadReference
from events.strict_json.checking import pointer_to

ACTOR = "actor"
"""The member of the personal bytes that says who did it, as the sender claims."""
OWN_KINDS = frozenset({"email", "phone", "user_id", "domain", "opportunity", "order", ANONYMOUS_ID})
"""Kinds of identifiers that have a form of their own: no outside system may be called so."""
_OF_ACCOUNTS = "account:"
"""Before the kind of an outside system's id of an account, so that it never names a lead."""


class Parties(NamedTuple):
    """The lead and the account of one report, nothing in the clear but `stored`."""

    lead_id: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    account_id: str | None = None
    account_identifiers: tuple[Identifier, ...] = ()
    attributes: Mapping[str, Any] = {}
    tells_who: bool = False
    names_account_outright: bool = False
    """Whether the account was named, not told by a mail address."""
    stored: Mapping[str, Any] = {}
    """As reported, for the store beside the log."""

    @property
    def names_a_lead(self) -> bool:
        return self.lead_id is not None or bool(self.identifiers)

    @property
    def names_an_account(self) -> bool:
        return self.account_id is not None or bool(self.account_identifiers)

    def personal(self, undeclared: Mapping[str, Any], *, actor: str | None) -> bytes | None:
        """Return the bytes that are stored apart from the record, or None if there are none.

        Whoever did it is a person as well: an actor is a name as often as a code.
        """
        content = {**self.stored, "data": undeclared} if undeclared else self.stored
        if actor is not None:
            content = {**content, ACTOR: actor}
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS) if content else None


def read_parties(
    lead: LeadReference | None, account: AccountReference | None, context: Context
) -> Parties | Refusal:
    """Read both, or say which identifier is not one."""
    parties = Parties() if lead is None else _lead(lead, context)
    if account is None or isinstance(parties, Refusal):
        return parties
    return _with_account(parties, account, context)


def _lead(lead: LeadReference, context: Context) -> Parties | Refusal:
    attributes: dict[str, Any] = {}
    found = _strong(lead, context, attributes)
    if isinstance(found, Refusal):
        return found
    profile = _profile(lead.profile or {}, context)
    if isinstance(profile, Refusal):
        return profile
    declared, has_undeclared = profile
    tells_who = bool(found) or has_undeclared or lead.email is not None or lead.name is not None
    digest = context.digests.identifier
    if lead.anonymous_id is not None:
        found.append(digest(ANONYMOUS_ID, lead.anonymous_id))
    found += [digest(ANONYMOUS_ID, alias) for alias in lead.aliases or ()]
    company = attributes.get("company_domain")
    stored = lead.model_dump(exclude={"id"}, exclude_none=True)
    return Parties(
        lead_id=lead.id,
        identifiers=tuple(dict.fromkeys(found)),
        account_identifiers=(digest("domain", company),) if company is not None else (),
        attributes={**attributes, **declared},
        tells_who=tells_who,
        stored={"lead": stored} if stored else {},
    )


def _strong(
    lead: LeadReference, context: Context, attributes: dict[str, Any]
) -> list[Identifier] | Refusal:
    """Return what names a person; note in `attributes` what an address tells of the company.

    The mailbox of an office or the number of a switchboard names none (domain rule 15).
    """
    digest, lifecycle = context.digests.identifier, context.lifecycle
    found: list[Identifier] = []
    if lead.email is not None:
        address = identifiers.email(lead.email)
        if address is None:
            return Refusal("event-invalid", "An email is local@domain.", "/lead/email")
        local, host = address
        attributes |= _of_mail(host, context)
        if not identifiers.is_role_mailbox(local, lifecycle):
            found.append(digest("email", f"{local}@{host}"))
    if lead.phone is not None:
        number = identifiers.phone(lead.phone, lifecycle.phone_country)
        if number is None:
            return Refusal(
                "event-invalid",
                "A phone number is +country and number, or a national number with its first 0.",
                "/lead/phone",
            )
        if number not in lifecycle.switchboards:
            found.append(digest("phone", number))
    if lead.user_id is not None:
        found.append(digest("user_id", lead.user_id))
    found += [digest("user_id", alias) for alias in lead.aliases or ()]
    for system, value in (lead.external_ids or {}).items():
        if system in OWN_KINDS or system.startswith(_OF_ACCOUNTS):
            return _not_a_system(system, "/lead/external_ids")
        found.append(digest(system, value))
    return found


def _of_mail(host: str, context: Context) -> dict[str, Any]:
    company = identifiers.company_domain(host, context.lifecycle)
    return {"free_mail": True} if company is None else {"company_domain": company}


def _profile(profile: Mapping[str, Any], context: Context) -> tuple[dict[str, Any], bool] | Refusal:
    """Return the attributes that the lifecycle declares, and whether there are others."""
    declared: dict[str, Any] = {}
    for name, value in profile.items():
        field = context.lifecycle.attributes.get(name)
        if field is None or value is None:
            continue
        value = coded(field, value)  # noqa: PLW2901 - the code that a word means
        expected = mismatch(field, value)
        if expected is not None:
            return Refusal(
                "event-invalid",
                f"The attribute {name} of a lead is {expected}.",
                f"/lead/profile/{name}",
                {"expected": expected},
            )
        declared[name] = value
    return declared, len(declared) < len(profile)


def _with_account(
    parties: Parties, account: AccountReference, context: Context
) -> Parties | Refusal:
    """An account that is named outright takes the place of one told by a mail address.

    A name alone, as forms have it, names none: it is kept, and the address goes on telling.
    """
    digest = context.digests.identifier
    found: list[Identifier] = []
    if account.domain is not None:
        host = identifiers.domain(account.domain)
        if host is None:
            return Refusal("event-invalid", "A domain is a host name.", "/account/domain")
        found.append(digest("domain", host))
    for system, value in (account.external_ids or {}).items():
        if system in OWN_KINDS:
            return _not_a_system(system, "/account/external_ids")
        found.append(digest(f"{_OF_ACCOUNTS}{system}", value))
    stored = account.model_dump(exclude={"id"}, exclude_none=True)
    parties = parties._replace(
        stored={**parties.stored, "account": stored} if stored else parties.stored
    )
    if account.id is None and not found:
        return parties
    return parties._replace(
        account_id=account.id, account_identifiers=tuple(found), names_account_outright=True
    )


def _not_a_system(system: str, pointer: str) -> Refusal:
    return Refusal(
        "event-invalid",
        "external_ids are named by the system that gave them, such as crm. What has a field of its "
        "own is told there.",
        pointer + pointer_to((system,)),
        {"found": system},
    )
