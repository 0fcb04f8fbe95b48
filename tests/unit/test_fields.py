"""An event's data, divided into what the record may hold and what it may not."""

import pytest

from domain.lifecycle.definition import EventType, Field
from events.refusals import Refusal
from events.signals.fields import Divided, coded, divide, mismatch, mismatch_as_recorded
from tests.support.stories import demand_funnel

SCREENING = demand_funnel().lifecycle.events["screening.completed"]
ATTEMPT = demand_funnel().lifecycle.events["screening.attempted"]
DEAL = demand_funnel().lifecycle.events["opportunity.created"]


A_CODE = "a code of up to 64 ASCII characters without outer spaces"


def test_declared_fields_are_parted_from_everything_else() -> None:
    data = {"class": "now", "note": "call again", "deep": {"x": [1]}, "channel": "phone"}
    assert divide(data, SCREENING) == Divided(
        {"class": "now", "channel": "phone"}, {"note": "call again", "deep": {"x": [1]}}
    )


def test_null_is_a_declared_field_left_out() -> None:
    assert divide({"class": "now", "channel": None, "note": None}, SCREENING) == Divided(
        {"class": "now"}, {"note": None}
    )


def test_a_value_outside_its_list_is_refused_with_the_list() -> None:
    assert divide({"class": "soon"}, SCREENING) == Refusal(
        "event-invalid",
        "The field class of screening.completed is one of now, later, not_yet.",
        "/data/class",
        {"expected": "one of now, later, not_yet"},
    )


@pytest.mark.parametrize("data", [{}, {"class": None}])
def test_a_missing_field_is_refused_with_what_it_may_be(data: dict[str, None]) -> None:
    assert divide(data, SCREENING) == Refusal(
        "event-invalid",
        f"screening.completed needs the field class: {A_CODE}.",
        "/data/class",
        {"expected": ["now", "later", "not_yet"]},
    )


def test_a_missing_field_without_a_list_is_refused_with_its_type() -> None:
    refused = divide({}, DEAL)
    assert isinstance(refused, Refusal)
    assert refused.members == {"expected": A_CODE}


@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("code", "x" * 64),
        ("code", ""),
        ("code", "2026 spring / Tokyo (2nd)"),
        ("code", "4500012345"),
        ("code", "8c0a3f6e-5d1b-4c2a-9e7f-1b2d3c4e5f60"),
        ("page", "www.acme.example/pricing"),
        ("integer", -(2**63)),
        ("amount", "1200.50"),
        ("amount", "-0.000001"),
        ("amount", 1200),
        ("amount", "9" * 18),
        ("boolean", False),
        ("time", "2026-11-22T10:15:00+09:00"),
        ("date", "2026-11-22"),
    ],
)
def test_a_value_of_its_type_is_taken(type: str, value: object) -> None:
    assert mismatch(Field("field", type), value) is None


@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("code", "x" * 65),
        ("code", 7),
        ("code", "名刺"),
        ("code", "é"),
        ("code", " spring"),
        ("code", "a\tb"),
        ("page", "/" + "x" * 255),
        ("code", ["a"]),
        ("integer", True),
        ("integer", 7.0),
        ("integer", "7"),
        ("amount", True),
        ("amount", 7.5),
        ("amount", "1,200"),
        ("amount", "1e3"),
        ("amount", "NaN"),
        ("amount", "+1"),
        ("amount", ".5"),
        ("amount", "5."),
        ("amount", "1.0000001"),
        ("amount", "9" * 19),
        ("amount", "\uff11\uff12"),
        ("amount", "12\n"),
        ("boolean", 1),
        ("boolean", "true"),
        ("time", "2026-11-22T10:15:00"),
        ("time", 0),
        ("date", "2026-02-30"),
        ("date", "20261122"),
        ("date", "\uff12026-01-01"),
        ("date", 20261122),
    ],
)
def test_a_value_of_another_type_is_refused_with_what_was_expected(
    type: str, value: object
) -> None:
    expected = mismatch(Field("field", type), value)
    assert expected is not None
    assert expected in {
        A_CODE,
        "a page's address or path, a string of up to 255 characters",
        "an integer",
        'a decimal number in a string, such as "1200.50", or an integer',
        "true or false",
        "a time, RFC 3339 with an offset",
        "a date, such as 2026-11-22",
    }


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("hanako@acme.example", "an e-mail address"),
        ("hanako%40acme.example", "an e-mail address"),
        ("%E8%8A%B1%E5%AD%90", "encoded text"),
        ("+81-90-1234-5678", "a telephone number"),
        ("09012345678", "a telephone number"),
        ("eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl", "a signed token"),
    ],
)
def test_a_code_that_identifies_a_person_is_refused_with_the_reason(value: str, found: str) -> None:
    expected = f"a code without {found}: records are never erased, so send an opaque id instead"
    assert divide({"opportunity": value}, DEAL) == Refusal(
        "event-invalid",
        f"The field opportunity of opportunity.created is {expected}.",
        "/data/opportunity",
        {"expected": expected},
    )


