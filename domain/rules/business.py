"""The business of a pass, and the role of a company: further business, segments, key accounts."""

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

from domain.case import Case
from domain.effects import Effects, selected
from domain.event import Event
from domain.lead.numbers import Numbers
from domain.lead.readings import count
from domain.lead.state import VALID, WON, AccountState, LeadState
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.contribution import FURTHER_BUSINESS
from domain.lifecycle.definition import AccountTriggers, Lifecycle, Role, SubjectKind
from domain.rules.deals import PURCHASES, has_bought

BUSINESS_FIELD = "business"
"""The field of deals, orders and requests that states new business, cross-sell or renewal."""
REPORTS: Final = "reports"
"""The effect of a restatement that says of earlier reports to what they belong."""
_OF_ACCOUNT = ("segment", "key_role", "owner")
_BEGINS = frozenset({Role.OPENS_OPPORTUNITY, *PURCHASES})


def name_of_further(lifecycle: Lifecycle) -> str:
    """Return the lifecycle's name for the next business of a customer."""
    rules = lifecycle.contribution
    return FURTHER_BUSINESS if rules is None else rules.further_business


class Belonging(NamedTuple):
    """What a report about a deal, an order or a renewal belongs to, given all before it by time."""

    account: str | None
    kind: str | None
    """The kind of business that it states, or that is known of its pass. None if it is up to the
    customer's earlier purchases, which may still become known."""
    pass_number: int | None
    """The pass of the lead that it moved; None if it moved nothing."""


def belonging_of(event: Event, lifecycle: Lifecycle) -> Belonging:
    """Return what the outcome of a report says that it belongs to."""
    effects, subject = event.effects, event.subject
    of_account = subject.id if subject.kind is SubjectKind.ACCOUNT else None
    is_of_lead, kind = subject.kind is SubjectKind.LEAD, effects.get("business")
    return Belonging(
        effects.get("business_of", of_account),
        event.data.get(BUSINESS_FIELD) or (kind if kind != name_of_further(lifecycle) else None),
        event.pass_number if is_of_lead and event.stage_to is not None else None,
    )


def belongings_restated(effects: Effects) -> dict[int, Belonging]:
    """Return what reports belong to according to a restatement, by position."""
    return {position: Belonging(*content) for position, *content in effects.get(REPORTS, ())}


def content_of(belongings: Mapping[int, Belonging]) -> Effects:
    """Return belongings as plain values, as a restatement holds them; nothing for none."""
    if not belongings:
        return {}
    return {REPORTS: [[position, *one] for position, one in sorted(belongings.items())]}


