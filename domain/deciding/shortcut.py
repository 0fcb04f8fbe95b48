"""Decide reports that are recorded and cause nothing else, as most are, without applying all rules.

Its lead is in a stage where nothing follows from an event of this type, and the report adds nothing
new. The full path (decide.py) checks everything that could follow and finds nothing; a law verifies
that both record the same. In doubt, the full path is taken.
"""

from domain.case import Case
from domain.deciding.report import TELLS, effects_on_lead
from domain.event import Event, Subject
from domain.lead.owners import OWNER_FIELD
from domain.lead.state import AccountState
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import SubjectKind
from domain.rules.business import BUSINESS_FIELD
from domain.rules.candidacy import SELECTION

_FIELDS_THAT_ACT = frozenset({BUSINESS_FIELD, OWNER_FIELD, SELECTION})
"""Fields that have an effect in events of any type."""
_NOT_NEW = frozenset({TELLS})


def recorded_quietly(case: Case) -> Event | None:
    """Return the event of a report without consequences; None if the full path must decide."""
    resolution, signal = case.party.lead, case.signal
    if resolution is None or not resolution.is_settled or not _is_quiet(case):
        return None
    effects = effects_on_lead(case, is_repeated=False)
    if not effects.keys() <= _NOT_NEW:
        return None
    return case.draft(
        signal.type.name,
        Subject(SubjectKind.LEAD, resolution.subject),
        data=signal.data,
        effects=effects,
        forwarded_to=resolution.forwarded_to,
    )


def _is_quiet(case: Case) -> bool:
    """Whether neither the report nor the lead's state calls for any judgement."""
    compiled, signal, (lead, account) = case.compiled, case.signal, case.state
    return (
        (lead.stage, signal.type.name) in compiled.quiet
        and signal.timer is None
        and not lead.standing
        and not case.party.account_links
        and not case.party.account_conflicts
        and _FIELDS_THAT_ACT.isdisjoint(signal.data)
        and (account is None or not _may_be_gained(compiled, account))
    )


def _may_be_gained(compiled: CompiledLifecycle, account: AccountState) -> bool:
    """Whether a known person at a company in this stage makes the company a prospect."""
    triggers = compiled.lifecycle.account_triggers
    if triggers is None:
        return False
    return (account.stage, triggers.prospect_gained) in compiled.account.moves
