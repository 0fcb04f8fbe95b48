"""Make the ledger match a table whose rows have changed since they were imported.

The service reports how each event differs from what is recorded under its id. Data and time are
corrected; an event of another type or about another person is voided, and reported again under the
next id. The ids of what is sent derive from the first one, so revising again changes nothing and
continues where it was interrupted. What a person voided or corrected by hand stays as it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from domain.lifecycle.service_events import CORRECTED, EVENT, FIELDS, VOIDED
from service.command.client import Service
from service.command.exits import CommandFailed, Exit
from service.command.limits import REVISED_REPORTS_MAX, SENT_BATCH_EVENTS_MAX
from service.command.sending import Deliver, RowBatch
from service.ingest.revisions import correction_id, report_id, void_id
from service.limits import COMPARED_EVENTS_MAX

Event = Mapping[str, Any]


class _Found(NamedTuple):
    """The newest report of a row: its number, and how it differs."""

    number: int
    answer: Mapping[str, Any]


class _Step(NamedTuple):
    """One event to send: for which event of the batch, and its effect."""

    of: int
    does: str
    event: Event


def revising(service: Service, *, compress: bool) -> Deliver:
    """Return a function that revises a batch."""

    def deliver(batch: RowBatch) -> Mapping[str, Any]:
        found = _newest_reports(service, batch.events)
        steps = [
            step
            for index, event in enumerate(batch.events)
            for step in _steps(index, event, found[index])
        ]
        answer = _sent(service, batch, steps, compress=compress)
        for newest in found:
            name = _untouched(newest.answer)
            if name is not None:
                answer["revised"][name] += 1
        return answer

    return deliver


def _newest_reports(service: Service, events: Sequence[Event]) -> list[_Found]:
    """Find the newest report of each event, after those that revisions voided."""
    found: dict[int, _Found] = {}
    waiting = list(range(len(events)))
    for number in range(1, REVISED_REPORTS_MAX + 1):
        asked = [_as_report(events[index], number) for index in waiting]
        answers = list(_compared(service, asked))
        found |= {
            index: _Found(number, answer) for index, answer in zip(waiting, answers, strict=True)
        }
        waiting = [index for index in waiting if _goes_on(found[index].answer)]
        if not waiting:
            return [found[index] for index in range(len(events))]
    raise CommandFailed(
        Exit.ANSWERED_NO,
        f"{events[waiting[0]]['id']} has been reported {REVISED_REPORTS_MAX} times, the maximum "
        "for a revision; report it under another id",
    )


def _compared(service: Service, events: Sequence[Event]) -> Iterator[dict[str, Any]]:
    for start in range(0, len(events), COMPARED_EVENTS_MAX):
        yield from service.compare(events[start : start + COMPARED_EVENTS_MAX])


def _goes_on(answer: Mapping[str, Any]) -> bool:
    return answer["status"] == "voided" and bool(answer["by_revision"])


def _steps(index: int, event: Event, found: _Found) -> list[_Step]:
    """Return what must be sent so that the newest report matches the event."""
    number, answer = found
    if answer["status"] in ("unknown", "refused"):
        # Events that would be refused are sent anyway, so that the service keeps them.
        return [_Step(index, "recorded" if number == 1 else "replaced", _as_report(event, number))]
    if _untouched(answer) is not None:
        return []
    position, id = answer["position"], report_id(event["id"], number)
    source = {"source": event["source"]} if "source" in event else {}
    if not {"type", "person"} & set(answer["differs"]):
        data = {EVENT: position, FIELDS: answer["fields"]}
        name = correction_id(id, answer["corrections"] + 1)
        return [_Step(index, "corrected", {"id": name, **source, "type": CORRECTED, "data": data})]
    void = {"id": void_id(id), **source, "type": VOIDED, "data": {EVENT: position}}
    return [
        _Step(index, "", void),
        _Step(index, "replaced", _as_report(event, number + 1)),
    ]


def _untouched(answer: Mapping[str, Any]) -> str | None:
    """Return why nothing is sent: the record is right, or it is not ours to revise."""
    if answer["status"] in ("voided", "erased"):
        return "left"
    return "unchanged" if answer.get("differs") == [] else None


def _sent(
    service: Service, batch: RowBatch, steps: Sequence[_Step], *, compress: bool
) -> dict[str, Any]:
    """Send the steps, and answer as `POST /v1/events` would for the batch."""
    refusals: list[dict[str, Any]] = []
    for start in range(0, len(steps), SENT_BATCH_EVENTS_MAX):
        part = steps[start : start + SENT_BATCH_EVENTS_MAX]
        lines = tuple(batch.lines[step.of] for step in part)
        body = RowBatch(lines, tuple(step.event for step in part)).body
        answer = service.post_lines(body, compress=compress)
        refusals += [{**refusal, "line": refusal["line"] + start} for refusal in answer["refusals"]]
    failed = {refusal["line"] - 1 for refusal in refusals}
    done = [step.does for number, step in enumerate(steps) if number not in failed]
    return {
        "recorded": done.count("recorded"),
        "duplicates": 0,
        "refused": len(refusals),
        "refusals": [
            {**refusal, "line": steps[refusal["line"] - 1].of + 1} for refusal in refusals
        ],
        "revised": {
            "unchanged": 0,
            "corrected": done.count("corrected"),
            "replaced": done.count("replaced"),
            "left": 0,
        },
    }


def _as_report(event: Event, number: int) -> Event:
    return {**event, "id": report_id(event["id"], number)}
