"""What a pass is about, and what a company is to us: further business, segments, key accounts."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from domain.case import Case
from domain.lead.numbers import Numbers
from domain.lead.readings import count
from domain.lead.state import STANDING, WON, AccountState, LeadState
from domain.lifecycle.contribution import FURTHER_BUSINESS
from domain.lifecycle.definition import Lifecycle, Role, SubjectKind
from domain.rules.deals import PURCHASES, has_bought

BUSINESS_FIELD = "business"
"""Where deals, orders and requests say whether they are new business, cross-sell or renewal."""
_OF_ACCOUNT = ("segment", "key_role", "owner")
_BEGINS = frozenset({Role.OPENS_OPPORTUNITY, *PURCHASES})


def name_of_further(lifecycle: Lifecycle) -> str:
    """Return what the lifecycle calls the next business of a customer."""
    rules = lifecycle.contribution
    return FURTHER_BUSINESS if rules is None else rules.further_business


class Begun(NamedTuple):
    """What is known of a deal or an order that an event is the first to tell of."""

    further: str | None
    """What the lifecycle calls it, where its buyer has bought before and the event says nothing."""

    def said(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what guards are asked by: the event with the kind of business that it is."""
        return data if self.further is None else {**data, BUSINESS_FIELD: self.further}


def business_begun(case: Case, numbers: Numbers) -> Begun | None:
    """Look at the buyer as it was before the event; None if the event does not begin any business.

    An order of a known deal does not.
    """
    role, (lead, account) = case.signal.type.role, case.state
    if role not in _BEGINS:
        return None
    buyers: list[LeadState | AccountState] = [lead] if account is None else [lead, account]
    is_told = any(numbers.opportunity in one.opportunities for one in buyers)
    if role is Role.PLACES_ORDER:
        is_told = is_told or any(numbers.order in one.orders for one in buyers)
    if is_told:
        return None
    is_further = any(map(has_bought, buyers)) and not any(_lacks(one, role) for one in buyers)
    is_said = case.signal.data.get(BUSINESS_FIELD) is not None
    name = name_of_further(case.compiled.lifecycle)
    return Begun(further=name if is_further and not is_said else None)


def _lacks(buyer: LeadState | AccountState, role: Role) -> bool:
    """Tell whether a purchase that was reported lacks such an event, so that it is not a new one.

    A won deal lacks its order, or an order that named no deal lacks that. For a lead, in its pass.
    """
    earlier_deals: Collection[str] = ()
    earlier_orders: Collection[str] = ()
    if isinstance(buyer, LeadState):
        earlier_deals, earlier_orders = buyer.earlier_opportunities, buyer.earlier_orders
    won = count(buyer.opportunities, WON, earlier_deals)
    ordered = count(buyer.orders, STANDING, earlier_orders)
    if role is Role.PLACES_ORDER:
        return won > ordered
    return role is Role.WINS_OPPORTUNITY and ordered > won


def business_of(case: Case, begun: Begun | None, *, begins_pass: bool) -> dict[str, Any]:
    """Return the type of business that this event makes the pass, or that its own deal is.

    A further pass of a customer is not new business just because nobody says what it is. A deal or
    an order that does not say so itself is what its pass is about.
    """
    told = case.signal.data.get(BUSINESS_FIELD)
    lead, account = case.state
    if told is None and begun is not None and not begins_pass and lead.business is not None:
        return {"business": lead.business}
    if told is None and begun is not None:
        told = begun.further
    if told is None and begins_pass:
        is_customer = has_bought(lead) or (account is not None and has_bought(account))
        told = name_of_further(case.compiled.lifecycle) if is_customer else None
    if told is None or (told == lead.business and not begins_pass):
        return {}
    return {"business": told}


def business_brought(lead: LeadState, account: str) -> dict[str, Any]:
    """Return what a lead brings to the account that it joins: deals and orders from before.

    Of a lead that comes from another account nothing: that one has bought these.
    """
    if lead.account is not None:
        return {}
    business = {"opportunities": dict(lead.opportunities), "orders": dict(lead.orders)}
    brings = {name: known for name, known in business.items() if known}
    return {"brings": brings, "business_of": account} if brings else {}


def effects_on_account(case: Case) -> dict[str, Any]:
    """Return what an event about an account says of it: segments are data, and so is the role."""
    signal, account = case.signal, case.state.account
    if signal.subject is not SubjectKind.ACCOUNT or account is None:
        return {}
    effects = {
        name: signal.data[name]
        for name in _OF_ACCOUNT
        if signal.data.get(name) not in (None, getattr(account, name))
    }
    triggers = case.compiled.lifecycle.account_triggers
    if triggers is not None and signal.type.name == triggers.key_ended and account.key_role:
        effects["key_role"] = None
    return effects


def end_key_status(case: Case) -> None:
    """Say of a key account that has churned that it is none any more."""
    triggers, first = case.compiled.lifecycle.account_triggers, case.events[0]
    if triggers is None or triggers.key_ended is None or first.stage_to is None:
        return
    table, account = case.compiled.account, case.state.account
    was_key = (first.stage_from, triggers.key_ended) in table.moves
    if not was_key or account is None or account.stage in table.path_index:
        return
    effects = {"key_role": None} if account.key_role is not None else {}
    case.add(triggers.key_ended, case.account, data={}, effects=effects)
