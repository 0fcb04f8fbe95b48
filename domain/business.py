"""What a pass is about, and what a company is to us: further business, segments, key accounts."""

from typing import Any

from domain.course import Course
from domain.lifecycle.definition import SubjectKind
from domain.roles import has_bought
from domain.state import LeadState

BUSINESS_FIELD = "business"
"""Where deals, orders and requests say whether they are new business, cross-sell or renewal."""
CROSS_SELL = "cross_sell"
_OF_ACCOUNT = ("segment", "key_role", "owner")


def business_of(course: Course, *, begins_pass: bool) -> dict[str, Any]:
    """Return the type of business that this event makes the pass.

    A pass of somebody who has bought is not new business, whatever nobody has said.
    """
    told = course.signal.data.get(BUSINESS_FIELD)
    lead, account = course.state
    if begins_pass and told is None:
        is_customer = has_bought(lead) or (account is not None and has_bought(account))
        return {"business": CROSS_SELL} if is_customer else {}
    if told is None or (told == lead.business and not begins_pass):
        return {}
    return {"business": told}


def business_brought(lead: LeadState, account: str) -> dict[str, Any]:
    """Return what a lead brings to the account that it joins: deals and orders from before."""
    business = {"opportunities": dict(lead.opportunities), "orders": dict(lead.orders)}
    brings = {name: known for name, known in business.items() if known}
    return {"brings": brings, "business_of": account} if brings else {}


def effects_on_account(course: Course) -> dict[str, Any]:
    """Return what an event about an account says of it: segments are data, and so is the role."""
    signal, account = course.signal, course.state.account
    if signal.subject is not SubjectKind.ACCOUNT or account is None:
        return {}
    effects = {
        name: signal.data[name]
        for name in _OF_ACCOUNT
        if signal.data.get(name) not in (None, getattr(account, name))
    }
    triggers = course.compiled.lifecycle.account_triggers
    if triggers is not None and signal.type.name == triggers.key_ended and account.key_role:
        effects["key_role"] = None
    return effects


def end_key_status(course: Course) -> None:
    """Say of a key account that has churned that it is none any more."""
    triggers, first = course.compiled.lifecycle.account_triggers, course.events[0]
    if triggers is None or triggers.key_ended is None or first.stage_to is None:
        return
    table, account = course.compiled.account, course.state.account
    was_key = (first.stage_from, triggers.key_ended) in table.moves
    if not was_key or account is None or account.stage in table.path_index:
        return
    effects = {"key_role": None} if account.key_role is not None else {}
    course.add(triggers.key_ended, course.account, data={}, effects=effects)