class Begun(NamedTuple):
    """What is known about a deal or an order that an event is the first to mention."""

    further: str | None
    """The kind of business that the lifecycle assumes if the buyer has bought before and the event
    states none."""

    def said(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the data that guards read: the event's, with its kind of business."""
        return data if self.further is None else {**data, BUSINESS_FIELD: self.further}


def business_begun(case: Case, numbers: Numbers) -> Begun | None:
    """Judge by the buyer as it was before the event; None if the event does not begin any business.

    An order for a known deal does not.
    """
    role, (lead, account) = case.signal.type.role, case.state
    if role not in _BEGINS:
        return None
    buyers: list[LeadState | AccountState] = [lead] if account is None else [lead, account]
    is_known = any(numbers.opportunity in buyer.opportunities for buyer in buyers)
    if role is Role.PLACES_ORDER:
        is_known = is_known or any(numbers.order in buyer.orders for buyer in buyers)
    if is_known:
        return None
    is_further = any(map(has_bought, buyers)) and not any(_lacks(buyer, role) for buyer in buyers)
    is_stated = case.signal.data.get(BUSINESS_FIELD) is not None
    name = name_of_further(case.compiled.lifecycle)
    return Begun(further=name if is_further and not is_stated else None)


def _lacks(buyer: LeadState | AccountState, role: Role) -> bool:
    """Whether an earlier purchase still lacks such an event, which is then not a new purchase.

    A won deal may lack its order, and an order that named no deal may lack its deal. For a lead,
    only its current pass counts.
    """
    earlier_deals: Collection[str] = ()
    earlier_orders: Collection[str] = ()
    if isinstance(buyer, LeadState):
        earlier_deals, earlier_orders = buyer.earlier_opportunities, buyer.earlier_orders
    won = count(buyer.opportunities, WON, earlier_deals)
    ordered = count(buyer.orders, VALID, earlier_orders)
    if role is Role.PLACES_ORDER:
        return won > ordered
    return role is Role.WINS_OPPORTUNITY and ordered > won


def business_of(case: Case, begun: Begun | None, *, begins_pass: bool) -> Effects:
    """Return the kind of business that this event gives the pass, or that its own deal is.

    A further pass of a customer is not new business just because no kind is stated. A deal or an
    order that states no kind has that of its pass.
    """
    kind = case.signal.data.get(BUSINESS_FIELD)
    lead, account = case.state
    if kind is None and begun is not None and not begins_pass and lead.business is not None:
        return {"business": lead.business}
    if kind is None and begun is not None:
        kind = begun.further
    if kind is None and begins_pass:
        is_customer = has_bought(lead) or (account is not None and has_bought(account))
        kind = name_of_further(case.compiled.lifecycle) if is_customer else None
    if kind is None or (kind == lead.business and not begins_pass):
        return {}
    return {"business": kind}


def business_brought(lead: LeadState, account: str) -> Effects:
    """Return what a lead brings to the account that it joins: deals and orders from before.

    A lead that comes from another account brings nothing: that account has bought these.
    """
    if lead.account is not None:
        return {}
    business = {"opportunities": dict(lead.opportunities), "orders": dict(lead.orders)}
    brings = {name: known for name, known in business.items() if known}
    return {"brings": brings, "business_of": account} if brings else {}


def effects_on_account(case: Case) -> Effects:
    """Return the effects of an event about an account: its segment and role are data fields."""
    signal, account = case.signal, case.state.account
    if signal.subject is not SubjectKind.ACCOUNT or account is None:
        return {}
    said: Mapping[str, Any] = said_of_account(signal.data)
    effects = selected(said, [name for name in said if said[name] != getattr(account, name)])
    triggers = case.compiled.lifecycle.account_triggers
    if triggers is not None and signal.type.name == triggers.key_ended and account.key_role:
        effects["key_role"] = None
    return effects


def moves_by_business(
    triggers: AccountTriggers, account: AccountState, effects: Effects
) -> list[tuple[str, Effects]]:
    """Return what an event's deals and orders cause for a company: types, with their effects.

    A purchase makes it a customer. When its last business is cancelled or lost, it is one no more.
    `account` is the company after the event.
    """
    brought = effects.get("brings", {})
    changed = [effects.get("opportunities"), effects.get("orders"), *brought.values()]
    statuses = {status for business in changed if business for status in business.values()}
    if not statuses.isdisjoint((WON, VALID)):
        return [(triggers.customer_gained, {})]
    if statuses and triggers.customer_lost is not None and not has_bought(account):
        return [(triggers.customer_lost, _without_role(account))]
    return []


def end_of_key_status(
    compiled: CompiledLifecycle, event: Event, account: AccountState
) -> Effects | None:
    """Return the effects by which a churned key account loses its status; None if it does not."""
    triggers, table = compiled.lifecycle.account_triggers, compiled.account
    if triggers is None or triggers.key_ended is None or event.stage_to is None:
        return None
    was_key = (event.stage_from, triggers.key_ended) in table.moves
    if not was_key or account.stage in table.path_index:
        return None
    return _without_role(account)


def _without_role(account: AccountState) -> Effects:
    return {"key_role": None} if account.key_role is not None else {}


def said_of_account(data: Mapping[str, Any]) -> Effects:
    """Return what the fields of a report about a company say about its segment and role."""
    return selected(data, [name for name in _OF_ACCOUNT if data.get(name) is not None])