@pytest.mark.parametrize("page", ["/pricing?a=b", "/reset/8c0a3f6e-5d1b-4c2a-9e7f-1b2d3c4e5f60"])
def test_a_page_in_another_form_than_a_record_may_hold_is_a_mismatch(page: str) -> None:
    """A correction may be read by another version than the one that checks it."""
    field = Field("page", "page")
    assert mismatch(field, page) is None
    assert mismatch_as_recorded(field, page) is not None
    assert mismatch_as_recorded(field, str(coded(field, page))) is None


def test_a_wrong_type_names_the_place() -> None:
    refused = divide({"reached": "yes"}, ATTEMPT)
    assert refused == Refusal(
        "event-invalid",
        "The field reached of screening.attempted is true or false.",
        "/data/reached",
        {"expected": "true or false"},
    )


def test_what_is_no_value_of_a_list_may_be_of_any_type() -> None:
    field: Field = SCREENING.fields["class"]
    assert mismatch(field, {"a": 1}) == "one of now, later, not_yet"


def test_an_event_type_without_fields_declares_nothing() -> None:
    bare: EventType = demand_funnel().lifecycle.events["lead.accepted"]
    assert divide({"note": 1}, bare) == Divided({}, {"note": 1})


@pytest.mark.parametrize("value", [-1, "-0.01"])
def test_a_number_below_the_least_is_refused(value: object) -> None:
    field = Field("cost", "amount", at_least=0)
    assert mismatch(field, value) == "at least 0"
    assert mismatch(field, 0) is None


PERIOD = {"team": "t", "capacity": 10, "starts_on": "2026-12-01", "ends_on": "2026-12-31"}


@pytest.mark.parametrize(
    ("type", "change", "pointer"),
    [
        ("capacity.declared", {"ends_on": "2026-11-30"}, "/data/ends_on"),
        ("capacity.declared", {"capacity": -1}, "/data/capacity"),
        ("capacity.declared", {"team": ""}, "/data/team"),
        ("target.set", {"plan": -1}, "/data/plan"),
        ("campaign.cost_recorded", {"cost": "-0.01"}, "/data/cost"),
    ],
)
def test_a_decision_that_cannot_mean_anything_is_refused(
    type: str, change: dict[str, object], pointer: str
) -> None:
    event_type = demand_funnel().lifecycle.events[type]
    whole = {
        **PERIOD,
        "for_department": "marketing",
        "figure": "MQL",
        "plan": 5,
        "campaign": "c",
        "cost": 5,
        "currency": "JPY",
    }
    assert isinstance(divide(whole, event_type), Divided)
    refused = divide({**whole, **change}, event_type)
    assert isinstance(refused, Refusal)
    assert refused.pointer == pointer


def test_a_period_of_one_day_is_one() -> None:
    event_type = demand_funnel().lifecycle.events["capacity.declared"]
    assert isinstance(divide({**PERIOD, "ends_on": "2026-12-01"}, event_type), Divided)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("JPY", "JPY"),
        ("jpy", "JPY"),
        (" ｊｐｙ ", "JPY"),
        ("円", "JPY"),
        ("yen", "JPY"),
        ("ユーロ", "EUR"),
        ("€", "EUR"),
        ("米ドル", "USD"),
    ],
)
def test_a_currency_is_recorded_by_its_code(written: str, meant: str) -> None:
    event_type = demand_funnel().lifecycle.events["order.recorded"]
    divided = divide({"order": "o", "currency": written}, event_type)
    assert divided == Divided({"order": "o", "currency": meant}, {})


@pytest.mark.parametrize("written", ["", "$", "¥", "XXX", "JPYX", "dollars", "XAU"])
def test_what_is_not_one_currency_is_refused(written: str) -> None:
    event_type = demand_funnel().lifecycle.events["order.recorded"]
    refused = divide({"order": "o", "currency": written}, event_type)
    assert isinstance(refused, Refusal)
    assert refused.pointer == "/data/currency"
