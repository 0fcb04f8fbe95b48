"""What clients of other services send, as calls: one meaning, whatever the wire looks like."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from domain.lifecycle.definition import SubjectKind
from domain.signal import Identifier, Signal
from events.refusals import Refusal
from events.signals.context import Context
from events.signals.dialects import posthog, segment, snowplow
from events.signals.dialects.calls import native_of
from events.signals.dialects.parcels import Dialect
from events.signals.dialects.reading import place_of, read
from events.signals.sender import Sender
from tests.support.ledger_in_memory import DIGESTS
from tests.support.stories import demand_funnel

RECEIVED = datetime(2026, 11, 22, 3, tzinfo=UTC)
LIFECYCLE = demand_funnel().lifecycle
SENDER = Sender("key-1", ("website",), "marketing", frozenset({"events:write"}))
CONTEXT = Context(LIFECYCLE, DIGESTS, SENDER, RECEIVED)

SEGMENT: dict[str, Any] = {
    "messageId": "m-1",
    "type": "track",
    "event": "Form Submitted",
    "anonymousId": "c-1",
    "userId": None,
    "properties": {"form": "whitepaper", "note": "call me"},
    "context": {"traits": {"email": "hanako@example.co.jp"}, "ip": "192.0.2.1"},
    "timestamp": "2026-11-22T10:15:00.123+09:00",
}
POSTHOG: dict[str, Any] = {
    "uuid": "u-1",
    "event": "Form Submitted",
    "distinct_id": "user-1",
    "properties": {"form": "whitepaper", "note": "call me"},
    "timestamp": "2026-11-22T01:15:00.123456+00:00",
}
SNOWPLOW: dict[str, Any] = {
    "eid": "e-1",
    "e": "se",
    "se_ca": "forms",
    "se_ac": "Form Submitted",
    "duid": "c-1",
    "dtm": "1795310100123",
}
DIALECTS = {
    "segment": (segment.SEGMENT, SEGMENT),
    "posthog": (posthog.POSTHOG, POSTHOG),
    "snowplow": (snowplow.SNOWPLOW, SNOWPLOW),
}


def signal_of(dialect: Dialect, message: Mapping[str, Any]) -> Signal:
    signal = read(dict(message), dialect, CONTEXT)
    assert isinstance(signal, Signal), signal
    return signal


def refusal_of(dialect: Dialect, message: Any) -> Refusal:
    refusal = read(message, dialect, CONTEXT)
    assert isinstance(refusal, Refusal), refusal
    return refusal


def of_segment(**changes: Any) -> Signal:
    return signal_of(segment.SEGMENT, {**SEGMENT, **changes})


def of_posthog(**changes: Any) -> Signal:
    return signal_of(posthog.POSTHOG, {**POSTHOG, **changes})


def of_snowplow(**changes: Any) -> Signal:
    return signal_of(snowplow.SNOWPLOW, {**SNOWPLOW, **changes})


def identifiers(**named: str) -> tuple[Identifier, ...]:
    return tuple(DIGESTS.identifier(kind, value) for kind, value in named.items())


def group(name: str) -> tuple[Identifier, ...]:
    return (DIGESTS.identifier("account:group", name),)


# Every dialect


def test_a_message_becomes_a_whole_signal_and_nothing_of_it_is_lost() -> None:
    assert of_segment() == Signal(
        source="website",
        id="m-1",
        type=LIFECYCLE.events["form.submitted"],
        subject=SubjectKind.LEAD,
        occurred_at=datetime(2026, 11, 22, 1, 15, 0, 123000, tzinfo=UTC),
        claimed_at=None,
        key_id="key-1",
        department="marketing",
        lead_id=None,
        identifiers=identifiers(email="hanako@example.co.jp", anonymous_id="c-1"),
        references=(),
        account_id=None,
        account_identifiers=(DIGESTS.identifier("domain", "example.co.jp"),),
        names_account=False,
        data={"form": "whitepaper"},
        mail_domain="example.co.jp",
        personal=orjson.dumps(
            {
                "data": {"reported": SEGMENT},
                "lead": {"anonymous_id": "c-1", "email": "hanako@example.co.jp"},
            },
            option=orjson.OPT_SORT_KEYS,
        ),
        holds_personal_data=True,
        fingerprint=DIGESTS.fingerprint(SEGMENT),
    )


@pytest.mark.parametrize("name", DIALECTS)
def test_a_listed_name_is_its_event_type_and_another_one_is_kept_by_name(name: str) -> None:
    dialect, message = DIALECTS[name]
    event = "se_ac" if name == "snowplow" else "event"
    assert signal_of(dialect, message).type.name == "form.submitted"
    assert signal_of(dialect, {**message, event: "FORM SUBMITTED"}).type.name == "form.submitted"
    other = signal_of(dialect, {**message, event: "Widget Turned"})
    assert (other.type.name, other.data["name"]) == ("activity.recorded", "Widget Turned")


CHANGED_BY_TRANSPORT: dict[str, Mapping[str, Any]] = {
    "segment": {"sentAt": "2026-11-22T02:00:00Z", "_metadata": {"retryCount": 3}, "writeKey": "k"},
    "posthog": {"sent_at": "2026-11-22T02:00:00Z", "api_key": "k"},
    "snowplow": {"stm": "1795320000000"},
}


NOT_RECORDED = (
    *("hanako@acme.example", "hanako%40acme.example", "+81 90-1234-5678", "09012345678", "花子"),
    *("eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl", "x" * 256),
)


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("id", NOT_RECORDED)
def test_an_id_that_no_record_may_hold_is_replaced_by_its_digest(name: str, id: str) -> None:
    """The client cannot be asked for another id, and after a refusal it would drop the event."""
    dialect, message = DIALECTS[name]
    first, again = (signal_of(dialect, {**message, IDS[name]: id}) for _ in range(2))
    assert first == again
    assert re.fullmatch(r"hmac-[0-9a-f]{64}", first.id)
    assert first.id != signal_of(dialect, {**message, IDS[name]: f"{id}x"}).id
    assert first.id != signal_of(dialect, {**message, IDS[name]: first.id[:-1]}).id


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("event", NOT_RECORDED)
def test_a_name_that_no_record_may_hold_stays_with_the_message(name: str, event: str) -> None:
    dialect, message = DIALECTS[name]
    signal = signal_of(dialect, {**message, "se_ac" if name == "snowplow" else "event": event})
    assert (signal.type.name, "name" in signal.data) == ("activity.recorded", False)
    assert event in orjson.loads(signal.personal or b"")["data"]["reported"].values()


@pytest.mark.parametrize("name", DIALECTS)
def test_a_message_that_is_sent_again_is_the_same_event(name: str) -> None:
    dialect, message = DIALECTS[name]
    again = {**message, **CHANGED_BY_TRANSPORT[name]}
    assert signal_of(dialect, again).fingerprint == signal_of(dialect, message).fingerprint


@pytest.mark.parametrize("name", DIALECTS)
def test_a_message_with_other_content_is_another_event(name: str) -> None:
    dialect, message = DIALECTS[name]
    other = signal_of(dialect, {**message, "more": "1"})
    assert other.fingerprint != signal_of(dialect, message).fingerprint


IDS = {"segment": "messageId", "posthog": "uuid", "snowplow": "eid"}
TIMES = {"segment": "timestamp", "posthog": "timestamp", "snowplow": "dtm"}


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("id", [None, "", 7])
def test_a_message_without_an_id_is_refused_with_its_place(name: str, id: object) -> None:
    dialect, message = DIALECTS[name]
    refusal = refusal_of(dialect, {**message, IDS[name]: id})
    assert (refusal.reason, refusal.pointer) == ("event-invalid", f"/{IDS[name]}")


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("time", ["yesterday", "2026-11-22T10:15:00", "99999999999999", 0, True])
def test_an_invalid_time_is_refused_with_its_place(name: str, time: object) -> None:
    dialect, message = DIALECTS[name]
    refusal = refusal_of(dialect, {**message, TIMES[name]: time})
    assert (refusal.reason, refusal.pointer) == ("event-invalid", f"/{TIMES[name]}")


@pytest.mark.parametrize("name", DIALECTS)
def test_without_a_time_it_happened_when_it_was_received(name: str) -> None:
    dialect, message = DIALECTS[name]
    signal = signal_of(dialect, {**message, TIMES[name]: None})
    assert signal.occurred_at == RECEIVED


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("message", [None, [], "x", 7])
def test_anything_but_an_object_is_refused(name: str, message: object) -> None:
    assert refusal_of(DIALECTS[name][0], message).pointer == ""


@pytest.mark.parametrize("name", DIALECTS)
def test_a_refusal_never_repeats_what_was_sent(name: str) -> None:
    dialect, message = DIALECTS[name]
    for member in message:
        outcome = read({**message, member: ["hanako-sato"]}, dialect, CONTEXT)
        if isinstance(outcome, Refusal):
            assert "hanako-sato" not in repr(outcome), member


def test_a_property_of_another_type_than_the_field_of_its_name_stays_with_the_message() -> None:
    signal = of_segment(properties={"form": 7, "channel": None, "campaign": "spring"})
    assert signal.data == {"campaign": "spring"}
    assert signal.personal is not None
    assert b'"form":7' in signal.personal


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("segment", {"userId": 771}, {"user_id": "771"}),
        ("segment", {"anonymousId": 5}, {"anonymous_id": "5"}),
        (
            "segment",
            {"type": "alias", "previousId": 7, "userId": 8, "anonymousId": None},
            {"user_id": "7", "anonymous_id": "7"},
        ),
        ("posthog", {"distinct_id": 771}, {"user_id": "771"}),
        (
            "posthog",
            {"distinct_id": 771, "properties": {"$device_id": 771}},
            {"anonymous_id": "771"},
        ),
        (
            "posthog",
            {"event": "$create_alias", "properties": {"alias": 7}},
            {"user_id": "7", "anonymous_id": "7"},
        ),
        ("snowplow", {"uid": 771, "duid": 3}, {"user_id": "771", "anonymous_id": "3"}),
    ],
)
def test_an_integer_is_an_id_as_clients_pass_it_on(
    name: str, change: dict[str, Any], expected: dict[str, str]
) -> None:
    dialect, message = DIALECTS[name]
    signal = signal_of(dialect, {**message, **change})
    assert set(identifiers(**expected)) <= set(signal.identifiers)


def test_a_phone_number_may_be_an_integer() -> None:
    message = {**SEGMENT, "type": "identify", "traits": {"phone": 81312345678}}
    native = native_of(segment.read(message), message, LIFECYCLE)
    assert native["lead"]["phone"] == "81312345678"


@pytest.mark.parametrize(
    "signal",
    [
        lambda: of_segment(type="group", groupId=7),
        lambda: of_segment(context={"groupId": 7}),
        lambda: of_segment(type="identify", traits={"company": {"id": 7}}),
        lambda: of_posthog(properties={"$groups": {"company": 7}}),
        lambda: of_posthog(
            event="$groupidentify", properties={"$group_type": "company", "$group_key": 7}
        ),
    ],
)
def test_an_integer_is_the_id_of_a_company_too(signal: Callable[[], Signal]) -> None:
    assert signal().account_identifiers == group("7")


FORM = {"form": "whitepaper", "Email": "taro@example.co.jp", "電話番号": "03-1234-5678"}


@pytest.mark.parametrize(
    "signal",
    [
        lambda: of_segment(properties=FORM, context={}),
        lambda: of_posthog(properties={**FORM, "$device_id": "c-1"}, distinct_id="c-1"),
        lambda: of_snowplow(
            e="ue",
            ue_pr=json.dumps(
                {"data": {"schema": "iglu:x/form_submitted/jsonschema/1-0-0", "data": FORM}}
            ),
        ),
    ],
)
def test_a_form_with_an_address_makes_its_sender_known(
    signal: Callable[[], Signal],
) -> None:
    found = signal()
    assert (found.type.name, found.holds_personal_data, found.identifiers) == (
        "form.submitted",
        True,
        identifiers(email="taro@example.co.jp", phone="+81312345678", anonymous_id="c-1"),
    )
    assert "taro@example.co.jp" not in str(found.data)


@pytest.mark.parametrize("event", ["Invite Sent", "Email Sent", "Chat Started"])
def test_an_address_in_another_event_may_be_anybodys(event: str) -> None:
    signal = of_segment(event=event, properties=FORM, context={})
    assert (signal.holds_personal_data, signal.identifiers) == (
        False,
        identifiers(anonymous_id="c-1"),
    )


def test_what_is_said_of_the_person_outright_comes_before_what_a_form_holds() -> None:
    signal = of_segment(properties={**FORM, "user_id": "u-2"}, userId="u-1")
    assert signal.identifiers == identifiers(
        email="hanako@example.co.jp", phone="+81312345678", user_id="u-1", anonymous_id="c-1"
    )


@pytest.mark.parametrize(
    "properties",
    [
        {"email": "n/a", "phone": "なし", "user_id": 7.5, "full_name": 7},
        {"email": ["taro@example.co.jp"], "phone": None, "user_id": " ", "full_name": ""},
        {"email": "", "user_id": "x" * 1025},
    ],
)
def test_a_form_is_not_refused_for_a_field_that_identifies_no_person(
    properties: dict[str, Any],
) -> None:
    signal = of_segment(properties=properties, context={})
    assert (signal.holds_personal_data, signal.identifiers) == (
        False,
        identifiers(anonymous_id="c-1"),
    )


# Segment and RudderStack


def test_the_skew_of_the_clock_is_taken_out() -> None:
    fields = {"originalTimestamp": "2026-11-22T01:00:00.000Z", "sentAt": "2026-11-22T01:30:00.000Z"}
    signal = of_segment(**fields, timestamp=None)
    assert signal.occurred_at == datetime(2026, 11, 22, 2, 30, tzinfo=UTC)


def test_the_original_time_comes_before_one_that_was_made_on_the_way() -> None:
    signal = of_segment(originalTimestamp="2026-11-22T01:00:00Z", timestamp="2026-11-22T02:00:00Z")
    assert signal.occurred_at == datetime(2026, 11, 22, 1, tzinfo=UTC)


def test_a_browser_that_fills_in_the_user_as_it_sends_again_sends_the_same_event() -> None:
    context = {**SEGMENT["context"], "library": {"name": segment.BROWSER_LIBRARY}}
    first, again = (of_segment(context=context, userId=user) for user in (None, "user-1"))
    assert first.fingerprint == again.fingerprint
    servers = (of_segment(userId=user) for user in (None, "user-1"))
    assert len({one.fingerprint for one in servers}) == 2


def test_an_identify_call_identifies_a_person() -> None:
    traits = {
        "email": "hanako@example.co.jp",
        "phone": "03-1234-5678",
        "name": "佐藤花子",
        "industry": "steel",
        "company_size": 500,
        "theme": "dark",
        "company": {"id": "acme", "name": "Acme"},
    }
    signal = of_segment(type="identify", userId="u-1", traits=traits, context={})
    assert (signal.type.name, signal.identifiers, signal.attributes) == (
        "profile.updated",
        identifiers(
            email="hanako@example.co.jp",
            phone="+81312345678",
            user_id="u-1",
            anonymous_id="c-1",
        ),
        {"industry": "steel"},
    )
    assert (signal.account_identifiers, signal.names_account) == (group("acme"), True)


def test_traits_in_the_context_are_the_persons_too() -> None:
    signal = of_segment(
        type="identify", context={"traits": {"email": "old@example.com"}}, traits={"email": ""}
    )
    assert not signal.holds_personal_data
    signal = of_segment(type="identify", context={"traits": {"email": "old@example.com"}})
    assert signal.holds_personal_data


def test_a_visitors_other_traits_make_no_person_known() -> None:
    signal = of_segment(type="identify", traits={"theme": "dark", "industry": "steel"}, context={})
    assert (signal.holds_personal_data, signal.attributes) == (False, {"industry": "steel"})


@pytest.mark.parametrize("type", ["page", "screen"])
def test_a_page_is_a_visit_with_data_from_the_context(type: str) -> None:
    context = {
        "page": {"path": "/pricing"},
        "campaign": {"name": "spring", "medium": "email"},
        "groupId": "acme",
    }
    signal = of_segment(type=type, name="Pricing", properties={"title": "x"}, context=context)
    assert (signal.type.name, signal.data, signal.account_identifiers) == (
        "visit.recorded",
        {"page": "/pricing", "campaign": "spring", "channel": "email"},
        group("acme"),
    )


def test_a_group_is_a_fact_that_names_the_account() -> None:
    traits = {"name": "Acme", "domain": "acme.example"}
    signal = of_segment(type="group", groupId="acme", traits=traits, context={})
    assert (signal.type.name, signal.names_account, signal.account_identifiers) == (
        "profile.updated",
        True,
        (DIGESTS.identifier("domain", "acme.example"), *group("acme")),
    )
    assert not signal.holds_personal_data


def test_an_alias_joins_both_ids_whichever_is_the_older() -> None:
    one = of_segment(type="alias", previousId="c-1", userId="u-1", anonymousId=None, context={})
    other = of_segment(type="alias", previousId="u-1", userId="c-1", anonymousId=None, context={})
    assert (
        set(one.identifiers)
        == set(other.identifiers)
        == {
            *identifiers(user_id="c-1", anonymous_id="c-1"),
            *identifiers(user_id="u-1", anonymous_id="u-1"),
        }
    )


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"type": "purchase"}, "/type"),
        ({"type": None}, "/type"),
        ({"type": []}, "/type"),
        ({"event": None}, "/event"),
        ({"event": ""}, "/event"),
        ({"event": 7}, "/event"),
        ({"userId": 7.5}, "/userId"),
        ({"userId": True}, "/userId"),
        ({"userId": {"id": 7}}, "/userId"),
        ({"userId": "x" * 1025}, "/userId"),
        ({"anonymousId": ["c"]}, "/anonymousId"),
        ({"properties": []}, "/properties"),
        ({"context": "x"}, "/context"),
        ({"context": {"traits": 1}}, "/context/traits"),
        ({"context": {"campaign": 1}}, "/context/campaign"),
        ({"context": {"library": 1}}, "/context/library"),
        ({"type": "identify", "traits": {"name": 7}}, "/traits/name"),
        ({"type": "group"}, "/groupId"),
        ({"type": "group", "groupId": 7.5}, "/groupId"),
        ({"type": "alias"}, "/previousId"),
        ({"sentAt": "now"}, "/sentAt"),
        ({"anonymousId": None, "context": {}}, "/userId"),
    ],
)
def test_what_segment_would_not_send_is_refused_with_its_place(
    change: dict[str, Any], pointer: str
) -> None:
    refusal = refusal_of(segment.SEGMENT, {**SEGMENT, **change})
    assert (refusal.reason, refusal.pointer) == ("event-invalid", pointer)


# PostHog


@pytest.mark.parametrize(
    "properties",
    [{"$process_person_profile": False}, {"$is_identified": False}, {"$device_id": "user-1"}],
)
def test_an_id_declared_as_a_browsers_identifies_no_person(properties: dict[str, Any]) -> None:
    assert of_posthog(properties=properties).identifiers == identifiers(anonymous_id="user-1")


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"process_person_profile": False}, "anonymous_id"),
        ({"process_person_profile": True}, "user_id"),
        ({}, "user_id"),
        (None, "user_id"),
    ],
)
def test_newer_clients_say_in_options_whose_an_id_is(options: object, kind: str) -> None:
    assert of_posthog(options=options).identifiers == identifiers(**{kind: "user-1"})


def test_any_other_id_is_a_users() -> None:
    assert of_posthog().identifiers == identifiers(user_id="user-1")


@pytest.mark.parametrize(
    "message",
    [
        {"event": "$set", "$set": {"email": "hanako@example.co.jp"}},
        {"event": "$identify", "properties": {"$set": {"email": "hanako@example.co.jp"}}},
        {"event": "$identify", "properties": {"$set_once": {"email": "hanako@example.co.jp"}}},
    ],
)
def test_properties_of_a_person_are_traits(message: dict[str, Any]) -> None:
    signal = of_posthog(**message)
    assert (signal.type.name, signal.identifiers) == (
        "profile.updated",
        identifiers(email="hanako@example.co.jp", user_id="user-1"),
    )


def test_an_identify_brings_the_browsers_id_along() -> None:
    signal = of_posthog(event="$identify", properties={"$anon_distinct_id": "c-1"})
    assert signal.identifiers == identifiers(user_id="user-1", anonymous_id="c-1")


@pytest.mark.parametrize("of", ["segment", "posthog"])
def test_useless_identifiers_are_left_out_in_every_dialect(of: str) -> None:
    if of == "segment":
        fields = {"type": "identify", "userId": "undefined", "traits": {"phone": "なし"}}
        signal = of_segment(**fields)
    else:
        signal = of_posthog(
            event="$set",
            distinct_id="undefined",
            **{"$set": {"phone": "なし"}},
            properties={"$anon_distinct_id": "c-1"},
        )
    assert {(one.kind, one.reason) for one in signal.ignored} == {
        ("user_id", "placeholder"),
        ("phone", "placeholder"),
    }


def test_the_direction_of_an_alias_says_nothing() -> None:
    """Its libraries for Python and Node write the two ids the other way around."""
    of_python = {"distinct_id": "anon", "properties": {"distinct_id": "anon", "alias": "u-1"}}
    of_node = {"distinct_id": "u-1", "properties": {"distinct_id": "u-1", "alias": "anon"}}
    both = [of_posthog(event="$create_alias", **one) for one in (of_python, of_node)]
    assert set(both[0].identifiers) == set(both[1].identifiers)
    assert len(both[0].identifiers) == 4


def test_an_offset_counts_back_from_the_receipt() -> None:
    signal = of_posthog(timestamp=None, offset=90_000)
    assert RECEIVED - signal.occurred_at == timedelta(seconds=90)
    sent = of_posthog(timestamp=None, offset=90_000, sent_at="2026-11-22T01:00:00Z")
    assert sent.occurred_at == signal.occurred_at
    assert of_posthog(timestamp=None, offset=0).occurred_at == RECEIVED


def test_a_time_comes_before_an_offset() -> None:
    assert of_posthog(offset=90_000).occurred_at == of_posthog().occurred_at


def test_an_event_that_is_sent_again_with_a_greater_offset_is_the_same() -> None:
    first, again = (of_posthog(timestamp=None, offset=offset) for offset in (10, 5_000))
    assert first.fingerprint == again.fingerprint


@pytest.mark.parametrize("offset", [-1, 1.5, "90", True, 2**62])
def test_an_invalid_offset_is_refused_with_its_place(offset: object) -> None:
    refusal = refusal_of(posthog.POSTHOG, {**POSTHOG, "timestamp": None, "offset": offset})
    assert (refusal.reason, refusal.pointer) == ("event-invalid", "/offset")


def test_a_page_view_is_a_visit() -> None:
    properties = {"$pathname": "/pricing", "utm_campaign": "spring", "utm_medium": "email"}
    signal = of_posthog(event="$pageview", properties=properties)
    assert (signal.type.name, signal.data) == (
        "visit.recorded",
        {"page": "/pricing", "campaign": "spring", "channel": "email"},
    )


def test_an_event_within_a_company_names_it() -> None:
    signal = of_posthog(properties={"$groups": {"project": "p", "company": "acme"}})
    assert (signal.account_identifiers, signal.names_account) == (group("acme"), True)
    assert of_posthog(properties={"$groups": {"project": "p"}}).account_identifiers == ()


def test_a_described_company_is_about_no_person() -> None:
    properties = {"$group_type": "company", "$group_key": "acme", "$group_set": {"name": "Acme"}}
    signal = of_posthog(event="$groupidentify", properties=properties)
    assert (signal.type.name, signal.subject, signal.identifiers, signal.account_identifiers) == (
        "account.updated",
        SubjectKind.ACCOUNT,
        (),
        group("acme"),
    )


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"event": None}, "/event"),
        ({"distinct_id": 7.5}, "/distinct_id"),
        ({"distinct_id": True}, "/distinct_id"),
        ({"distinct_id": None}, "/distinct_id"),
        ({"properties": "x"}, "/properties"),
        ({"$set": "x"}, "/$set"),
        ({"properties": {"$groups": "x"}}, "/properties/$groups"),
        ({"event": "$create_alias", "properties": {"alias": 7.5}}, "/properties/alias"),
        (
            {"event": "$groupidentify", "properties": {"$group_type": "project"}},
            "/properties/$group_type",
        ),
        (
            {
                "event": "$groupidentify",
                "properties": {"$group_type": "company", "$group_key": 7.5},
            },
            "/properties/$group_key",
        ),
        ({"sent_at": "now"}, "/sent_at"),
    ],
)
def test_what_posthog_would_not_send_is_refused_with_its_place(
    change: dict[str, Any], pointer: str
) -> None:
    refusal = refusal_of(posthog.POSTHOG, {**POSTHOG, **change})
    assert (refusal.reason, refusal.pointer) == ("event-invalid", pointer)


# Snowplow


def test_a_page_view_of_a_tracker_is_a_visit() -> None:
    url = "https://www.example.com/pricing?utm_campaign=spring&utm_medium=email"
    signal = of_snowplow(e="pv", url=url, uid="u-1", se_ac=None)
    assert (signal.type.name, signal.data, signal.identifiers) == (
        "visit.recorded",
        {"page": "/pricing", "campaign": "spring", "channel": "email"},
        identifiers(user_id="u-1", anonymous_id="c-1"),
    )


def test_milliseconds_are_times_and_skew_is_taken_out() -> None:
    signal = of_snowplow(dtm="1795310100123", stm="1795310100123")
    assert signal.occurred_at == RECEIVED
    assert of_snowplow().occurred_at == datetime(2026, 11, 22, 1, 15, 0, 123000, tzinfo=UTC)
    assert of_snowplow(ttm="1795310000000").occurred_at < of_snowplow().occurred_at


def self_describing(
    data: Any, schema: str = "iglu:com.acme/form_submitted/jsonschema/1-0-0"
) -> str:
    wrapper = {"schema": "iglu:x/unstruct_event/jsonschema/1-0-0"}
    return json.dumps({**wrapper, "data": {"schema": schema, "data": data}})


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_self_describing_event_is_called_by_its_schema(
    encode: Callable[[bytes], bytes],
) -> None:
    text = self_describing({"form": "whitepaper?>"})
    plain = of_snowplow(e="ue", ue_pr=text, se_ac=None)
    assert (plain.type.name, plain.data) == ("form.submitted", {"form": "whitepaper?>"})
    encoded = encode(text.encode()).decode()
    for written in (encoded, encoded.rstrip("=")):
        assert of_snowplow(e="ue", ue_px=written, se_ac=None).data == plain.data


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"e": None}, "/e"),
        ({"e": 7}, "/e"),
        ({"se_ac": None}, "/se_ac"),
        ({"uid": 7.5}, "/uid"),
        ({"duid": None}, "/uid"),
        ({"stm": "-1"}, "/stm"),
        ({"dtm": "１"}, "/dtm"),
        ({"e": "ue"}, "/ue_pr"),
        ({"e": "ue", "ue_px": "%"}, "/ue_px"),
        ({"e": "ue", "ue_px": "花"}, "/ue_px"),
        ({"e": "ue", "ue_pr": "[]"}, "/ue_pr"),
        ({"e": "ue", "ue_pr": "{}"}, "/ue_pr"),
        ({"e": "ue", "ue_pr": "NaN"}, "/ue_pr"),
        ({"e": "ue", "ue_pr": '{"data": {"data": "\\u0000"}}'}, "/ue_pr"),
        ({"e": "ue", "ue_pr": '{"data": {"schema": "iglu:x"}}'}, "/ue_pr"),
    ],
)
def test_what_a_tracker_would_not_send_is_refused_with_its_place(
    change: dict[str, Any], pointer: str
) -> None:
    refusal = refusal_of(snowplow.SNOWPLOW, {**SNOWPLOW, **change})
    assert (refusal.reason, refusal.pointer) == ("event-invalid", pointer)


@pytest.mark.parametrize(
    ("pointer", "place"),
    [("/lead/email", "/traits/email"), ("/data/form", "/properties/form"), ("/actor", "/actor")],
)
def test_a_place_in_a_native_event_is_one_in_the_message(pointer: str, place: str) -> None:
    assert place_of(pointer, segment.PLACES) == place
