"""The result that a newer PostHog client gets for each event, in cases that rarely occur."""

import orjson

from events.outcomes import Duplicate, Outcome
from events.refusals import Refusal, Refused
from service.ingest.describe_outcomes import ResultsAnswer
from tests.support.stories import START


def refused(id: str | None, reason: str) -> Refused:
    return Refused(
        Refusal(reason, "Why."), "r-1", START, "key", "web", id, None, b"", None, "posthog"
    )


def answered(*refusals: Refused, outcomes: tuple[Outcome, ...] = ()) -> tuple[object, bool]:
    """Return the results, and whether the client is asked to retry."""
    reply = ResultsAnswer()
    added = reply.add(refusals, outcomes or refusals)
    answer = reply.finish()
    assert len(answer.body) >= added
    results = orjson.loads(answer.body)["results"]
    return results, any(name == b"retry-after" for name, _ in answer.raw_headers)


def test_what_cannot_be_compared_now_is_to_be_sent_again() -> None:
    assert answered(refused("one", "event-not-comparable")) == (
        {"one": {"result": "retry", "details": "Why."}},
        True,
    )


def test_what_is_refused_and_not_kept_names_no_refusal() -> None:
    assert answered(refused("one", "event-too-large")) == (
        {"one": {"result": "drop", "details": "event-too-large: Why."}},
        False,
    )


def test_an_id_is_reported_once_and_as_refused_if_any_of_its_events_is() -> None:
    one, other = refused("one", "event-too-large"), refused("one", "event-invalid")
    done = Duplicate(7, b"")
    results, _ = answered(one, other, one, outcomes=(done, other, done))
    assert results == {
        "one": {
            "result": "drop",
            "details": "event-invalid: Why. It is kept as refusal r-1.",
        }
    }
    assert answered(refused(None, "event-invalid")) == ({}, False)
