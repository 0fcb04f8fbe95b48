"""Tell the story of one lead, event by event, and read back what each event did.

    story = Story()
    story.tell("visit.recorded")
    assert story.tell("form.submitted", known=True, mail="example.co.jp") == [
        "form.submitted: AL → ML advanced",
        "lead.accepted: ML → MAL advanced",
    ]

A line shows everything that an event did to a stage: from, to, how the stay ended, stages skipped,
a new pass, and the effective time if it differs from the event's own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeAlias

from domain.deciding.decide import NotAllowed, Party, decide
from domain.deciding.timers import firing
from domain.event import Event
from domain.lead.evolve import evolve
from domain.lead.identity import Resolution
from domain.lead.state import INITIAL_ACCOUNT, LeadState, State
from domain.lifecycle.compiled.table import CompiledLifecycle, compile_lifecycle
from domain.lifecycle.conditions import lists_with
from domain.lifecycle.definition import UNPLACED, SubjectKind
from domain.lifecycle.published import expansion_of
from domain.lifecycle.text.load import load
from domain.signal import Identifier, Signal
from events.lifecycles.expansion import expand
from events.lifecycles.shipped import read_lifecycle_text

LEAD, ACCOUNT = "lead-1", "account-1"
START = datetime(2026, 4, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    """Return a moment, in days from the start of the story."""
    return START + timedelta(days=number)


def jst(text: str) -> datetime:
    """Return the moment of a Tokyo clock time, in UTC."""
    return datetime.fromisoformat(f"{text}+09:00").astimezone(UTC)


@cache
def demand_funnel(
    competitors: tuple[str, ...] = (), changes: tuple[tuple[str, str], ...] = ()
) -> CompiledLifecycle:
    """Compile the shipped funnel, with competitors and other changes that a company might make."""
    text = _funnel_text(competitors)
    for old, new in changes:
        assert text.count(old) == 1, f"expected to find once: {old}"
        text = text.replace(old, new)
    return published(text)


@cache
def returning_funnel(competitors: tuple[str, ...] = ()) -> CompiledLifecycle:
    """Compile it with leads that return automatically.

    This uses its two commented lines, and does the same when the first attempt is missed.
    """
    text = _funnel_text(competitors)
    returned = "- {on: lead.returned, from: MQL, to: MAL}"
    attempt = "    entering: SAL\n"
    for shipped, changed in (
        (f"# {returned}", f"{returned}\n    {returned.replace('MQL', 'SAL')}"),
        ("# returns:", "returns:"),
        (attempt, f"{attempt}    returns: {{after: {{business_days: 3}}, by: lead.returned}}\n"),
    ):
        assert shipped in text
        text = text.replace(shipped, changed, 1)
    return published(text)


@cache
def shipped_lifecycle(name: str, competitors: tuple[str, ...] = ()) -> CompiledLifecycle:
    """Compile one of the shipped lifecycles, with a company's competitors."""
    return published(_shipped_text(name, competitors))


def _funnel_text(competitors: tuple[str, ...]) -> str:
    return _shipped_text("demand_funnel", competitors)


def _shipped_text(name: str, competitors: tuple[str, ...]) -> str:
    text = read_lifecycle_text(name)
    listed = f"competitor_domains: [{', '.join(competitors)}]"
    return text.replace("competitor_domains: []", listed, 1)


def published(text: str) -> CompiledLifecycle:
    """Compile a lifecycle as in a ledger founded at the start of the story."""
    lifecycle = load(text)
    data = {"text": text, "version": 1, **expand(lifecycle, START)}
    return compile_lifecycle(lifecycle, expansion=expansion_of(data))


