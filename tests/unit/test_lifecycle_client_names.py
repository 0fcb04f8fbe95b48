"""The names used by analytics clients: read from the lifecycle, with every mistake at its line."""

import pytest

from domain.lifecycle.client_names import (
    USUAL_CALLS,
    ClientCall,
    ClientNames,
    Identifying,
    PersonField,
)
from domain.lifecycle.definition import EventKind, Lifecycle
from domain.lifecycle.text.load import inspect, load
from tests.support.small_lifecycle import SMALL
from tests.support.stories import demand_funnel

BEGINS = len(SMALL.splitlines()) + 1


def names_of(section: str) -> ClientNames:
    return load(f"{SMALL}client_names:\n{section}").client_names


def complaints_of(section: str) -> list[str]:
    return [str(one) for one in inspect(f"{SMALL}client_names:\n{section}").complaints if one.fatal]


def test_without_the_section_calls_report_what_they_usually_do() -> None:
    assert load(SMALL).client_names == ClientNames(USUAL_CALLS, {})


def test_a_company_says_what_a_call_reports() -> None:
    names = names_of("  calls: {identify: visit.recorded, company: company.listed}\n")
    assert names.calls == {
        **USUAL_CALLS,
        ClientCall.IDENTIFY: "visit.recorded",
        ClientCall.COMPANY: "company.listed",
    }


def test_names_are_listed_by_event_type_and_found_without_regard_to_case_and_width() -> None:
    names = names_of(
        "  events:\n    visit.recorded: [Page  Seen, ｓｅｅｎ]\n    deal.opened: Deal\n"
    )
    assert names.events == {
        "page  seen": "visit.recorded",
        "seen": "visit.recorded",
        "deal": "deal.opened",
    }


def test_a_company_declares_which_properties_identify_the_person() -> None:
    names = names_of(
        "  identifying:\n"
        "    types: visit.recorded\n"
        "    properties: {email: [E-Mail, ｍａｉｌ], phone: tel}\n"
    )
    assert names.identifying == Identifying(
        frozenset({"visit.recorded"}),
        {"e-mail": PersonField.EMAIL, "mail": PersonField.EMAIL, "tel": PersonField.PHONE},
    )


@pytest.mark.parametrize(
    ("section", "line", "complaint"),
    [
        (
            "  names: {}\n",
            1,
            "client_names.names: unknown key; known are calls, events, identifying",
        ),
        (
            "  calls: {visit: visit.recorded}\n",
            1,
            (
                "client_names.calls.visit: unknown key; "
                "known are identify, page, screen, group, company, alias, track"
            ),
        ),
        (
            "  calls:\n    page: lead.accepted\n",
            2,
            (
                "client_names.calls.page: 'lead.accepted' is not a fact about the lead; "
                "known are visit.recorded, deal.opened"
            ),
        ),
        (
            "  calls:\n    company: visit.recorded\n",
            2,
            (
                "client_names.calls.company: 'visit.recorded' is not a fact about the account; "
                "known are company.listed"
            ),
        ),
        (
            "  events:\n    lead.pushed: [Pushed]\n",
            2,
            (
                "client_names.events.lead.pushed: unknown key; "
                "known are visit.recorded, deal.opened, company.listed"
            ),
        ),
        (
            "  events:\n    visit.recorded: [Seen]\n    deal.opened:\n      - seen\n",
            4,
            f"client_names.events.deal.opened[0]: occurs twice; the first is on line {BEGINS + 2}",
        ),
        (
            "  identifying:\n    types: [visit.recorded, lead.accepted]\n    properties: {}\n",
            2,
            (
                "client_names.identifying.types[1]: 'lead.accepted' is not a fact about the lead; "
                "known are visit.recorded, deal.opened"
            ),
        ),
        (
            "  identifying:\n    types: company.listed\n    properties: {}\n",
            2,
            (
                "client_names.identifying.types: 'company.listed' is not a fact about the lead; "
                "known are visit.recorded, deal.opened"
            ),
        ),
        (
            "  identifying:\n    types: [visit.recorded]\n",
            1,
            "client_names.identifying: `properties` is missing",
        ),
        (
            "  identifying:\n    types: []\n    properties:\n      mail: [e-mail]\n",
            4,
            (
                "client_names.identifying.properties.mail: unknown key; "
                "known are email, phone, user_id, name"
            ),
        ),
        (
            "  identifying:\n    types: []\n    properties: {email: mail, name: Mail}\n",
            3,
            (
                "client_names.identifying.properties.name: occurs twice; "
                f"the first is on line {BEGINS + 3}"
            ),
        ),
        (
            "  events:\n    visit.recorded: [7]\n",
            2,
            "client_names.events.visit.recorded[0]: expected text; write it in quotes: '7'",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(section: str, line: int, complaint: str) -> None:
    assert complaints_of(section) == [f"line {BEGINS + line}: {complaint}"]


def test_a_fact_that_not_every_key_may_report_is_not_for_clients() -> None:
    text = SMALL.replace(
        "visit.recorded: {label: {en: visit}",
        "visit.recorded: {label: {en: visit}, right: decisions:write",
    )
    found = inspect(f"{text}client_names:\n  calls: {{page: visit.recorded}}\n").complaints
    assert [one.line for one in found if one.fatal] == [BEGINS + 1]


@pytest.fixture(scope="module")
def funnel() -> Lifecycle:
    return demand_funnel().lifecycle


def test_the_shipped_funnel_says_for_every_call_what_the_usual_meaning_is(
    funnel: Lifecycle,
) -> None:
    assert funnel.client_names.calls == USUAL_CALLS


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("form submitted", "form.submitted"),
        ("generate_lead", "form.submitted"),
        ("email opened", "email.opened"),
        ("file_download", "content.downloaded"),
    ],
)
def test_the_shipped_funnel_knows_the_names_of_the_usual_tools(
    funnel: Lifecycle, name: str, type: str
) -> None:
    assert funnel.client_names.events[name] == type


def test_no_name_of_the_shipped_funnel_leads_to_an_event_that_needs_a_field(
    funnel: Lifecycle,
) -> None:
    """Senders who have never heard of our fields would be refused for each of them."""
    types = {*funnel.client_names.events.values(), *funnel.client_names.calls.values()}
    for type in types:
        event = funnel.events[type]
        assert event.kind is EventKind.FACT
        assert not [field for field in event.fields.values() if field.required], type
