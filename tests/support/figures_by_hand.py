"""Every figure about stages, computed as plainly as possible from the stays of a history.

No SQL and no shared predicates: a figure is a loop over stays, and a cell holds what counts there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from domain.lifecycle.definition import UNPLACED, Lifecycle, MoveKind, SubjectKind, Track
from projections.figures.question import BETWEEN_VALUES, Dimension, FigureUnit, Question, RowKey
from tests.support.stays_by_hand import HandStay

AT_THE_MOMENT = ("stock", "ageing")
IN_CHARGE = {
    **dict.fromkeys(("AL", "PL"), "public_relations"),
    **dict.fromkeys(("ML", "MAL", "PROSPECT"), "marketing"),
    **dict.fromkeys(("MQL", "SAL"), "inside_sales"),
    **dict.fromkeys(("SQL", "OPP", "C", "KC", "KA"), "field_sales"),
    "WON": "customer_success",
}
SIDES = {
    "marketing-digital": "marketing",
    "marketing-offline": "marketing",
    "sales-direct": "sales",
    "reseller": "sales",
}
COLUMNS = {
    "marketing-digital": "online",
    "marketing-offline": "offline",
    "sales-direct": "direct",
    "reseller": "resellers",
    "referral": "referral",
    "unknown": "unknown",
    "": "unknown",
}
NEVER = datetime.max.replace(tzinfo=UTC)


class HandCell(NamedTuple):
    row: RowKey
    measure: str
    value: str


class HandMember(NamedTuple):
    subject_id: str
    pass_number: int
    at: datetime


Cells = Mapping[HandCell, list[HandMember]]
Counts = Iterator[tuple[RowKey, str, HandStay]]
Stays = Sequence[HandStay]


def cells_by_hand(name: str, stays: Stays, lifecycle: Lifecycle, question: Question) -> Cells:
    """Return the members of every cell that has any."""
    cells: defaultdict[HandCell, list[HandMember]] = defaultdict(list)
    known = [stay for stay in stays if stay.entered_at <= question.as_of]
    for row, measure, stay in BY_HAND[name](known, lifecycle, question):
        member = HandMember(stay.subject.id, stay.pass_number, stay.entered_at)
        moment = question.as_of if name in AT_THE_MOMENT else stay.entered_at
        value = BETWEEN_VALUES.join(_value(stay, one, moment) for one in question.by)
        cells[HandCell(row, measure, value)].append(member)
    return {cell: sorted(members) for cell, members in cells.items()}


def _value(stay: HandStay, dimension: Dimension, moment: datetime) -> str:
    values = {
        Dimension.ORIGIN: stay.origin,
        Dimension.CHANNEL: stay.channel,
        Dimension.MONTH: stay.month,
        Dimension.ACQUIRED: stay.acquired,
        Dimension.JOURNEY: str(stay.pass_number),
        Dimension.SIDE: SIDES.get(stay.origin or "", stay.origin),
        Dimension.DEPARTMENT: IN_CHARGE.get(stay.stage),
    }
    if dimension not in values:
        return stay.trait(str(dimension), moment) or ""
    return values[dimension] or ""


def _left_at(stay: HandStay, question: Question) -> datetime:
    """Return when a stay ended, if it had by then."""
    if stay.left_at is None or stay.left_at > question.as_of:
        return NEVER
    return stay.left_at


def _row(stay: HandStay, name: str | None = None) -> RowKey:
    return RowKey(stay.subject.kind, name or stay.stage)


def beyond(track: Track, stage: str) -> Sequence[str]:
    return track.path[track.path.index(stage) :] if stage in track.path else (stage,)


def track_of(lifecycle: Lifecycle, kind: SubjectKind) -> Track:
    return lifecycle.lead if kind is SubjectKind.LEAD else lifecycle.account


def _unit_of(stay: HandStay, question: Question, moment: datetime) -> tuple[str, int] | None:
    """Return what counts once: a pass, a person or a company; None if it is not known."""
    if question.unit is FigureUnit.JOURNEY:
        return stay.subject.id, stay.pass_number
    if question.unit is FigureUnit.PERSON or stay.subject.kind is SubjectKind.ACCOUNT:
        return stay.subject.id, 0
    company = stay.trait("account", moment)
    return (company, 0) if company else None


def stock(stays: Stays, lifecycle: Lifecycle, question: Question) -> Counts:
    counts = list(_stock_of_passes(stays, lifecycle, question))
    if question.unit is FigureUnit.JOURNEY:
        yield from counts
        return
    path, places = lifecycle.lead.path, {id(stay): place for place, stay in enumerate(stays)}

    def furthest_first(counted: tuple[RowKey, str, HandStay]) -> tuple[object, ...]:
        row, _, stay = counted
        rank = path.index(row.name) if row.name in path else -1
        return -rank, stay.entered_at, places[id(stay)]

    seen = set()
    for row, measure, stay in sorted(counts, key=furthest_first):
        unit = _unit_of(stay, question, question.as_of)
        alone_in = None if measure == "standing" else row
        if unit is not None and (row.track, measure, alone_in, unit) not in seen:
            seen.add((row.track, measure, alone_in, unit))
            yield row, measure, stay


def _stock_of_passes(stays: Stays, lifecycle: Lifecycle, question: Question) -> Counts:
    for stay in stays:
        if _left_at(stay, question) is NEVER:
            yield _row(stay), "standing", stay
        if stay.is_first and stay.stage != UNPLACED:
            yield _row(stay), "entered", stay
    for kind in (SubjectKind.LEAD, SubjectKind.ACCOUNT):
        track = track_of(lifecycle, kind)
        for stage in track.stages:
            reached = set()
            for stay in stays:
                one = (stay.subject, stay.pass_number)
                is_there = stay.stage in beyond(track, stage) and stay.subject.kind is kind
                if is_there and one not in reached:
                    reached.add(one)
                    yield _row(stay, stage), "reached", stay


def flow(stays: Stays, _: Lifecycle, question: Question) -> Counts:
    since, until = question.since, question.until
    for stay in stays:
        left_at = _left_at(stay, question)
        if (until is not None and stay.entered_at >= until) or (since and left_at < since):
            continue
        if since is not None and stay.entered_at < since:
            yield _row(stay), "before", stay
        elif not stay.is_first:
            yield _row(stay), "again", stay
        else:
            yield _row(stay), "first" if stay.pass_number == 1 else "later", stay
        if left_at is NEVER or (until is not None and left_at >= until):
            yield _row(stay), "after", stay
        else:
            yield _row(stay), f"left_{stay.exit_kind}", stay


def _passes(stays: Stays, kind: SubjectKind) -> dict[tuple[str, int], dict[str, HandStay]]:
    """Return the first stay of each pass in each of its stages, in order of time."""
    passes: defaultdict[tuple[str, int], dict[str, HandStay]] = defaultdict(dict)
    for stay in stays:
        if stay.is_first and stay.subject.kind is kind:
            passes[stay.subject.id, stay.pass_number].setdefault(stay.stage, stay)
    return passes


def _is_in_period(stay: HandStay, question: Question) -> bool:
    return _is_within(stay.entered_at, question)


def _is_within(moment: datetime, question: Question) -> bool:
    since, until = question.since, question.until
    return (since is None or moment >= since) and (until is None or moment < until)


def _cohort_track(lifecycle: Lifecycle, question: Question) -> Track:
    is_lead = question.base in lifecycle.lead.stages
    return lifecycle.lead if is_lead else lifecycle.account


def conversion(stays: Stays, lifecycle: Lifecycle, question: Question) -> Counts:
    track = _cohort_track(lifecycle, question)
    for base, entered in _followed(stays, track, question):
        is_mature = base.entered_at + question.within <= question.as_of
        hits = {}
        for row, targets in (
            ("reach", beyond(track, question.target)),
            ("enter", (question.target,)),
        ):
            waits = [one.entered_at - base.entered_at for one in entered if one.stage in targets]
            hits[row] = any(timedelta() <= wait <= question.within for wait in waits)
        for row, is_hit in hits.items():
            counts = {
                "base": True,
                "mature": is_mature,
                "immature": not is_mature,
                "so_far": is_hit,
                "hits": is_hit and is_mature,
                "possible": not is_hit and not is_mature,
                "passed_over": is_hit and is_mature and not hits["enter"],
            }
            for measure, holds in counts.items():
                if holds:
                    yield _row(base, row), measure, base


def _followed(
    stays: Stays, track: Track, question: Question
) -> Iterator[tuple[HandStay, list[HandStay]]]:
    """Return each unit's first entry into the base stage in the period, and all its entries."""
    entered = _entered(stays, track, question)
    for own in entered.values():
        bases = [one for one in own if one.stage == question.base and _is_in_period(one, question)]
        if bases:
            yield min(bases, key=lambda stay: stay.entered_at), own


