"""The stays of a history and the figures of the funnel, computed as plainly as possible.

No batches, no counts, no SQL: the state after each event comes from `evolve`, and every figure is a
loop over all stays. Projections must give the same results.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from domain.event import Event, Subject
from domain.lead.evolve import evolve
from domain.lead.state import INITIAL_ACCOUNT, INITIAL_LEAD, AccountState, LeadState
from domain.lead.stays import Stays, restored
from domain.lifecycle.definition import UNPLACED, Lifecycle, SubjectKind, Track
from projections.funnel.figures import (
    Breakdown,
    FlowPart,
    FunnelPart,
    StageFigures,
    StageFlow,
)


@dataclass
class HandStay:
    """One stay, as known after some events."""

    subject: Subject
    pass_number: int
    stage: str
    is_first: bool
    entered_at: datetime
    origin: str | None
    channel: str | None
    month: str
    acquired: str | None = None
    left_at: datetime | None = None
    exit_kind: str | None = None
    traits: list[tuple[datetime, dict[str, str | None]]] = field(default_factory=list)
    """Its traits at the entry, and after each change."""

    def trait(self, name: str, moment: datetime) -> str | None:
        """Return a trait as it was at a moment, which is not before the entry."""
        return [traits for at, traits in self.traits if at <= moment][-1].get(name)

    def value(self, breakdown: Breakdown) -> str | None:
        values = {
            Breakdown.NONE: "",
            Breakdown.ORIGIN: self.origin,
            Breakdown.CHANNEL: self.channel,
            Breakdown.MONTH: self.month,
        }
        return values[breakdown] or None

    def stands(self, as_of: datetime | None) -> bool:
        if as_of is None:
            return self.left_at is None
        return self.entered_at <= as_of and (self.left_at is None or as_of < self.left_at)


def stays_after(events: Iterable[Event], zone: ZoneInfo) -> list[HandStay]:
    """Return the stays as known after these events."""
    states: dict[Subject, LeadState | AccountState] = {}
    open_stays: dict[Subject, HandStay] = {}
    stays: list[HandStay] = []
    traits: dict[Subject, dict[str, str | None]] = {}
    for event in events:
        subject = event.receiver
        if subject.kind is SubjectKind.LEDGER:
            continue
        initial = INITIAL_LEAD if subject.kind is SubjectKind.LEAD else INITIAL_ACCOUNT
        before = states.get(subject, initial)
        state = states[subject] = _evolved(before, event)
        if "stays" in event.effects:
            stays = [one for one in stays if one.subject != subject]
            open_stays.pop(subject, None)
            acquired_at = getattr(state, "acquired_at", None)
            restated = _restated(subject, restored(event.effects), acquired_at, zone)
            stays += restated
            traits[subject] = dict(restated[-1].traits[-1][1]) if restated else {}
            if restated and restated[-1].left_at is None:
                open_stays[subject] = restated[-1]
            continue
        is_absorbed = event.effects.get("absorbed_by") is not None
        happened_at = event.effective_at or event.occurred_at
        stay = open_stays.get(subject)
        if stay is not None and (is_absorbed or event.stage_to is not None):
            stay.left_at = max(stay.entered_at, happened_at)
            stay.exit_kind = event.effects["move"]["kind"]
            del open_stays[subject]
        # A company is in no stage until something places it; a lead is unplaced until then.
        begins = subject.kind is SubjectKind.LEAD or event.stage_to is not None
        begins_anew = stay is None
        if begins and not is_absorbed and subject not in open_stays:
            is_new_pass = state.pass_number != before.pass_number
            local = happened_at.astimezone(zone)
            stay = open_stays[subject] = HandStay(
                subject,
                state.pass_number,
                event.stage_to or UNPLACED,
                is_new_pass or event.stage_to not in before.entered,
                happened_at,
                getattr(state, "origin", None),
                getattr(state, "channel", None),
                f"{local:%Y-%m}",
                _month(getattr(state, "acquired_at", None), zone),
            )
            stays.append(stay)
            own = {} if begins_anew else traits.get(subject, {})
            traits[subject] = _traits(own, event, state, enters=True, is_new_pass=is_new_pass)
            stay.traits = [(stay.entered_at, traits[subject])]
        elif subject in open_stays:
            stay = open_stays[subject]
            traits[subject] = _traits(traits[subject], event, state)
            if _without_nulls(traits[subject]) != _without_nulls(stay.traits[-1][1]):
                stay.traits.append((max(stay.traits[-1][0], happened_at), traits[subject]))
    return stays


def _traits(
    before: dict[str, str | None],
    event: Event,
    state: LeadState | AccountState,
    *,
    enters: bool = False,
    is_new_pass: bool = False,
) -> dict[str, str | None]:
    """Return the traits after an event: what the state says, and what brought the lead there."""
    after = dict(before)
    if isinstance(state, AccountState):
        own = event.effects
        after |= {name: own[name] for name in ("segment", "key_role", "owner") if name in own}
    else:
        for name in ("owner", "market", "priority", "account", "business", "reseller"):
            after[name] = getattr(state, name)
        after["screened_as"] = state.screened_as
        after["region"] = state.attributes.get("region")
        if is_new_pass:
            after |= {"campaign": None, "product": None}
        if "channel" in event.effects:
            after["campaign"] = event.data.get("campaign")
        after["product"] = event.data.get("product", after.get("product"))
        if event.effects.get("known") and not after.get("acquired_by"):
            after["acquired_by"] = event.type
        if "dormant" in event.effects.get("timers", {}):
            after["silence"] = None
        if event.type == "lead.dormant":
            after["silence"] = "dormant"
    if enters:
        is_automatic = event.cause is not None
        after |= {"entered_by": "automatic" if is_automatic else event.type, "silence": None}
    return after


def _without_nulls(traits: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in traits.items() if value}


def _month(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return f"{moment.astimezone(zone):%Y-%m}" if moment is not None else None


def _restated(
    subject: Subject, restated: Stays, acquired_at: datetime | None, zone: ZoneInfo
) -> list[HandStay]:
    """Yield the stays in a restatement, one after another."""
    stays: list[HandStay] = []
    for stay in restated.stays:
        if stays:
            stays[-1].left_at = max(stays[-1].entered_at, stay.entered_at)
            stays[-1].exit_kind = stay.kind
        seen = {(one.pass_number, one.stage) for one in stays}
        traits = {**(stays[-1].traits[-1][1] if stays else {}), **stay.traits}
        history = [(stay.entered_at, traits)]
        for at, _, changes in stay.changes:
            traits = {**traits, **changes}
            history.append((max(at, history[-1][0]), traits))
        local = stay.entered_at.astimezone(zone)
        stays.append(
            HandStay(
                subject,
                stay.pass_number,
                stay.stage,
                (stay.pass_number, stay.stage) not in seen,
                stay.entered_at,
                stay.origin,
                stay.channel,
                f"{local:%Y-%m}",
                _month(acquired_at, zone)
                if acquired_at is not None and acquired_at <= stay.entered_at
                else None,
                traits=history,
            )
        )
    if restated.left is not None:
        stays[-1].left_at = max(stays[-1].entered_at, restated.left.at)
        stays[-1].exit_kind = "absorbed"
    return stays


def _evolved(state: LeadState | AccountState, event: Event) -> LeadState | AccountState:
    match state:
        case LeadState():
            return evolve(state, event)
        case AccountState():
            return evolve(state, event)


def funnel_by_hand(
    stays: Sequence[HandStay], lifecycle: Lifecycle, breakdown: Breakdown, as_of: datetime | None
) -> tuple[FunnelPart, tuple[FunnelPart, ...]]:
    known = [stay for stay in stays if as_of is None or stay.entered_at <= as_of]
    total = _funnel_part(known, lifecycle, lambda _: True, as_of, None)
    parts = tuple(
        _funnel_part(known, lifecycle, _has(breakdown, value), as_of, value)
        for value in _values(known, breakdown)
    )
    return total, parts


def flow_by_hand(
    stays: Sequence[HandStay],
    lifecycle: Lifecycle,
    breakdown: Breakdown,
    since: datetime,
    until: datetime,
) -> tuple[FlowPart, tuple[FlowPart, ...]]:
    known = [stay for stay in stays if stay.entered_at < until]
    total = _flow_part(known, lifecycle, since, until, None)
    parts = tuple(
        _flow_part(
            [one for one in known if one.value(breakdown) == value], lifecycle, since, until, value
        )
        for value in _values(known, breakdown)
    )
    return total, parts


def _values(stays: Iterable[HandStay], breakdown: Breakdown) -> list[str | None]:
    if breakdown is Breakdown.NONE:
        return []
    return sorted(
        {stay.value(breakdown) for stay in stays}, key=lambda one: (one is None, one or "")
    )


def _has(breakdown: Breakdown, value: str | None) -> Callable[[HandStay], bool]:
    return lambda stay: stay.value(breakdown) == value


def _funnel_part(
    stays: Sequence[HandStay],
    lifecycle: Lifecycle,
    counts: Callable[[HandStay], bool],
    as_of: datetime | None,
    value: str | None,
) -> FunnelPart:
    figures = {}
    unplaced = {}
    for track in (lifecycle.lead, lifecycle.account):
        own = [stay for stay in stays if stay.subject.kind is track.subject]
        figures[track.subject] = tuple(
            _stage_figures(own, track, stage, counts, as_of) for stage in _stages(track)
        )
        unplaced[track.subject] = sum(
            stay.stage == UNPLACED and stay.stands(as_of) and counts(stay) for stay in own
        )
    lead, account = SubjectKind.LEAD, SubjectKind.ACCOUNT
    return FunnelPart(value, figures[lead], unplaced[lead], figures[account], unplaced[account])


def _stages(track: Track) -> list[str]:
    return [*track.path, *(stage for stage in track.stages if stage not in track.path)]


def _stage_figures(
    stays: Sequence[HandStay],
    track: Track,
    stage: str,
    counts: Callable[[HandStay], bool],
    as_of: datetime | None,
) -> StageFigures:
    here = [stay for stay in stays if stay.stage == stage]
    beyond = track.path[track.path.index(stage) :] if stage in track.path else (stage,)
    first: dict[tuple[Subject, int], HandStay] = {}
    for one in stays:
        if one.stage in beyond:
            first.setdefault((one.subject, one.pass_number), one)
    return StageFigures(
        stage,
        standing=sum(stay.stands(as_of) and counts(stay) for stay in here),
        entered=sum(stay.is_first and counts(stay) for stay in here),
        reached=sum(counts(one) for one in first.values()),
    )


def _flow_part(
    stays: Sequence[HandStay],
    lifecycle: Lifecycle,
    since: datetime,
    until: datetime,
    value: str | None,
) -> FlowPart:
    leads, accounts = (
        tuple(
            _stage_flow(
                [
                    stay
                    for stay in stays
                    if stay.subject.kind is track.subject and stay.stage == stage
                ],
                stage,
                since,
                until,
            )
            for stage in (UNPLACED, *_stages(track))
        )
        for track in (lifecycle.lead, lifecycle.account)
    )
    return FlowPart(value, leads, accounts)


def _stage_flow(
    stays: Sequence[HandStay], stage: str, since: datetime, until: datetime
) -> StageFlow:
    never = datetime.max.replace(tzinfo=UTC)
    exits: dict[str, int] = {}
    for one in stays:
        if one.exit_kind is not None and since <= (one.left_at or never) < until:
            exits[one.exit_kind] = exits.get(one.exit_kind, 0) + 1
    entered = [stay for stay in stays if since <= stay.entered_at < until]
    return StageFlow(
        stage,
        before=sum(stay.entered_at < since <= (stay.left_at or never) for stay in stays),
        entries=sum(stay.is_first for stay in entered),
        reentries=sum(not stay.is_first for stay in entered),
        exits=dict(sorted(exits.items())),
        after=sum(stay.entered_at < until <= (stay.left_at or never) for stay in stays),
    )
