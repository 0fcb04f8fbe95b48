"""CloudEvents: a native event in another envelope, in whichever mode it travels."""

import base64
import json
from typing import Any

import pytest

from domain.signal import Signal
from events.refusals import Refusal
from events.signals import native
from events.signals.context import Context
from events.signals.dialects import cloudevents
from events.signals.sender import Sender
from events.strict_json import Unreadable
from tests.support.ledger_in_memory import DIGESTS, EVERY_RIGHT, RECEIVED_AT
from tests.support.stories import demand_funnel

SENDER = Sender("key-1", ("website", "/forms"), None, EVERY_RIGHT)
CONTEXT = Context(demand_funnel().lifecycle, DIGESTS, SENDER, RECEIVED_AT)
LEAD_ID = "01930000-0000-7000-8000-000000000000"
INSIDE: dict[str, Any] = {
    "lead": {"email": "hanako@example.co.jp"},
    "data": {"form": "whitepaper", "note": "call me"},
}
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "form-8841",
    "source": "/forms",
    "type": "form.submitted",
    "time": "2026-11-22T10:15:00+09:00",
    "data": INSIDE,
}


def signal_of(event: dict[str, Any]) -> Signal:
    signal = cloudevents.read(event, CONTEXT)
    assert isinstance(signal, Signal), signal
    return signal


def refusal_of(event: dict[str, Any]) -> Refusal:
    refusal = cloudevents.read(event, CONTEXT)
    assert isinstance(refusal, Refusal), refusal
    return refusal


def test_it_is_the_native_event_that_it_wraps() -> None:
    context = {name: EVENT[name] for name in ("id", "source", "type", "time")}
    signal = native.read({**context, **INSIDE}, CONTEXT)
    assert isinstance(signal, Signal)
    assert signal_of(EVENT)._replace(fingerprint=signal.fingerprint) == signal


def test_the_actor_and_the_time_of_sending_can_be_reported() -> None:
    sent = {**INSIDE, "sent_at": "2026-11-22T12:30:00+09:00"}
    signal = signal_of({**EVENT, "actor": "佐藤", "data": sent})
    assert signal.actor == "佐藤"
    assert (RECEIVED_AT - signal.occurred_at).total_seconds() == 8100


def test_a_subject_of_ours_names_the_lead_or_the_account() -> None:
    about_lead = signal_of({**EVENT, "subject": f"lead/{LEAD_ID}", "data": None})
    assert about_lead.lead_id == LEAD_ID
    about_account = signal_of({**EVENT, "subject": f"account/{LEAD_ID}"})
    assert (about_account.account_id, about_account.names_account) == (LEAD_ID, True)
    assert signal_of({**EVENT, "subject": "somebody else's"}).lead_id is None


def test_data_of_the_senders_own_is_read_as_a_clients_properties() -> None:
    own = {"form": "wp", "email": "hanako@example.co.jp", "note": "call me"}
    signal = signal_of({**EVENT, "subject": "u1", "data": own})
    assert (signal.type.name, signal.source, signal.data, signal.identifiers) == (
        "form.submitted",
        "/forms",
        {"form": "wp"},
        (
            DIGESTS.identifier("email", "hanako@example.co.jp"),
            DIGESTS.identifier("user_id", "u1"),
        ),
    )
    assert json.loads(signal.personal or b"")["data"] == {"reported": {"data": own}}


@pytest.mark.parametrize("data", [None, {}, {"form": "wp"}, {"data": {"form": "wp"}}])
def test_a_subject_that_is_not_ours_is_the_senders_user(data: Any) -> None:
    signal = signal_of({**EVENT, "subject": "u1", "data": data})
    assert signal.identifiers == (DIGESTS.identifier("user_id", "u1"),)
    listed = signal_of({**EVENT, "subject": "u1", "data": data, "type": "Form Submitted"})
    assert listed.type.name == "form.submitted"


def test_a_subject_of_ours_may_come_with_data_of_the_senders_own() -> None:
    assert signal_of({**EVENT, "subject": f"lead/{LEAD_ID}", "data": {"x": 1}}).lead_id == LEAD_ID


def test_a_refusal_shows_how_a_cloudevent_names_a_person() -> None:
    refusal = refusal_of({**EVENT, "data": {"form": "wp"}})
    assert refusal.detail.endswith(cloudevents.SHAPE)