def _entered(
    stays: Stays, track: Track, question: Question
) -> Mapping[tuple[str, int], list[HandStay]]:
    """Return the first entries of the passes of each unit."""
    entered: defaultdict[tuple[str, int], list[HandStay]] = defaultdict(list)
    for stay in stays:
        unit = _unit_of(stay, question, stay.entered_at)
        if stay.is_first and stay.subject.kind is track.subject and unit is not None:
            entered[unit].append(stay)
    return entered


def cohort_yield(stays: Stays, lifecycle: Lifecycle, question: Question) -> Counts:
    track = _cohort_track(lifecycle, question)
    path = beyond(track, question.base)
    firsts = [stay for stay in stays if stay.pass_number == 1]
    for entered in _entered(firsts, track, question).values():
        begun = [stay for stay in entered if stay.stage in path]
        base = min(begun, key=lambda stay: stay.entered_at, default=None)
        if base is None or not _is_in_period(base, question):
            continue
        ends = base.entered_at + question.within
        for stage in beyond(track, question.base):
            later = beyond(track, stage)
            if any(one.stage in later and one.entered_at <= ends for one in begun):
                yield _row(base, stage), "reached" if ends <= question.as_of else "early", base


def fates(stays: Stays, lifecycle: Lifecycle, question: Question) -> Counts:
    track = _cohort_track(lifecycle, question)
    targets = beyond(track, question.target)
    for one, entered in _passes(stays, track.subject).items():
        base = entered.get(question.base)
        if base is None or not _is_in_period(base, question):
            continue
        own = [stay for stay in stays if (stay.subject.id, stay.pass_number) == one]
        later = [stay for stay in entered.values() if stay.entered_at >= base.entered_at]
        ends = track.stages[own[-1].stage].ends
        if any(stay.stage in targets for stay in later):
            fate = "converted"
        elif ends in (MoveKind.DISQUALIFIED, MoveKind.LOST):
            fate = str(ends)
        elif _left_at(own[-1], question) is NEVER:
            fate = "open"
        else:
            kind = own[-1].exit_kind
            fate = {"absorbed": "absorbed", "corrected": "corrected", "restated": "corrected"}.get(
                kind or "", "recycled"
            )
        yield _row(base, "base"), "passes", base
        yield _row(base, fate), "passes", base


