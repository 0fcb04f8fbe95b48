"""Leads, lists, worklists and companies in JSON: codes, with labels if a language is requested."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain.lead.state import LeadState
from domain.lifecycle.definition import LeadList, Lifecycle, MoveKind
from domain.rules.lists import is_in_time
from domain.times import format_optional_utc, format_utc
from events.database.sessions import Driver
from projections.deadlines.projection import DeadlineQueries, DueCounts
from projections.leads.queries import Charge, Company, LeadPage, Listed
from service.reading.figures.periods import Calendar, period_named
from service.reading.leads import in_stage
from service.shapes import roster as shapes


def describe_leads(
    page: LeadPage, lifecycle: Lifecycle, language: str | None, *, at: datetime
) -> shapes.Leads:
    """Describe a page of leads as lists show them at a moment."""
    return {
        "leads": [_listed(lead, lifecycle, language, at=at) for lead in page.leads],
        "next": page.next,
        "as_of_position": str(page.position),
    }


def _listed(
    lead: Listed, lifecycle: Lifecycle, language: str | None, *, at: datetime
) -> shapes.ListedLead:
    lists = [lifecycle.lists[code] for code in lead.lists if code in lifecycle.lists]
    return {
        "id": lead.id,
        **in_stage(lifecycle.lead, lead.stage, language),
        "pass": lead.pass_number,
        "entered_at": format_optional_utc(lead.entered_at),
        "acquired_at": format_optional_utc(lead.acquired_at),
        "owner": lead.owner,
        "grade": lead.grade,
        "market": lead.market,
        "priority": lead.priority,
        "origin": lead.origin,
        "channel": lead.channel,
        "account": lead.account,
        "revisit_on": lead.revisit_on.isoformat() if lead.revisit_on is not None else None,
        "screened_as": lead.screened_as,
        "lists": [each.code for each in lists if is_in_time(each, lead.acquired_at, at)],
        "lifecycle": lead.lifecycle,
        "position": str(lead.position),
    }


def describe_list(lead_list: LeadList, language: str | None) -> shapes.NamedList:
    """Describe the name and meaning of a list."""
    content: shapes.NamedList = {"list": lead_list.code}
    if language is not None:
        content["label"] = lead_list.words.label.get(language, lead_list.code)
        content["definition"] = lead_list.words.definition.get(language)
    return content


def describe_company(
    company: Company, lifecycle: Lifecycle, language: str | None
) -> shapes.Account:
    """Describe the current state of a company."""
    state = company.state
    return {
        "id": company.id,
        **in_stage(lifecycle.account, state.stage, language),
        "entered_at": format_optional_utc(state.entered_at),
        "entered": state.entered,
        "opportunities": dict(state.opportunities),
        "orders": dict(state.orders),
        "segment": state.segment,
        "key_role": state.key_role,
        "owner": state.owner,
        "people": company.people,
        "position": str(company.position),
    }


def today_of(lifecycle: Lifecycle, now: datetime) -> date:
    """Return today's date in the lifecycle's time zone."""
    return now.astimezone(ZoneInfo(lifecycle.time_zone)).date()


def staffed_stages(lifecycle: Lifecycle) -> list[str]:
    """Return the stages in which leads need a person in charge: those that sales departments own.

    The lifecycle names the department of each stage; marketing works on many leads at once.
    """
    return [
        code
        for code, stage in lifecycle.lead.stages.items()
        if stage.department in ("inside_sales", "field_sales")
    ]


def judging_stages(lifecycle: Lifecycle) -> list[str]:
    """Return the stage in which leads that no rule can judge wait for a person, if any."""
    return [lifecycle.exclusion.at] if lifecycle.exclusion is not None else []


class Tasks:
    """The tasks among one person's leads. A class, because each part uses all of them."""

    def __init__(self, lifecycle: Lifecycle, language: str | None, *, now: datetime) -> None:
        self._lifecycle = lifecycle
        self._language = language
        self.today = today_of(lifecycle, now)
        self._zone = ZoneInfo(lifecycle.time_zone)

    def due(self, charges: Sequence[Charge]) -> list[shapes.DueTask]:
        """Return what is due by the end of today, the first due first."""
        found = [
            (due.due_at, name, charge)
            for charge in charges
            for name, due in charge.state.deadlines.items()
            if self._is_by_today(due.due_at)
        ]
        return [
            {**self._task(charge), "due_at": format_utc(due_at), "what": what}
            for due_at, what, charge in sorted(found, key=lambda task: (task[0], task[2].id))
        ]

    def callbacks(self, charges: Sequence[Charge]) -> list[shapes.Callback]:
        """Return the leads to be called again by today."""
        found = [
            (charge.state.revisit_on, charge)
            for charge in charges
            if charge.state.revisit_on is not None
            and date.fromisoformat(charge.state.revisit_on) <= self.today
        ]
        return [
            {**self._task(charge), "revisit_on": day}
            for day, charge in sorted(found, key=lambda task: (task[0], task[1].id))
        ]

    def returned(self, charges: Sequence[Charge]) -> list[shapes.Task]:
        """Return the leads that were sent back to their present stage."""
        back = (MoveKind.RETURNED, MoveKind.RECYCLED)
        return [self._task(charge) for charge in charges if charge.entry_kind in back]

    def all(self, charges: Sequence[Charge]) -> list[shapes.Task]:
        return [self._task(charge) for charge in charges]

    def standing_at(self, stages: Sequence[str], charges: Sequence[Charge]) -> list[shapes.Task]:
        """Return the leads in any of these stages, the longest waiting first."""
        found = [
            (charge.state.entered_at, charge)
            for charge in charges
            if charge.state.stage in stages and charge.state.entered_at is not None
        ]
        waiting = sorted(found, key=lambda task: (task[0], task[1].id))
        return self.all([charge for _, charge in waiting])

    def _is_by_today(self, moment: datetime) -> bool:
        return moment.astimezone(self._zone).date() <= self.today

    def _task(self, charge: Charge) -> shapes.Task:
        state: LeadState = charge.state
        return {
            "lead": charge.id,
            **in_stage(self._lifecycle.lead, state.stage, self._language),
            "entered_at": format_optional_utc(state.entered_at),
            "account": state.account,
            "grade": state.grade,
            "screened_as": state.screened_as,
        }


async def due_by_owner(
    queries: DeadlineQueries, driver: Driver, now: datetime, calendar: Calendar
) -> list[DueCounts]:
    """Count everyone's undecided deadlines: overdue, and due today, this week or later."""
    today = now.astimezone(calendar.zone).date()
    week = period_named("this_week", today, calendar)
    return await queries.count_by_owner(
        driver, now=now, tonight=calendar.ends(today), weekend=calendar.begins(week.beyond)
    )
