"""Turn outcomes into responses: the outcome of each event, in JSON and as a status."""

from collections.abc import Sequence

import orjson

from events.outcomes import Derived, Duplicate, Moved, Outcome, Recorded
from events.refusals import Refused
from events.submission import Item
from service.http.answer import Answer
from service.http.problem import KINDS, MEDIA_TYPE, kind_of, of_refusal
from service.ingest.labels import Wording, in_words
from service.limits import RETRY_AFTER_S
from service.shapes import reports as shapes
from service.shapes.shape import Moved as MovedShape

_COME_AGAIN = ((b"retry-after", b"%d" % RETRY_AFTER_S),)


def describe_outcome(outcome: Outcome, words: Wording | None = None) -> shapes.ReportedEvent:
    """Describe the outcome of one event, with labels if they are asked for."""
    if isinstance(outcome, Recorded):
        return _recorded(outcome)
    if isinstance(outcome, Duplicate):
        return {
            "status": "duplicate",
            "position": str(outcome.position),
            "leaf": outcome.leaf.hex(),
        }
    refusal = in_words(outcome.refusal, outcome.type, words)
    content: shapes.Refused = {"status": "refused", "problem": of_refusal(refusal)}
    if outcome.is_kept:
        content["refusal"] = outcome.refusal_id
    return content


def answer_one(outcome: Outcome, words: Wording | None = None) -> Answer:
    """Answer a request that was one event."""
    if not isinstance(outcome, Refused):
        status = 201 if isinstance(outcome, Recorded) else 200
        return Answer(status, orjson.dumps(describe_outcome(outcome)))
    problem = of_refusal(in_words(outcome.refusal, outcome.type, words))
    if outcome.is_kept:
        problem["refusal"] = outcome.refusal_id
    status = kind_of(outcome.refusal.reason).status
    return Answer(
        status,
        orjson.dumps(problem, default=str),
        media_type=MEDIA_TYPE,
        headers=_COME_AGAIN if status == KINDS["event-not-comparable"].status else (),
    )


class BatchAnswer:
    """The answer to a batch, item by item, in order. A class, because it grows as they settle.

    It is kept as the bytes to be sent: the outcomes themselves would take several times as much.
    """

    def __init__(self, words: Wording | None = None) -> None:
        self._words = words
        self._parts: list[bytes] = []
        self._status = 200

    def add(self, outcomes: Sequence[Outcome]) -> int:
        """Add some outcomes; return the bytes that they take."""
        if not outcomes:
            return 0
        if any(isinstance(outcome, Refused) for outcome in outcomes):
            self._status = 207
        items = [describe_outcome(outcome, self._words) for outcome in outcomes]
        part = orjson.dumps(items, default=str)[1:-1]
        self._parts.append(part)
        return len(part)

    def finish(self, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
        body = b'{"items":[' + b",".join(self._parts) + b"]}"
        return Answer(self._status, body, headers=headers)


class ResultsAnswer:
    """The outcome of each message, by its client's id. A class, because it grows.

    A refused message is kept here, so the client should drop it, and give its user the reason. A
    message without an id cannot be reported, and each id is reported once: as refused, if any of
    its messages is.
    """

    def __init__(self) -> None:
        self._results: dict[str, bytes] = {}
        self._headers: tuple[tuple[bytes, bytes], ...] = ()

    def add(self, items: Sequence[Item | Refused], outcomes: Sequence[Outcome]) -> int:
        """Add some outcomes; return the bytes that they take."""
        added = 0
        for item, outcome in zip(items, outcomes, strict=True):
            id = item.signal.id if isinstance(item, Item) else item.event_id
            if id is not None and (id not in self._results or isinstance(outcome, Refused)):
                part = orjson.dumps({id: self._result(outcome)})[1:-1]
                added += len(part) - len(self._results.get(id, b""))
                self._results[id] = part
        return added

    def finish(self) -> Answer:
        body = b'{"results":{' + b",".join(self._results.values()) + b"}}"
        return Answer(200, body, headers=self._headers)

    def _result(self, outcome: Outcome) -> shapes.CaptureResult:
        if not isinstance(outcome, Refused):
            return {"result": "ok"}
        refusal, kept = outcome.refusal, ""
        if kind_of(refusal.reason).status == KINDS["event-not-comparable"].status:
            self._headers = _COME_AGAIN
            return {"result": "retry", "details": refusal.detail}
        if outcome.is_kept:
            kept = f" It is kept as refusal {outcome.refusal_id}."
        return {"result": "drop", "details": f"{refusal.reason}: {refusal.detail}{kept}"}


def _recorded(outcome: Recorded) -> shapes.Recorded:
    content: shapes.Recorded = {
        "status": "recorded",
        "position": str(outcome.position),
        "leaf": outcome.leaf.hex(),
        "subject": outcome.subject,
        "stage": outcome.stage,
    }
    if outcome.is_late:
        content["late"] = True
    else:
        content["derived"] = [_derived(derived) for derived in outcome.derived]
    if outcome.is_pending:
        content["restatement"] = "pending"
    if outcome.restated is not None:
        content["restated"] = str(outcome.restated)
    if outcome.lead is not None and not outcome.subject.endswith(outcome.lead):
        content["forwarded_to"] = f"lead/{outcome.lead}"
    if outcome.moved is not None:
        content["moved"] = _moved(outcome.moved)
    if outcome.is_already:
        content["already"] = True
    if outcome.ignored:
        content["ignored"] = [
            {"kind": ignored.kind, "reason": ignored.reason} for ignored in outcome.ignored
        ]
    return content


def _derived(derived: Derived) -> shapes.Derived:
    content: shapes.Derived = {
        "type": derived.type,
        "position": str(derived.position),
        "subject": derived.subject,
    }
    if derived.moved is not None:
        content["moved"] = _moved(derived.moved)
    return content


def _moved(moved: Moved) -> MovedShape:
    return {"from": moved.stage_from, "to": moved.stage_to}