def revival(stays: Stays, lifecycle: Lifecycle, question: Question) -> Counts:
    assert lifecycle.pace.dormancy is not None
    since = question.since or question.as_of - timedelta(days=30)
    until = question.until or NEVER
    for stay in stays:
        left_at = _left_at(stay, question)
        before = [one for one in stay.traits[1:] if one[0] < since]
        if left_at < since or not before or not before[-1][1].get("silence"):
            continue
        woken = [
            at
            for at, traits in stay.traits[1 + len(before) :]
            if not traits.get("silence") and at <= question.as_of
        ]
        own = [one for one in stays if one.subject == stay.subject]
        later = own[own.index(stay) + 1 :]
        entered_by = later[0].traits[0][1].get("entered_by") if later and left_at < NEVER else None
        if woken:
            answer = "revived" if woken[0] < until else "silent"
        elif left_at >= until:
            answer = "silent"
        else:
            answer = "revived" if entered_by in lifecycle.pace.dormancy.activity else "moved"
        yield _row(stay, "all"), answer, stay
        yield _row(stay), answer, stay


def funnel_by_side(stays: Stays, _: Lifecycle, question: Question) -> Counts:
    for stay in stays:
        is_of_the_path = stay.stage in ("ML", "MAL", "MQL", "SAL", "SQL", "OPP", "WON")
        if stay.is_first and is_of_the_path and _is_in_period(stay, question):
            yield _row(stay), COLUMNS.get(stay.origin or "", "other"), stay


