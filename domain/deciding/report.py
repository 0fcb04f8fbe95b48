"""What a report says about its lead: what is new, and what was known already.

The effect `repeats` holds what was not new: `known`, `attributes` and the `account` that were
already known, how the account was named: `outright`, or `by_name` alone, and the `department` of a
report that would stand for later guards but is late or repeated. It changes nothing now; it is
needed to decide the report again when an earlier event becomes known, and to see whose work it was.
"""

from typing import Final

from domain.case import DEPARTMENT, Case
from domain.effects import Effects, Repeats
from domain.event import Event
from domain.rules.business import business_brought
from domain.rules.deals import BUSINESS

REPEATS: Final = "repeats"
RESELLER_FIELD = "reseller"


def effects_on_lead(case: Case, *, is_repeated: bool) -> Effects:
    """Return the direct effects of a report on its lead, before anything is judged."""
    signal, lead = case.signal, case.state.lead
    effects = _beginning(case)
    if signal.holds_personal_data and not lead.known:
        effects["known"] = True
    news = {
        name: value
        for name, value in signal.attributes.items()
        if lead.attributes.get(name) != value
    }
    if news:
        effects["attributes"] = news
    if case.party.account is not None and case.party.account != lead.account:
        effects["account"] = case.party.account
    if "account" in effects:
        effects |= business_brought(lead, effects["account"])
    if case.party.account is not None and not is_repeated and signal.type.role in BUSINESS:
        effects["business_of"] = case.party.account
    if RESELLER_FIELD in signal.data and not is_repeated:
        effects["reseller"] = signal.data[RESELLER_FIELD]
    if signal.type.stands_as is not None and not is_repeated:
        of_whom = {DEPARTMENT: signal.department} if signal.department is not None else {}
        effects["stands"] = {**signal.data, **of_whom}
    return effects | what_it_repeats(case, effects)


def _beginning(case: Case) -> Effects:
    """Set the version that a lead begins under, and mark a lead that begins again after a void."""
    lead = case.state.lead
    effects: Effects = {}
    assert case.party.lead is not None
    if case.party.lead.is_new and case.compiled.version != lead.lifecycle:
        effects["lifecycle"] = case.compiled.version
    if lead.void:
        effects["begins"] = True
    return effects


def what_it_repeats(case: Case, effects: Effects) -> Effects:
    """Return what the report says about person and company that its effects do not contain."""
    signal, account = case.signal, case.party.account_named
    repeats: Repeats = {}
    if signal.holds_personal_data and "known" not in effects:
        repeats["known"] = True
    news = effects.get("attributes", {})
    if len(news) < len(signal.attributes):
        repeats["attributes"] = {
            name: value for name, value in signal.attributes.items() if name not in news
        }
    if account is not None and "account" not in effects:
        repeats["account"] = account
    if account is not None and signal.names_account:
        repeats["outright"] = True
    if account is not None and signal.names_company_only:
        repeats["by_name"] = True
    if signal.department is not None and signal.type.stands_as and "stands" not in effects:
        repeats["department"] = signal.department
    return {REPEATS: repeats} if repeats else {}


def department_of(event: Event) -> str | None:
    """Return the department that reported an event whose origin may depend on it."""
    if "stands" in event.effects:
        department: str | None = event.effects["stands"].get(DEPARTMENT)
        return department
    return event.effects.get("repeats", {}).get("department")