def signal(
    type: str,
    *,
    at: float | datetime = 0,
    subject: SubjectKind | None = None,
    known: bool = False,
    attributes: Mapping[str, Any] | None = None,
    department: str | None = None,
    data: Mapping[str, Any] | None = None,
    identifiers: Sequence[Identifier] = (),
    references: Sequence[Identifier] = (),
    lead_id: str | None = None,
    compiled: CompiledLifecycle | None = None,
) -> Signal:
    """Make a signal as a dialect would have read it."""
    event_type = (compiled or demand_funnel()).lifecycle.events[type]
    return Signal(
        source="test",
        id=f"{type}-{at}",
        type=event_type,
        subject=subject or event_type.subject,
        occurred_at=at if isinstance(at, datetime) else day(at),
        key_id="key",
        department=department,
        lead_id=lead_id,
        identifiers=tuple(identifiers),
        references=tuple(references),
        data=data or {},
        attributes=attributes or {},
        holds_personal_data=known,
    )


@dataclass
class Story:
    """One lead, and its account if it has one. There is no lookup: it is always this lead."""

    compiled: CompiledLifecycle = field(default_factory=demand_funnel)
    account: str | None = None
    state: State = field(default_factory=State)
    position: int = 0
    is_begun: bool = False
    events: list[Event] = field(default_factory=list)

    @property
    def lead(self) -> LeadState:
        return self.state.lead

    @property
    def stage(self) -> str | None:
        return self.lead.stage

    def tell(
        self,
        type: str,
        *,
        at: float | datetime = 0,
        subject: SubjectKind | None = None,
        known: bool = False,
        mail: str | None = None,
        free_mail: bool = False,
        profile: Mapping[str, Any] | None = None,
        department: str | None = None,
        account: str | None = None,
        resolution: Resolution | None = None,
        data: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> list[str]:
        """Report one event that must be accepted; return what it and its consequences did.

        Automatic hand-overs and deadlines are left out; `tell_all` includes them.
        """
        return [
            line(event)
            for event in self._reported(
                type,
                at=at,
                subject=subject,
                known=known,
                mail=mail,
                free_mail=free_mail,
                profile=profile,
                department=department,
                account=account,
                resolution=resolution,
                data={**(data or {}), **fields},
            )
            if not is_of_pace(event)
        ]

    def tell_all(self, type: str, **reported: Any) -> list[str]:
        """Report one event like `tell`, and leave nothing out."""
        return [line(event) for event in self._reported(type, **reported)]

    def _reported(
        self,
        type: str,
        *,
        at: float | datetime = 0,
        subject: SubjectKind | None = None,
        known: bool = False,
        mail: str | None = None,
        free_mail: bool = False,
        profile: Mapping[str, Any] | None = None,
        department: str | None = None,
        account: str | None = None,
        resolution: Resolution | None = None,
        data: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> Sequence[Event]:
        lists = self.compiled.lifecycle.value_lists
        attributes: dict[str, Any] = {"company_domain": lists_with(mail, lists)} if mail else {}
        attributes |= {"free_mail": True} if free_mail else {}
        attributes |= profile or {}
        reported = signal(
            type,
            at=at,
            subject=subject,
            known=known or bool(attributes),
            attributes=attributes,
            department=department,
            data={**(data or {}), **fields},
            compiled=self.compiled,
        )
        outcome = self.decide(reported, account=account, resolution=resolution)
        assert not isinstance(outcome, NotAllowed), outcome
        self._evolve(outcome)
        return outcome

    def wait_until(self, moment: datetime) -> list[str]:
        """Fire everything due by then, in due order, and return what it did."""
        lines: list[str] = []
        while True:
            fired = firing(
                self.compiled,
                self.lead,
                lead_id=LEAD,
                id=f"timer.{self.position + 1}",
                source="leadledger",
                upto=moment,
            )
            if fired is None:
                return lines
            outcome = self.decide(fired)
            assert not isinstance(outcome, NotAllowed), outcome
            self._evolve(outcome)
            lines += [line(event) for event in outcome]

    def refuse(
        self,
        type: str,
        *,
        at: float | datetime = 0,
        data: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> NotAllowed:
        """Report one event that must be refused, and return why."""
        reported = signal(type, at=at, data={**(data or {}), **fields}, compiled=self.compiled)
        outcome = self.decide(reported)
        assert isinstance(outcome, NotAllowed), [line(event) for event in outcome]
        return outcome

    def decide(
        self, reported: Signal, *, account: str | None = None, resolution: Resolution | None = None
    ) -> Sequence[Event] | NotAllowed:
        self.account = account or self.account
        if self.account is not None and self.state.account is None:
            self.state = State(self.state.lead, INITIAL_ACCOUNT)
        if reported.subject is SubjectKind.LEAD and resolution is None:
            resolution = Resolution(LEAD, LEAD, is_new=not self.is_begun)
        latest_at = self.lead.latest_at
        assert latest_at is None or latest_at <= reported.occurred_at, (
            "the ledger decides late reports"
        )
        party = Party(resolution, self.account)
        decided = decide(self.compiled, self.state, reported, party, position=self.position + 1)
        return decided if isinstance(decided, NotAllowed) else decided.events

    def _evolve(self, reported: Iterable[Event]) -> None:
        for event in reported:
            self.events.append(event)
            self.position = event.position
            lead, account = self.state
            if event.receiver.id == LEAD:
                self.is_begun = True
                lead = evolve(lead, event)
                if account is not None and event.effects.get("business_of") == self.account:
                    account = evolve(account, event._replace(stage_to=None))
            elif event.subject.kind is SubjectKind.ACCOUNT and account is not None:
                account = evolve(account, event)
            self.state = State(lead, account)

    def reach(self, stage: str) -> "Story":
        """Bring a new lead to a stage of the path, step by step, without deals or orders."""
        for step in _STEPS[stage]:
            self.tell(step[0], **step[1])
        assert self.stage == stage
        return self


_Step: TypeAlias = tuple[str, Mapping[str, Any]]
_VISIT: _Step = ("visit.recorded", {})
_FREE_MAIL_FORM: _Step = ("form.submitted", {"free_mail": True})
_FORM: _Step = ("form.submitted", {"mail": "example.co.jp"})
_QUALIFIED: Sequence[_Step] = (_FORM, ("lead.qualified", {}))
_ACCEPTED: Sequence[_Step] = (*_QUALIFIED, ("lead.sales_accepted", {}))
_SCREENED: Sequence[_Step] = (*_ACCEPTED, ("screening.completed", {"data": {"class": "now"}}))
_DEAL: Sequence[_Step] = (*_SCREENED, ("opportunity.created", {"opportunity": "deal"}))
_STEPS: Mapping[str, Sequence[_Step]] = {
    "AL": (_VISIT,),
    "ML": (_FREE_MAIL_FORM,),
    "MAL": (_FORM,),
    "MQL": _QUALIFIED,
    "SAL": _ACCEPTED,
    "SQL": _SCREENED,
    "OPP": _DEAL,
    "WON": (*_DEAL, ("opportunity.won", {"opportunity": "deal"})),
    "LOST": (*_DEAL, ("opportunity.lost", {"opportunity": "deal"})),
    "DISQUALIFIED": (_FORM, ("lead.disqualified", {"reason": "student"})),
}


def is_of_pace(event: Event) -> bool:
    """Report whether it is from a deadline, or an automatic hand-over."""
    return event.type.startswith("deadline.") or "hand_over" in event.data


def line(event: Event) -> str:
    """Write everything that an event did to a stage in one line."""
    about = "" if event.subject.kind is SubjectKind.LEAD else f" on {event.subject}"
    name = f"{event.type}{about}"
    if event.stage_to is None:
        assert event.pass_number is None or event.type == "identity.absorbed"
        return f"{name}: already" if event.effects.get("already") else name
    how = event.effects["move"]
    text = f"{name}: {event.stage_from or UNPLACED} → {event.stage_to} {how['kind']}"
    if "passed_over" in how:
        text += f" over {', '.join(how['passed_over'])}"
    if event.pass_number != 1:
        text += f", pass {event.pass_number}"
    if event.effective_at != event.occurred_at:
        text += f", from {event.effective_at:%Y-%m-%d}"
    return text