def test_other_attributes_are_kept_separately_from_the_record() -> None:
    signal = signal_of({**EVENT, "traceparent": "00-abc"})
    assert signal.personal is not None
    assert json.loads(signal.personal)["data"] == {
        "note": "call me",
        "reported": {"traceparent": "00-abc"},
    }


def test_a_name_that_the_company_has_listed_is_its_event_type() -> None:
    assert signal_of({**EVENT, "type": "Form Submitted"}).type.name == "form.submitted"


def test_every_mode_is_the_same_event_however_often_it_is_sent() -> None:
    encoded = base64.b64encode(json.dumps(INSIDE).encode()).decode()
    event = {**EVENT, "priority": 7, "sampled": True}
    attributes = {name: value for name, value in event.items() if name != "data"}
    texts = {**attributes, "priority": "7", "sampled": "true"}
    headers = [(f"ce-{name}".encode(), value.encode()) for name, value in texts.items()]
    variants = [
        {**event, "datacontenttype": "application/json"},
        {**attributes, "data_base64": encoded},
        {**event, "data": {**INSIDE, "sent_at": "2026-11-22T11:15:00+09:00"}},
        cloudevents.of_headers([*headers, (b"host", b"x")], json.dumps(INSIDE).encode()),
    ]
    assert {signal_of(one).fingerprint for one in variants} == {signal_of(event).fingerprint}
    assert signal_of(event).fingerprint != signal_of(EVENT).fingerprint


def test_headers_are_percent_encoded_text() -> None:
    event = cloudevents.of_headers([(b"ce-actor", b"%E4%BD%90%E8%97%A4")], b"")
    assert event == {"actor": "佐藤"}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ([(b"ce-id", b"1"), (b"ce-id", b"1")], b"{}"),
        ([(b"ce-data", b"1")], b"{}"),
        ([(b"ce-id", b"%ff")], b"{}"),
        ([(b"ce-id", b"1")], b"{"),
        ([(b"ce-id", b"1")], b'{"a": 1, "a": 2}'),
        ([(b"ce-id", b"1")], b"{}, {}"),
    ],
)
def test_headers_and_bodies_that_cannot_be_read_are_refused(
    headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    with pytest.raises(Unreadable):
        cloudevents.of_headers(headers, body)


@pytest.mark.parametrize(
    ("change", "reason", "pointer"),
    [
        ({"specversion": "0.3"}, "event-invalid", "/specversion"),
        ({"specversion": None}, "event-invalid", "/specversion"),
        ({"id": None}, "event-invalid", "/id"),
        ({"id": 7}, "event-invalid", "/id"),
        ({"source": "/other"}, "source-not-allowed", "/source"),
        ({"source": None}, "event-invalid", "/source"),
        ({"type": "com.example.form"}, "event-type-unknown", "/type"),
        ({"type": None}, "event-invalid", "/type"),
        ({"type": []}, "event-invalid", "/type"),
        ({"type": "identity.linked"}, "event-type-reserved", "/type"),
        ({"time": "yesterday"}, "event-invalid", "/time"),
        ({"data": "x"}, "event-invalid", "/data"),
        ({"data": None}, "event-invalid", "/data"),
        ({"data": {"laed": {}}}, "event-invalid", "/data"),
        ({"data": {**INSIDE, "laed": {}}}, "event-invalid", "/data/laed"),
        ({"data": {"form": "wp"}, "subject": "x" * 1025}, "event-invalid", "/subject"),
        ({"data": {"form": "wp"}, "type": "com.example"}, "event-type-unknown", "/type"),
        ({"data": {"lead": "x"}}, "event-invalid", "/data/lead"),
        ({"data": {"lead": {"email": "x"}}}, "event-invalid", "/data/lead/email"),
        ({"data": {**INSIDE, "data": {"form": 7}}}, "event-invalid", "/data/data/form"),
        ({"data": {**INSIDE, "id": "x"}}, "event-invalid", "/data/id"),
        ({"data": {**INSIDE, "time": "x"}}, "event-invalid", "/data/time"),
        ({"data_base64": "%"}, "event-invalid", "/data_base64"),
        ({"data_base64": 7}, "event-invalid", "/data_base64"),
        ({"data_base64": base64.b64encode(b"NaN").decode()}, "event-invalid", "/data_base64"),
        ({"data_base64": base64.b64encode(b"[]").decode()}, "event-invalid", "/data_base64"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(
    change: dict[str, Any], reason: str, pointer: str
) -> None:
    refusal = refusal_of({**EVENT, **change})
    assert (refusal.reason, refusal.pointer) == (reason, pointer)
