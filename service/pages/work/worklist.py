"""`/worklist`: whom one person has to attend to, the most urgent first; and who has how much."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.lead.state import OPEN, LeadState
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import EventKind, Lifecycle, MoveKind, SubjectKind
from events.lifecycles.known import Lifecycles
from projections.deadlines.projection import NAME as DEADLINES
from projections.deadlines.projection import DeadlineQueries, DueCounts
from projections.figures.over_time import hand_overs
from projections.figures.over_time.deals import DEALS
from projections.figures.over_time.screening import SCREENING
from projections.leads.projection import NAME
from projections.leads.queries import Charge, Charges, Roster
from service.clock import Clock
from service.feed.log import Act, Log
from service.http.parts import part_of
from service.ingest.labels import label_of
from service.keys.scopes import Scope
from service.limits import OWNERS_MAX, UNOWNED_ROWS, WORK_LEADS_MAX, WORK_ROWS
from service.pages.figures.members import invalid
from service.pages.figures.numbers import stage_in
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.looking import PARAMETERS, uncounted
from service.pages.frame.people import People, people_of
from service.pages.frame.rendering import View, page, view_of
from service.pages.work.actions import ActionForm, action_for
from service.pages.work.reporting import RECORDED, recorded_in, visitor_in
from service.pages.work.team import team_page
from service.people.cards import Card, Memo
from service.projected import ProjectedTables
from service.reading.figures.defining import label_in
from service.reading.figures.periods import calendar_of
from service.reading.rosters import due_by_owner, judging_stages, staffed_stages, today_of
from service.sessions.visiting import Visitor, admit

router = APIRouter(include_in_schema=False, route_class=PageRoute)

ACTS_SHOWN: Final = 3
TEAM: Final = "team"
"""The parameter with which managers see everyone's work instead of one worklist."""
FIGURES_OF_OWNERS: Final = (hand_overs.DEADLINES, hand_overs.ACCEPTANCE, SCREENING, DEALS)
"""How the owners do: deadlines met, hand-overs taken on, the wait for the first contact, deals."""
ACCEPT, ASSIGN = "lead.sales_accepted", "owner.assigned"
"""What a worklist offers with one click, if the lifecycle has it and the person may."""


class WorkReason(NamedTuple):
    """WorkReason a lead is on the list: the smaller the rank, the more urgent."""

    rank: int
    text: str
    at: datetime | None
    is_late: bool


class WorkRow(NamedTuple):
    """A lead to attend to."""

    id: str
    name: str
    card: Card
    memo: Memo | None
    is_call_blocked: bool
    stage: str
    why: list[WorkReason]
    acts: list[tuple[str, Act]]
    owners: list[tuple[str, str]]
    """Department and person, of all who work on it."""
    account: str | None
    open_deals: int
    revisit_on: str | None
    accept: ActionForm | None
    assign: ActionForm | None


class OwnerLoad(NamedTuple):
    """How much one person has to do: the leads in charge, and when something is due."""

    leads: int
    due: DueCounts


@router.get("/worklist", response_model=None)
async def get_worklist_page(request: Request) -> Response:
    """Show whom to attend to. Raises LogInNeeded, and Problem: scope-missing."""
    visitor = await admit(request, Scope.LEADS_READ)
    asked = asked_of(request, "owner", RECORDED, TEAM, *PARAMETERS)
    view = view_of(request, asked)
    if TEAM in asked:
        return await team_page(request, view)
    if asked.keys() & set(PARAMETERS):
        raise invalid(f"A worklist is about now; a moment or a period needs {TEAM}=yes.")
    owner = view.asked.get("owner", visitor.person)
    recorded, compiled = recorded_in(view), part_of(request, Lifecycles).in_force
    lifecycle, now = compiled.lifecycle, part_of(request, Clock).now()
    today = today_of(lifecycle, now)
    tables, roster = part_of(request, ProjectedTables), part_of(request, Roster)
    # A form that was just sent is to be seen in the list.
    async with tables.reached(recorded, NAME) as driver:
        own = await roster.in_charge(driver, owner, after=None, limit=WORK_LEADS_MAX)
        free = await roster.unassigned(driver, staffed_stages(lifecycle), limit=UNOWNED_ROWS)
        unjudged = await roster.unassigned(driver, judging_stages(lifecycle), limit=UNOWNED_ROWS)
        loads = await roster.owners(driver, limit=OWNERS_MAX)
    async with tables.reached(None, DEADLINES) as driver:
        found = await due_by_owner(
            part_of(request, DeadlineQueries), driver, now, calendar_of(lifecycle)
        )
    due = {one.owner: one for one in found}
    urgent = _by_urgency(view, own, now=now, today=today)
    shown = urgent[:WORK_ROWS]
    making = _Rows(
        view=view,
        compiled=compiled,
        people=await _people(request, shown, free, unjudged),
        acts=await _acts(request, lifecycle, [charge.id for charge, _ in shown]),
        request=request,
    )
    return page(
        "worklist.html",
        view,
        behind=await uncounted(request, NAME, DEADLINES),
        owner=owner,
        is_own=owner == visitor.person,
        today=today,
        rows=[making.row(charge, why) for charge, why in shown],
        total=len(urgent),
        is_truncated=len(own.charges) == WORK_LEADS_MAX,
        free=[making.row(charge, []) for charge in free.charges],
        unjudged=[making.row(charge, []) for charge in unjudged.charges],
        limit=UNOWNED_ROWS,
        loads=[OwnerLoad(leads, due.get(one, DueCounts(one))) for one, leads in loads.items()],
        of_nobody=due.get(None),
        by_owner=_figures_by_owner(view, visitor),
        team=view.url("/worklist", **{TEAM: "yes"}),
        shows_people=making.people.are_shown,
        recorded=recorded,
        refused=None,
        me=visitor.person,
    )