def merges(stays: Stays, lifecycle: Lifecycle, question: Question) -> Counts:
    since, until = question.since or datetime.min.replace(tzinfo=UTC), question.until or NEVER
    acquired = lifecycle.lead.entry[-1]
    for stay in stays:
        left_at = _left_at(stay, question)
        if stay.exit_kind == "absorbed" and left_at is not NEVER and since <= left_at < until:
            is_known = stay.stage not in (UNPLACED, *lifecycle.lead.entry[:-1])
            yield _row(stay, "merges"), "known" if is_known else "visitors", stay
        begins = stay.stage == acquired and stay.is_first and stay.pass_number == 1
        if begins and since <= stay.entered_at < until:
            yield _row(stay, "merges"), "acquired", stay


def customers(stays: Stays, _: Lifecycle, question: Question) -> Counts:
    companies: defaultdict[str, list[HandStay]] = defaultdict(list)
    for stay in stays:
        if stay.subject.kind is SubjectKind.ACCOUNT and stay.stage != UNPLACED:
            companies[stay.subject.id].append(stay)
    for own in companies.values():
        for place, stay in enumerate(own):
            for measure in _of_customer(own, place, question):
                yield _row(stay, "customers"), measure, stay


def _of_customer(own: Stays, place: int, question: Question) -> Iterator[str]:
    since, until = question.since or datetime.min.replace(tzinfo=UTC), question.until or NEVER
    stay, left_at = own[place], _left_at(own[place], question)
    was, is_customer, will_be = (
        0 <= one < len(own) and own[one].stage in ("C", "KC", "KA")
        for one in (place - 1, place, place + 1)
    )
    enters, leaves = since <= stay.entered_at < until, since <= left_at < until
    if stay.entered_at < until <= left_at and left_at >= since:
        yield "companies"
        if is_customer:
            yield "after"
    if is_customer and stay.entered_at < min(since, until) and left_at >= since:
        yield "before"
    if is_customer and enters and not was:
        is_back = any(one.stage in ("C", "KC", "KA") for one in own[:place])
        yield "regained" if is_back else "new"
    if is_customer and stay.entered_at < until and leaves and not will_be:
        yield "merged" if stay.exit_kind == "absorbed" else "ended"


def period_ratio(stays: Stays, lifecycle: Lifecycle, question: Question) -> Counts:
    kind = _cohort_track(lifecycle, question).subject
    rows = (RowKey(kind, question.base), RowKey(kind, question.target))
    for row, measure, stay in flow(stays, lifecycle, question):
        if row in rows and measure in ("first", "again", "later"):
            yield row, measure, stay


def time_in_stage(stays: Stays, _: Lifecycle, question: Question) -> Counts:
    for stay in stays:
        left_at = _left_at(stay, question)
        if stay.stage == UNPLACED:
            continue
        if left_at is NEVER:
            yield _row(stay), "open", stay
        elif _is_within(left_at, question):
            yield _row(stay), "completed", stay


