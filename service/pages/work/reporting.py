"""Report what a form says, the way that the API reports events."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import orjson
from fastapi import Request

from domain.lifecycle.definition import SubjectKind
from events.limits import INTEGER_MAX
from events.outcomes import Outcome
from events.refusals import Refused
from service.bodies.body_memory import MemoryBudgets
from service.http.access_log import visit_of
from service.http.authentication import admit_report
from service.http.parts import part_of
from service.http.problem import Problem, kind_of
from service.ingest.labels import in_words
from service.ingest.report import record_one
from service.ingest.reporting import Reporting
from service.pages.frame.rendering import View
from service.pages.frame.wording import catalogue
from service.pages.work.actions import data_of
from service.sessions.visiting import Visitor

RECORDED: Final = "recorded"
"""The parameter of a page that is shown after something was recorded: its position."""


class Refusing(NamedTuple):
    """Why what a form said was refused, for people."""

    title: str
    detail: str
    status: int


async def report_form(
    request: Request, form: Mapping[str, str], subject: Mapping[str, Any]
) -> Outcome:
    """Report the event of a form about a lead or company. Raises Problem: request-invalid."""
    lifecycle = part_of(request, Reporting).lifecycles.in_force.lifecycle
    event_type = lifecycle.events.get(form.get("type", ""))
    if event_type is None or event_type.subject is SubjectKind.LEDGER:
        raise Problem("request-invalid", "This form belongs to another version of the lifecycle.")
    event = {
        "id": form.get("event_id", ""),
        "type": event_type.name,
        "actor": visitor_in(request).person,
        **subject,
        "data": data_of(event_type, form),
    }
    return await report_event(request, event)


async def report_event(request: Request, event: Mapping[str, Any]) -> Outcome:
    """Report one event as the person who is logged in. Raises Problem."""
    holder = visitor_in(request).holder
    admit_report(holder)
    reporting = part_of(request, Reporting)
    reporting.queue.admit()
    body = orjson.dumps(event)
    with part_of(request, MemoryBudgets).senders.memory() as memory:
        return await record_one(reporting, holder, body, visit_of(request.scope), memory)


def visitor_in(request: Request) -> Visitor:
    """Return who is logged in, once a page has admitted them."""
    visitor: Visitor = request.state.visitor
    return visitor


def refusing(view: View, refused: Refused) -> Refusing:
    """Word a refusal."""
    refusal = in_words(refused.refusal, refused.type, view.codes)
    status = kind_of(refusal.reason).status
    return Refusing(title_of(view, refusal.reason), refusal.detail, status)


def title_of(view: View, reason: str) -> str:
    """Return the words for a reason."""
    known = catalogue(view.words.language)
    return known.get(f"refused.{reason}", known["refused.other"])


def with_recorded(address: str, position: int) -> str:
    """Return the address of a page that says what was recorded."""
    return f"{address}{'&' if '?' in address else '?'}{urlencode({RECORDED: position})}"


def recorded_in(view: View) -> int | None:
    """Return the position that a page is to say was recorded. Raises Problem: parameter-invalid."""
    text = view.asked.get(RECORDED)
    if text is None:
        return None
    if not text.isdecimal() or int(text) > INTEGER_MAX:
        raise Problem("parameter-invalid", f"{RECORDED} must be the number of a record.")
    return int(text)