def _figures_by_owner(view: View, visitor: Visitor) -> list[tuple[str, str]]:
    """Return labels and addresses of what tells a manager how the owners do, if they may see it."""
    if Scope.PROJECTIONS_READ not in visitor.sender.scopes:
        return []
    return [
        (
            label_in(figure.words, view.words.language),
            view.url(f"/figures/{figure.name}", by="owner"),
        )
        for figure in FIGURES_OF_OWNERS
    ]


def _by_urgency(
    view: View, own: Charges, *, now: datetime, today: date
) -> list[tuple[Charge, list[WorkReason]]]:
    """Arrange a person's leads: overdue, due today, to call again, returned, then the others."""
    found = [(charge, _why(view, charge, now=now, today=today)) for charge in own.charges]
    return sorted(found, key=lambda one: (_urgency(one[1]), one[0].id))


def _urgency(why: Sequence[WorkReason]) -> tuple[int, float]:
    first = why[0]
    return first.rank, first.at.timestamp() if first.at is not None else 0.0


def _why(view: View, charge: Charge, *, now: datetime, today: date) -> list[WorkReason]:
    """Return the reasons for attending to a lead, the most urgent first."""
    state, named = charge.state, view.lifecycle.pace.deadlines
    why = []
    for name, due in state.deadlines.items():
        label = label_of(named, name, view.codes.language)
        is_today = today_of(view.lifecycle, due.due_at) == today
        rank = 0 if due.due_at <= now else 1 if is_today else 4
        why.append(WorkReason(rank, label, due.due_at, is_late=rank == 0))
    if state.revisit_on is not None and date.fromisoformat(state.revisit_on) <= today:
        why.append(
            WorkReason(2, view.words("work.call_again", day=state.revisit_on), None, is_late=False)
        )
    if charge.entry_kind in (MoveKind.RETURNED, MoveKind.RECYCLED):
        why.append(WorkReason(3, view.words("work.returned"), None, is_late=False))
    if not why:
        why.append(WorkReason(5, view.words("work.in_charge"), state.entered_at, is_late=False))
    return sorted(why, key=lambda one: (one.rank, one.at.timestamp() if one.at else 0.0))


async def _people(
    request: Request, shown: Sequence[tuple[Charge, list[WorkReason]]], *others: Charges
) -> People:
    leads = {charge.id: charge.state for charge, _ in shown}
    for charges in others:
        leads |= {charge.id: charge.state for charge in charges.charges}
    return await people_of(request, leads, page="/worklist")


async def _acts(
    request: Request, lifecycle: Lifecycle, lead_ids: Sequence[str]
) -> Mapping[str, list[Act]]:
    """Read the last few things that each lead did, or that people did about it."""
    types = [
        type.name
        for type in lifecycle.events.values()
        if type.kind is not EventKind.DERIVED
        and type.subject is SubjectKind.LEAD
        and not type.name.startswith("email.")
    ]
    return await part_of(request, Log).latest_acts(lead_ids, types=types, limit=ACTS_SHOWN)


class _Rows(NamedTuple):
    """What rows are made of."""

    view: View
    compiled: CompiledLifecycle
    people: People
    acts: Mapping[str, list[Act]]
    request: Request

    def row(self, charge: Charge, why: list[WorkReason]) -> WorkRow:
        """Return the row of a lead."""
        view, state, personal = self.view, charge.state, self.people.of(charge.id)
        departments, language = view.lifecycle.departments, view.codes.language
        return WorkRow(
            id=charge.id,
            name=self.people.name(charge.id),
            card=personal.card,
            memo=personal.memo,
            is_call_blocked="phone" in state.blocks,
            stage=stage_in(view, view.lifecycle.lead, state.stage or "unplaced"),
            why=why,
            acts=[(view.codes.event(act.type), act) for act in self.acts.get(charge.id, ())],
            owners=[
                (label_of(departments, department, language), person)
                for department, person in state.owners.items()
            ],
            account=state.account,
            open_deals=sum(status == OPEN for status in state.opportunities.values()),
            revisit_on=state.revisit_on,
            accept=self._form(state, ACCEPT),
            assign=self._form(state, ASSIGN),
        )

    def _form(self, state: LeadState, event: str) -> ActionForm | None:
        sender = visitor_in(self.request).sender
        return action_for(self.view, self.compiled, state, sender, event)
