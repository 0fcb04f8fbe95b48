import orjson
import pytest

from events import refusal_texts
from events.refusals import NOT_KEPT, Refusal
from service.http.problem import KINDS, Problem, kind_of, of_refusal


def test_a_problem_has_the_standard_members_and_those_that_clients_look_for() -> None:
    problem = Problem("event-invalid", "A time is RFC 3339.", pointer="/time", expected="a time")
    assert orjson.loads(problem.body) == {
        "type": "urn:leadledger:problem:event-invalid",
        "title": "The event is not valid",
        "status": 422,
        "detail": "A time is RFC 3339.",
        "code": "event-invalid",
        "message": "A time is RFC 3339.",
        "pointer": "/time",
        "expected": "a time",
    }


def test_a_member_never_takes_the_place_of_a_standard_one() -> None:
    refusal = Refusal("move-not-allowed", "Not from here.", None, {"status": "x", "stage": "ML"})
    described = dict(of_refusal(refusal))
    assert (described["status"], described["stage"]) == (409, "ML")


@pytest.mark.parametrize("reason", ["queue-full", "ledger-unavailable", "not-ready"])
def test_what_is_our_own_fault_says_when_to_come_again(reason: str) -> None:
    assert Problem(reason, "later").headers == {"retry-after": "2"}


def test_what_is_the_senders_fault_does_not_ask_for_a_repetition() -> None:
    assert Problem("event-invalid", "wrong").headers == {}


def test_every_refusal_of_the_ledger_has_a_row_in_the_table() -> None:
    reasons = {
        refusal_texts.reused(1).reason,
        refusal_texts.lead_unknown().reason,
        refusal_texts.account_unknown().reason,
        refusal_texts.not_storable().reason,
        *NOT_KEPT,
    }
    assert reasons <= set(KINDS)


def test_a_reason_that_only_the_domain_knows_is_unprocessable() -> None:
    assert kind_of("weather-too-bad").status == 422
