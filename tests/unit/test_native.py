"""The native dialect: what becomes a signal, and each refusal with the wrong place."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from domain.lifecycle.definition import SubjectKind
from domain.signal import Identifier, Ignored, Signal
from events.refusals import Refusal
from events.signals import native
from events.signals.context import Context
from events.signals.native_schema import ASCII
from events.signals.sender import Sender
from tests.support.ledger_in_memory import DIGESTS, EVERY_RIGHT
from tests.support.stories import demand_funnel

RECEIVED = datetime(2026, 11, 22, 3, tzinfo=UTC)
LIFECYCLE = demand_funnel().lifecycle
SENDER = Sender("key-1", ("website", "forms"), None, EVERY_RIGHT)
FORM: dict[str, Any] = {
    "id": "form-1",
    "type": "form.submitted",
    "lead": {"email": "Hanako@Example.co.jp"},
}


def read(reported: object, sender: Sender = SENDER) -> Signal | Refusal:
    return native.read(reported, Context(LIFECYCLE, DIGESTS, sender, RECEIVED))


def signal_of(reported: object, sender: Sender = SENDER) -> Signal:
    signal = read(reported, sender)
    assert isinstance(signal, Signal), signal
    return signal


def refusal_of(reported: object, sender: Sender = SENDER) -> Refusal:
    refusal = read(reported, sender)
    assert isinstance(refusal, Refusal), refusal
    return refusal


def test_a_whole_event_becomes_a_signal() -> None:
    event = {
        "id": "form-8841",
        "source": "forms",
        "type": "form.submitted",
        "time": "2026-11-22T10:15:00+09:00",
        "sent_at": "2026-11-22T12:00:00+09:00",
        "actor": "佐藤",
        "lead": {
            "email": "Hanako@Example.co.jp",
            "phone": "03-1234-5678",
            "user_id": "u-1",
            "anonymous_id": "c-123",
            "external_ids": {"crm": "0031"},
            "name": "花子",
            "profile": {"industry": "steel", "hobby": "go"},
        },
        "account": {"domain": "Example.CO.JP", "external_ids": {"crm": "A1"}, "name": "例社"},
        "data": {"form": "whitepaper", "note": "call me"},
    }
    sender = SENDER._replace(department="marketing")
    assert signal_of(event, sender) == Signal(
        source="forms",
        id="form-8841",
        type=LIFECYCLE.events["form.submitted"],
        subject=SubjectKind.LEAD,
        occurred_at=datetime(2026, 11, 22, 1, 15, tzinfo=UTC),
        claimed_at=None,
        key_id="key-1",
        department="marketing",
        lead_id=None,
        identifiers=(
            DIGESTS.identifier("email", "hanako@example.co.jp"),
            DIGESTS.identifier("phone", "+81312345678"),
            DIGESTS.identifier("user_id", "u-1"),
            DIGESTS.identifier("crm", "0031"),
            DIGESTS.identifier("anonymous_id", "c-123"),
        ),
        references=(),
        account_id=None,
        account_identifiers=(
            DIGESTS.identifier("domain", "example.co.jp"),
            DIGESTS.identifier("account:crm", "A1"),
        ),
        account_name=(DIGESTS.identifier("name", "例社"), DIGESTS.identifier("namesake", "例社")),
        names_account=True,
        data={"form": "whitepaper"},
        attributes={"industry": "steel"},
        mail_domain="example.co.jp",
        personal=orjson.dumps(
            {
                "account": event["account"],
                "data": {"note": "call me"},
                "lead": event["lead"],
            },
            option=orjson.OPT_SORT_KEYS,
        ),
        actor="佐藤",
        holds_personal_data=True,
        fingerprint=DIGESTS.fingerprint(event),
        may_administer=True,
    )


@pytest.mark.parametrize("name", ["id", "source"])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("form of hanako@acme.example", "an e-mail address"),
        ("form%20of%20hanako%40acme.example", "an e-mail address"),
        ("form-090-1234-5678", "a telephone number"),
        ("eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl", "a signed token"),
    ],
)
def test_an_id_or_source_that_identifies_a_person_is_refused(
    name: str, text: str, found: str
) -> None:
    refusal = refusal_of({**FORM, name: text}, SENDER._replace(sources=("website", "*")))
    assert (refusal.reason, refusal.pointer) == ("event-invalid", f"/{name}")
    assert refusal.detail.startswith(f"The {name} contains {found}, but it becomes part of the ")
    assert "records are never erased. Send " in refusal.detail


@pytest.mark.parametrize("id", ["形-1", " form-1", "form-1 ", "form\t1", "%E5%BD%A2"])
def test_an_id_is_printable_ascii(id: str) -> None:
    refusal = refusal_of({**FORM, "id": id})
    assert (refusal.reason, refusal.pointer) == ("event-invalid", "/id")


@pytest.mark.parametrize("party", ["lead", "account"])
@pytest.mark.parametrize("system", ["hanako@acme.example", "顧客管理", "x" * 65, "03-1234-5678"])
def test_the_name_of_a_system_is_a_code(party: str, system: str) -> None:
    refusal = refusal_of({**FORM, party: {"external_ids": {system: "1"}}})
    assert (refusal.reason, refusal.pointer) == (
        "event-invalid",
        f"/{party}/external_ids/{system}",
    )
    assert "records, which are never erased" in refusal.detail


@pytest.mark.parametrize("industry", ["宇宙産業", "space travel " * 9])
def test_words_about_a_persons_work_that_are_no_code_are_kept_apart(industry: str) -> None:
    lead = {"anonymous_id": "c", "profile": {"industry": industry}}
    signal = signal_of({**FORM, "lead": lead})
    assert (dict(signal.attributes), signal.holds_personal_data) == ({}, False)
    assert orjson.loads(signal.personal or b"")["lead"]["profile"] == {"industry": industry}


def test_an_attribute_that_identifies_a_person_is_refused() -> None:
    lead = {"anonymous_id": "c", "profile": {"industry": "hanako@acme.example"}}
    refusal = refusal_of({**FORM, "lead": lead})
    assert (refusal.reason, refusal.pointer) == ("event-invalid", "/lead/profile/industry")


def test_source_and_time_have_their_defaults() -> None:
    signal = signal_of(FORM)
    assert (signal.source, signal.occurred_at, signal.claimed_at) == ("website", RECEIVED, None)


def test_a_mistyped_year_is_refused_and_does_not_become_now() -> None:
    refusal = refusal_of({**FORM, "time": "2036-11-22T00:00:00Z"})
    assert (refusal.reason, refusal.pointer) == ("event-invalid", "/time")
    assert "2036-11-22" in refusal.detail


def test_a_clock_that_is_ahead_is_corrected_by_the_time_of_sending() -> None:
    signal = signal_of({**FORM, "time": "2026-11-22T05:00:00Z", "sent_at": "2026-11-22T06:00:00Z"})
    assert signal.occurred_at == RECEIVED - timedelta(hours=1)
    assert signal.claimed_at == datetime(2026, 11, 22, 5, tzinfo=UTC)


def test_a_decision_delivered_a_week_after_it_was_sent_keeps_its_time() -> None:
    times = {"time": "2026-11-15T00:00:00Z", "sent_at": "2026-11-15T00:00:01Z"}
    signal = signal_of({**FORM, **times})
    assert (signal.occurred_at, signal.claimed_at) == (datetime(2026, 11, 15, tzinfo=UTC), None)


def test_a_revisit_date_in_the_past_is_refused() -> None:
    back = {**FORM, "type": "lead.recycled", "data": {"reason": "too_early"}}
    data = {"reason": "too_early", "revisit_date": "2026-11-22"}
    assert isinstance(read({**back, "data": data}), Signal)
    refused = refusal_of({**back, "data": {**data, "revisit_date": "2025-11-22"}})
    assert refused.pointer == "/data/revisit_date"


def test_a_cookie_alone_identifies_no_person() -> None:
    signal = signal_of({**FORM, "lead": {"anonymous_id": "c"}})
    assert (signal.holds_personal_data, signal.attributes) == (False, {})
    assert signal.personal == b'{"lead":{"anonymous_id":"c"}}'


@pytest.mark.parametrize(
    "lead",
    [
        {"anonymous_id": "c", "name": "花子"},
        {"anonymous_id": "c", "profile": {"hobby": "go"}},
        {"anonymous_id": "c", "email": "info@example.co.jp"},
        {"anonymous_id": "c", "phone": "03-1234-5678"},
    ],
)
def test_identifying_data_makes_a_lead_known(lead: dict[str, Any]) -> None:
    assert signal_of({**FORM, "lead": lead}).holds_personal_data


def test_declared_attributes_identify_no_person() -> None:
    lead = {"anonymous_id": "c", "profile": {"industry": "steel", "region": None}}
    signal = signal_of({**FORM, "lead": lead})
    assert signal.attributes == {"industry": "steel"}


def test_a_role_mailbox_identifies_its_company_and_no_person() -> None:
    lead = {"email": "info@example.co.jp", "anonymous_id": "c"}
    signal = signal_of({**FORM, "lead": lead})
    assert [one.kind for one in signal.identifiers] == ["anonymous_id"]
    assert signal.account_identifiers == (DIGESTS.identifier("domain", "example.co.jp"),)
    assert not signal.names_account


def test_a_free_mail_address_identifies_no_company() -> None:
    signal = signal_of({**FORM, "lead": {"email": "hanako@gmail.com"}})
    assert (signal.attributes, signal.account_identifiers) == ({"free_mail": True}, ())


def test_a_company_name_alone_does_not_replace_the_company_of_the_address() -> None:
    signal = signal_of({**FORM, "account": {"name": "例社"}})
    assert signal.account_identifiers == (DIGESTS.identifier("domain", "example.co.jp"),)
    assert not signal.names_account
    assert signal.personal is not None
    assert "例社".encode() in signal.personal


def test_a_company_id_replaces_the_company_of_the_address() -> None:
    account_id = "01930000-0000-7000-8000-000000000000"
    signal = signal_of({**FORM, "account": {"id": account_id}})
    assert (signal.account_id, signal.account_identifiers) == (account_id, ())
    assert signal.names_account
    assert signal.personal == orjson.dumps({"lead": FORM["lead"]})


def test_a_deal_can_be_found_again_by_its_number() -> None:
    data = {"opportunity": "d-1"}
    signal = signal_of({"id": "1", "type": "opportunity.won", "data": data})
    assert (signal.subject, signal.references) == (
        SubjectKind.LEAD,
        (DIGESTS.identifier("opportunity", "website/d-1"),),
    )


DEAL, ORDER = (
    DIGESTS.identifier(kind, f"website/{number}")
    for kind, number in (("opportunity", "d-1"), ("order", "o-1"))
)
DESK = {"email": "info@example.co.jp"}


@pytest.mark.parametrize(
    ("parties", "data", "subject", "references"),
    [
        ({"lead": {"anonymous_id": "c"}}, {}, SubjectKind.LEAD, (ORDER,)),
        ({"account": {"domain": "example.com"}}, {}, SubjectKind.ACCOUNT, (ORDER,)),
        ({"lead": DESK}, {}, SubjectKind.ACCOUNT, (ORDER,)),
        ({}, {"opportunity": "d-1"}, SubjectKind.LEAD, (DEAL, ORDER)),
        ({}, {}, SubjectKind.LEAD, (ORDER,)),
    ],
)
def test_an_order_is_read_as_about_a_lead_unless_it_names_an_account_alone(
    parties: dict[str, Any],
    data: dict[str, Any],
    subject: SubjectKind,
    references: tuple[Identifier, ...],
) -> None:
    order = {"id": "1", "type": "order.recorded", "data": {"order": "o-1", **data}}
    signal = signal_of({**order, **parties})
    assert (signal.subject, signal.references) == (subject, references)


def test_anything_but_an_object_is_refused() -> None:
    assert refusal_of([FORM]) == Refusal(
        "event-invalid", "An event is a JSON object.", "", {"found": "list"}
    )


@pytest.mark.parametrize(
    ("change", "pointer", "expected"),
    [
        ({"id": None}, "/id", "a string"),
        ({"id": ""}, "/id", "a string of at least 1 characters"),
        ({"id": "x" * 256}, "/id", "a string of at most 255 characters"),
        ({"id": 7}, "/id", "a string"),
        ({"type": "フォーム"}, "/type", f"a string that matches {ASCII}"),
        ({"source": ""}, "/source", "a string of at least 1 characters"),
        ({"source": " website"}, "/source", f"a string that matches {ASCII}"),
        ({"time": 0}, "/time", "a string"),
        ({"actor": ""}, "/actor", "a string of at least 1 characters"),
        ({"lead": []}, "/lead", "an object"),
        ({"lead": {"email": 7}}, "/lead/email", "a string"),
        ({"lead": {"email": "x" * 1025}}, "/lead/email", "a string of at most 1024 characters"),
        (
            {"lead": {"id": "0193"}},
            "/lead/id",
            r"a string that matches ^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$",
        ),
        ({"lead": {"external_ids": {"crm": 1}}}, "/lead/external_ids/crm", "a string"),
        ({"data": [1]}, "/data", "an object"),
    ],
)
def test_a_wrong_shape_is_refused_with_the_place_and_never_the_value(
    change: dict[str, Any], pointer: str, expected: str
) -> None:
    refusal = refusal_of({**FORM, **change})
    assert (refusal.reason, refusal.pointer, refusal.members) == (
        "event-invalid",
        pointer,
        {"expected": expected},
    )


@pytest.mark.parametrize(("field", "pointer"), [("id", "/id"), ("type", "/type")])
def test_a_missing_field_is_refused_with_its_place(field: str, pointer: str) -> None:
    reported = {name: value for name, value in FORM.items() if name != field}
    assert refusal_of(reported) == Refusal(
        "event-invalid", f"The field {field} is missing.", pointer, {"expected": "a value"}
    )


@pytest.mark.parametrize(
    ("change", "pointer", "known"),
    [
        ({"form": "x"}, "/form", "id"),
        ({"a/b~c": 1}, "/a~1b~0c", "id"),
        ({"lead": {"mail": "x"}}, "/lead/mail", "email"),
        ({"account": {"email": "x"}}, "/account/email", "domain"),
    ],
)
def test_an_unknown_name_is_refused_with_those_that_are_known(
    change: dict[str, Any], pointer: str, known: str
) -> None:
    refusal = refusal_of({**FORM, **change})
    assert (refusal.reason, refusal.pointer) == ("event-invalid", pointer)
    assert known in refusal.members["expected"]


def test_an_unknown_type_is_refused_with_the_nearest_known() -> None:
    assert refusal_of({**FORM, "type": "form.submited"}) == Refusal(
        "event-type-unknown",
        "The lifecycle demand_funnel has no event type of this name. Did you mean form.submitted?",
        "/type",
        {"found": "form.submited", "nearest": ["form.submitted"]},
    )


def test_a_type_like_nothing_known_is_refused_without_a_guess() -> None:
    refusal = refusal_of({**FORM, "type": "qqqq"})
    assert refusal.members == {"found": "qqqq", "nearest": []}


@pytest.mark.parametrize("type", ["identity.linked", "lifecycle.published", "lead.reconsidered"])
def test_the_services_own_types_are_never_taken(type: str) -> None:
    refusal = refusal_of({**FORM, "type": type})
    assert (refusal.reason, refusal.pointer) == ("event-type-reserved", "/type")


@pytest.mark.parametrize(
    ("type", "scope"),
    [
        ("form.submitted", "events:write"),
        ("lead.sales_accepted", "decisions:write"),
        ("stage.corrected", "ledger:admin"),
    ],
)
def test_a_refusal_names_the_scope_that_the_key_lacks(type: str, scope: str) -> None:
    refusal = refusal_of({**FORM, "type": type}, SENDER._replace(scopes=EVERY_RIGHT - {scope}))
    assert (refusal.reason, refusal.members) == ("scope-missing", {"expected": scope})


@pytest.mark.parametrize("department", [None, "marketing"])
def test_a_decision_of_another_department_is_refused(department: str | None) -> None:
    sender = SENDER._replace(department=department, scopes=frozenset({"decisions:write"}))
    refusal = refusal_of({**FORM, "type": "lead.sales_accepted"}, sender)
    assert (refusal.reason, refusal.members) == (
        "department-not-allowed",
        {"expected": ["inside_sales", "field_sales"], "found": department},
    )


def test_a_decision_of_the_own_department_is_taken() -> None:
    sender = SENDER._replace(department="field_sales", scopes=frozenset({"decisions:write"}))
    assert signal_of({**FORM, "type": "lead.sales_accepted"}, sender).department == "field_sales"


ADMINISTRATOR = SENDER._replace(scopes=frozenset({"events:write", "ledger:admin"}))


@pytest.mark.parametrize(
    ("sender", "said"),
    [
        (ADMINISTRATOR, "field_sales"),
        (ADMINISTRATOR, "フィールドセールス"),
        (SENDER._replace(department="field_sales"), "FS"),
        (SENDER._replace(department="field_sales"), None),
    ],
)
def test_a_report_is_of_the_department_that_the_key_may_speak_for(
    sender: Sender, said: str | None
) -> None:
    assert signal_of({**FORM, "department": said}, sender).department == "field_sales"


@pytest.mark.parametrize("department", [None, "marketing"])
def test_a_key_without_admin_rights_speaks_for_no_other_department(
    department: str | None,
) -> None:
    sender = SENDER._replace(department=department, scopes=frozenset({"events:write"}))
    refused = refusal_of({**FORM, "department": "field_sales"}, sender)
    assert (refused.reason, refused.pointer) == ("department-not-allowed", "/department")


@pytest.mark.parametrize("said", ["kitchen", "sales", "営業"])
def test_only_a_department_that_people_belong_to_has_done_something(said: str) -> None:
    refused = refusal_of({**FORM, "department": said}, ADMINISTRATOR)
    assert (refused.reason, refused.pointer) == ("event-invalid", "/department")
    assert "field_sales" in refused.members["expected"]


@pytest.mark.parametrize("source", ["crm", "leadledger"])
def test_a_key_speaks_for_its_own_sources_only(source: str) -> None:
    refusal = refusal_of({**FORM, "source": source})
    assert (refusal.reason, refusal.pointer) == ("source-not-allowed", "/source")


def test_a_key_for_every_source_still_does_not_speak_for_the_service() -> None:
    sender = SENDER._replace(sources=("import", "*"))
    assert signal_of({**FORM, "source": "crm"}, sender).source == "crm"
    assert refusal_of({**FORM, "source": "leadledger"}, sender).reason == "source-not-allowed"


@pytest.mark.parametrize("field", ["time", "sent_at"])
def test_a_time_without_offset_is_refused_with_its_place(field: str) -> None:
    refusal = refusal_of({**FORM, field: "2026-11-22T10:15:00"})
    assert (refusal.reason, refusal.pointer) == ("event-invalid", f"/{field}")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"lead": {"email": "hanako"}}, "/lead/email"),
        ({"lead": {"phone": "call me"}}, "/lead/phone"),
        ({"lead": {"external_ids": {"email": "x"}}}, "/lead/external_ids/email"),
        ({"lead": {"external_ids": {"opportunity": "x"}}}, "/lead/external_ids/opportunity"),
        ({"lead": {"external_ids": {"account:a/b": "x"}}}, "/lead/external_ids/account:a~1b"),
        ({"lead": {"anonymous_id": "c", "profile": {"industry": 7}}}, "/lead/profile/industry"),
        ({"account": {"external_ids": {"domain": "x"}}}, "/account/external_ids/domain"),
        ({"data": {"form": 7}}, "/data/form"),
        ({"lead": {}}, "/lead"),
        ({"lead": None}, "/lead"),
        ({"lead": {"name": "花子"}}, "/lead"),
        ({"lead": {"email": "info@example.co.jp"}}, "/lead/email"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(
    change: dict[str, Any], pointer: str
) -> None:
    refusal = refusal_of({**FORM, **change})
    assert (refusal.reason, refusal.pointer) == ("event-invalid", pointer)


def test_an_event_about_a_company_names_one() -> None:
    listed = {"id": "1", "type": "market.target_listed", "lead": {"anonymous_id": "c"}}
    assert refusal_of(listed).pointer == "/account"
    assert refusal_of({**listed, "account": {"domain": "no domain"}}).pointer == "/account/domain"
    assert signal_of({**listed, "account": {"name": "例社"}}).subject == "account"
    assert signal_of({**listed, "account": {"domain": "example.com"}}).subject == "account"


def test_useless_identifiers_are_left_out_if_another_one_identifies_the_person() -> None:
    signal = signal_of(
        {
            **FORM,
            "lead": {"email": "hanako@example.co.jp", "phone": "なし", "user_id": "undefined"},
            "account": {"domain": "https://co.jp/", "name": "-"},
        }
    )
    assert signal.identifiers == (DIGESTS.identifier("email", "hanako@example.co.jp"),)
    assert signal.account_identifiers == (DIGESTS.identifier("domain", "example.co.jp"),)
    assert signal.ignored == (
        Ignored("phone", "placeholder"),
        Ignored("user_id", "placeholder"),
        Ignored("domain", "public_suffix"),
        Ignored("name", "placeholder"),
    )


def test_where_nothing_identifies_a_person_the_refusal_says_of_each_why() -> None:
    refusal = refusal_of({**FORM, "lead": {"email": "hanako＠", "phone": "なし"}})
    assert (refusal.reason, refusal.pointer) == ("event-invalid", "/lead/email")
    assert refusal.detail.startswith(
        "An email must be local@domain. phone is a placeholder, not an answer. "
        "form.submitted is about a lead: name it by id,"
    )
    assert refusal.members == {
        "ignored": [
            {"kind": "email", "reason": "malformed"},
            {"kind": "phone", "reason": "placeholder"},
        ]
    }


def test_a_cookie_that_says_undefined_is_not_a_browser() -> None:
    assert refusal_of({**FORM, "lead": {"anonymous_id": "undefined"}}).pointer == (
        "/lead/anonymous_id"
    )


def test_an_order_whose_buyer_cannot_be_read_is_not_one_without_a_buyer() -> None:
    order = {"id": "o", "type": "order.recorded", "data": {"order": "1", "value": 100}}
    assert refusal_of({**order, "lead": {"email": "hanako＠"}}).pointer == "/lead/email"
    assert signal_of({**order, "lead": {"email": "なし"}}).ignored == (
        Ignored("email", "placeholder"),
    )
    of_company = {**order, "lead": {"email": "hanako＠"}, "account": {"domain": "x.example"}}
    assert signal_of(of_company).subject == "account"


def test_a_free_mail_provider_covers_its_subdomains() -> None:
    signal = signal_of({**FORM, "lead": {"email": "taro@aqua.ocn.ne.jp"}})
    assert (signal.attributes, signal.account_identifiers) == ({"free_mail": True}, ())


def test_rules_see_the_full_mail_domain_and_the_company_is_the_registered_domain() -> None:
    signal = signal_of({**FORM, "lead": {"email": "taro@lab.example.ac.jp"}})
    assert (signal.mail_domain, signal.attributes) == ("lab.example.ac.jp", {})
    assert signal.account_identifiers == (DIGESTS.identifier("domain", "example.ac.jp"),)


def test_putting_a_lead_with_a_company_names_the_company() -> None:
    linked = {"id": "l", "type": "account.linked", "lead": {"email": "hanako@example.co.jp"}}
    for more in ({}, {"data": {"account": "01930000-0000-7000-8000-000000000001"}}):
        refusal = refusal_of({**linked, **more})
        assert (refusal.pointer, refusal.detail) == (
            "/account",
            (
                "account.linked links a lead to a company: name it by id, domain, external_ids or "
                "name, under `account`."
            ),
        )
    by_domain = signal_of({**linked, "account": {"domain": "example.com"}})
    assert by_domain.account_identifiers == (DIGESTS.identifier("domain", "example.com"),)
    by_name = signal_of({**linked, "account": {"name": "例社"}})
    assert (by_name.account_identifiers, by_name.names_account) == ((), True)


def test_a_refusal_never_repeats_what_was_sent() -> None:
    secret = "hanako-sato"
    for change in (
        {"lead": {"email": secret}},
        {"lead": {"phone": secret}},
        {"lead": {"phone": secret}, "account": {"domain": secret}},
        {"time": secret},
        {"data": {"form": [secret]}},
        {"lead": {"id": secret}},
    ):
        assert secret not in repr(refusal_of({**FORM, **change}))


def test_the_schema_describes_what_is_read() -> None:
    schema = native.json_schema()
    assert set(schema["properties"]) == {
        "id",
        "type",
        "source",
        "time",
        "sent_at",
        "actor",
        "department",
        "lead",
        "account",
        "data",
    }
    assert schema["required"] == ["id", "type"]
