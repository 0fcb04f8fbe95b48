"""Where a pass comes from: what made the person known, or began a later pass (domain rule 11).

What an anonymous visitor did never tells whose work brought the lead: it may be the first touch of
somebody who then comes by a reseller. Until the person is known, the origin is undetermined.
"""

from collections.abc import Mapping
from typing import Any

from domain.case import Case
from domain.event import NOTHING
from domain.lifecycle.compiled.table import CompiledMove
from domain.lifecycle.definition import EventKind, Role

DIRECT_ENQUIRY = "direct_enquiry"
"""Flag of a lead of marketing's that has turned to sales or a reseller itself: with whose it would
have been, had marketing not been first."""


def origin_of(
    case: Case,
    move: CompiledMove | None,
    type: str,
    data: Mapping[str, Any],
    told: Mapping[str, Any] = NOTHING,
) -> dict[str, Any]:
    """Return what a fact tells of where the pass comes from; `told` are its other effects.

    A fact that moves nobody counts only where a rule says whose work it is: a mail that was
    delivered, or a profile that was copied, acquires nobody.
    """
    lead, lifecycle = case.state.lead, case.compiled.lifecycle
    if lifecycle.events[type].kind is not EventKind.FACT:
        return {}
    moves = move is not None and move.kind is not None
    begins_pass = move is not None and move.begins_pass
    if not (moves or "known" in told or "acquired_at" in told or _enquires(case, type)):
        return {}
    readings = case.readings(type, data)
    rules = lifecycle.origin_rules
    origin = next((one.origin for one in rules if one.condition.test(readings)), None)
    if begins_pass:
        return _beginning(case, origin or lifecycle.origin_otherwise, data)
    effects: dict[str, Any] = {}
    if moves:
        origin = origin or lifecycle.origin_otherwise
    if origin is not None and lead.first_touch is None:
        effects["first_touch"] = origin
    if origin is not None and lead.known and (lead.origin is None or _is_earlier(case, told)):
        return effects | {"origin": origin, "channel": data.get("channel")}
    if moves and not lead.entered:
        effects["channel"] = data.get("channel")
    if origin is not None and _enquires(case, type) and _is_others(case, origin):
        effects["flags"] = {DIRECT_ENQUIRY: origin}
    return effects


def _beginning(case: Case, origin: str | None, data: Mapping[str, Any]) -> dict[str, Any]:
    """Let a later pass have an origin of its own, and nothing of what was said of the last one."""
    lead = case.state.lead
    effects: dict[str, Any] = {"origin": origin, "channel": data.get("channel")}
    if lead.origin_corrected:
        effects["origin_corrected"] = False
    if DIRECT_ENQUIRY in lead.flags:
        effects["flags"] = {DIRECT_ENQUIRY: None}
    return effects


def _is_earlier(case: Case, told: Mapping[str, Any]) -> bool:
    """Whether a late report tells that the person was known before: then that began the first pass.

    What a person has corrected stays.
    """
    lead = case.state.lead
    return "acquired_at" in told and lead.pass_number == 1 and not lead.origin_corrected


def _enquires(case: Case, type: str) -> bool:
    return case.compiled.lifecycle.events[type].role is Role.HANDS_OVER


def _is_others(case: Case, origin: str) -> bool:
    """Whether an enquiry of this origin is not marketing's, although the lead is."""
    contribution = case.compiled.lifecycle.contribution
    if contribution is None or origin == case.compiled.lifecycle.origin_otherwise:
        return False
    marketings = contribution.marketing_origins
    return case.state.lead.origin in marketings and origin not in marketings
