"""The origin of a pass: what made the person known, or began a later pass (domain rule 11).

The actions of an anonymous visitor never determine whose work brought the lead: they may be the
first touch of a person who then comes through a reseller. Until the person is known, the origin is
undetermined.
"""

from collections.abc import Mapping
from typing import Any

from domain.case import Case
from domain.effects import Effects
from domain.lifecycle.compiled.table import CompiledMove
from domain.lifecycle.definition import EventKind, Role

DIRECT_ENQUIRY = "direct_enquiry"
"""Flag of a marketing lead that has itself turned to sales or a reseller. Its value is the origin
that the lead would have had if marketing had not been first."""


def origin_of(
    case: Case,
    move: CompiledMove | None,
    type: str,
    data: Mapping[str, Any],
    *,
    becomes_known: bool = False,
) -> Effects:
    """Return what a fact says about the origin of the pass.

    A fact that makes no move counts only if a rule gives its origin: delivering a mail or copying a
    profile acquires no lead.
    """
    lead, lifecycle = case.state.lead, case.compiled.lifecycle
    if lifecycle.events[type].kind is not EventKind.FACT:
        return {}
    moves = move is not None and move.kind is not None
    begins_pass = move is not None and move.begins_pass
    if not (moves or becomes_known or _enquires(case, type)):
        return {}
    readings = case.readings(type, data)
    rules = lifecycle.origin_rules
    origin = next((rule.origin for rule in rules if rule.condition.test(readings)), None)
    if begins_pass:
        return _beginning(case, origin or lifecycle.origin_otherwise, data)
    effects: Effects = {}
    if moves:
        origin = origin or lifecycle.origin_otherwise
    if origin is not None and lead.first_touch is None:
        effects["first_touch"] = origin
    if origin is not None and lead.known and lead.origin is None:
        effects["origin"], effects["channel"] = origin, data.get("channel")
        return effects
    if moves and not lead.entered:
        effects["channel"] = data.get("channel")
    if origin is not None and _enquires(case, type) and _is_others(case, origin):
        effects["flags"] = {DIRECT_ENQUIRY: origin}
    return effects


def _beginning(case: Case, origin: str | None, data: Mapping[str, Any]) -> Effects:
    """Give a later pass its own origin, and drop corrections and flags of the previous pass."""
    lead = case.state.lead
    effects: Effects = {"origin": origin, "channel": data.get("channel")}
    if lead.origin_corrected:
        effects["origin_corrected"] = False
    if DIRECT_ENQUIRY in lead.flags:
        effects["flags"] = {DIRECT_ENQUIRY: None}
    return effects


def _enquires(case: Case, type: str) -> bool:
    return case.compiled.lifecycle.events[type].role is Role.HANDS_OVER


def _is_others(case: Case, origin: str) -> bool:
    """Whether an enquiry of this origin does not belong to marketing, although the lead does."""
    contribution = case.compiled.lifecycle.contribution
    if contribution is None or origin == case.compiled.lifecycle.origin_otherwise:
        return False
    marketings = contribution.marketing_origins
    return case.state.lead.origin in marketings and origin not in marketings