def lead_time(stays: Stays, lifecycle: Lifecycle, question: Question) -> Counts:
    track = _cohort_track(lifecycle, question)
    for one, entered in _passes(stays, track.subject).items():
        base = entered.get(question.base)
        if base is None:
            continue
        reached = _reached_at(base, entered, track, question)
        own = [stay for stay in stays if (stay.subject.id, stay.pass_number) == one]
        is_there = _left_at(own[-1], question) is NEVER and own[-1].stage in track.path
        if reached is None and is_there:
            yield _row(base, question.target), "open", base
        if reached is not None and _is_within(reached, question):
            yield _row(base, question.target), "completed", base


def usual_lengths(stays: Stays, question: Question) -> Mapping[RowKey, list[timedelta]]:
    """Return how long the stays that ended in the last year lasted, shortest first."""
    found: defaultdict[RowKey, list[timedelta]] = defaultdict(list)
    for stay in stays:
        left_at = _left_at(stay, question)
        if question.as_of - timedelta(days=365) <= left_at <= question.as_of:
            found[_row(stay)].append(left_at - stay.entered_at)
    return {row: sorted(lengths) for row, lengths in found.items()}


def percentile(lengths: Sequence[timedelta], percent: int) -> timedelta:
    return lengths[-(-len(lengths) * percent // 100) - 1]


def ageing(stays: Stays, _: Lifecycle, question: Question) -> Counts:
    usual = usual_lengths(stays, question)
    for stay in stays:
        if stay.stage == UNPLACED or _left_at(stay, question) is not NEVER:
            continue
        row, age = _row(stay), question.as_of - stay.entered_at
        if row not in usual:
            yield row, "unknown", stay
        elif age < percentile(usual[row], 50):
            yield row, "below_p50", stay
        elif age <= percentile(usual[row], 85):
            yield row, "to_p85", stay
        else:
            yield row, "to_p95" if age <= percentile(usual[row], 95) else "above", stay


def _reached_at(
    base: HandStay, entered: Mapping[str, HandStay], track: Track, question: Question
) -> datetime | None:
    targets = beyond(track, question.target)
    later = [
        stay.entered_at
        for stay in entered.values()
        if stay.stage in targets and stay.entered_at >= base.entered_at
    ]
    return min(later, default=None)


def lengths_by_hand(
    name: str, stays: Stays, lifecycle: Lifecycle, question: Question
) -> Mapping[tuple[RowKey, str], list[timedelta]]:
    """Return how long the members of each row and measure last, shortest first."""
    found: defaultdict[tuple[RowKey, str], list[timedelta]] = defaultdict(list)
    known = [stay for stay in stays if stay.entered_at <= question.as_of]
    if name == "ageing":
        usual = usual_lengths(known, question)
        return {(row, "completed"): lengths for row, lengths in usual.items()}
    for row, measure, stay in BY_HAND[name](known, lifecycle, question):
        ends = _left_at(stay, question)
        if name == "lead_time":
            track = _cohort_track(lifecycle, question)
            entered = _passes(known, track.subject)[stay.subject.id, stay.pass_number]
            ends = _reached_at(stay, entered, track, question) or NEVER
        found[row, measure].append(min(ends, question.as_of) - stay.entered_at)
    return {key: sorted(lengths) for key, lengths in found.items()}


BY_HAND: Mapping[str, Callable[[Stays, Lifecycle, Question], Counts]] = {
    "stock": stock,
    "flow": flow,
    "conversion": conversion,
    "yield": cohort_yield,
    "fates": fates,
    "revival": revival,
    "customers": customers,
    "merges": merges,
    "funnel_by_side": funnel_by_side,
    "period_ratio": period_ratio,
    "time_in_stage": time_in_stage,
    "lead_time": lead_time,
    "ageing": ageing,
}
