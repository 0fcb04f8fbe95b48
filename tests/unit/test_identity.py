"""Identity: identifiers to leads, as domain §8 describes."""

from collections.abc import Mapping
from typing import Any

import pytest

from domain.lead.identity import Resolution, receiver_of, resolve
from domain.lead.state import LeadState
from domain.signal import ANONYMOUS_ID, Identifier
from tests.support.stories import signal

TRUST = ("user_id", "crm", "email", "phone")
COOKIE = Identifier(ANONYMOUS_ID, b"c")
OTHER_COOKIE = Identifier(ANONYMOUS_ID, b"d")
EMAIL, OTHER_EMAIL = Identifier("email", b"h"), Identifier("email", b"t")
PHONE, CRM, ERP = Identifier("phone", b"1"), Identifier("crm", b"1"), Identifier("erp", b"1")
DEAL, ORDER = Identifier("opportunity", b"1"), Identifier("order", b"1")

VISITOR = LeadState(stage="AL")
KNOWN = LeadState(stage="MAL", known=True)


def resolved(
    *identifiers: Identifier,
    pointers: Mapping[Identifier, str] | None = None,
    leads: Mapping[str, LeadState] | None = None,
    **fields: Any,
) -> Resolution | None:
    return resolve(
        signal("form.submitted", identifiers=identifiers, **fields),
        pointers=pointers or {},
        leads=leads or {},
        trust=TRUST,
        new_id="new",
    )


def test_unknown_identifiers_make_a_lead_that_all_of_them_point_to() -> None:
    assert resolved(COOKIE, EMAIL) == Resolution("new", "new", is_new=True, links=(EMAIL, COOKIE))


def test_an_unknown_cookie_makes_a_visitor() -> None:
    assert resolved(COOKIE) == Resolution("new", "new", is_new=True, links=(COOKIE,))


def test_a_known_cookie_is_its_lead_and_links_nothing() -> None:
    assert resolved(COOKIE, pointers={COOKIE: "v"}, leads={"v": VISITOR}) == Resolution("v", "v")


def test_a_known_address_is_its_lead() -> None:
    assert resolved(EMAIL, pointers={EMAIL: "k"}, leads={"k": KNOWN}) == Resolution("k", "k")


def test_an_unknown_identifier_joins_the_lead_that_its_strong_companion_names() -> None:
    assert resolved(PHONE, EMAIL, pointers={EMAIL: "k"}, leads={"k": KNOWN}) == Resolution(
        "k", "k", links=(PHONE,)
    )


def test_a_new_cookie_joins_the_known_lead_in_the_same_report() -> None:
    assert resolved(COOKIE, EMAIL, pointers={EMAIL: "k"}, leads={"k": KNOWN}) == Resolution(
        "k", "k", links=(COOKIE,)
    )


def test_a_visitor_with_an_unknown_address_becomes_known_as_the_same_lead() -> None:
    assert resolved(COOKIE, EMAIL, pointers={COOKIE: "v"}, leads={"v": VISITOR}) == Resolution(
        "v", "v", links=(EMAIL,)
    )


def test_a_visitor_with_a_known_address_is_absorbed_by_its_lead() -> None:
    found = resolved(
        COOKIE,
        EMAIL,
        pointers={COOKIE: "v", EMAIL: "k"},
        leads={"v": VISITOR, "k": KNOWN},
    )
    assert found == Resolution("k", "k", absorbs=(("v", VISITOR),))


def test_a_cookie_of_a_known_lead_never_lends_it_a_new_address() -> None:
    found = resolved(COOKIE, EMAIL, pointers={COOKIE: "k"}, leads={"k": KNOWN})
    assert found == Resolution("new", "new", is_new=True, links=(EMAIL, COOKIE))


def test_the_cookie_of_a_shared_computer_points_to_its_last_user() -> None:
    found = resolved(
        COOKIE,
        EMAIL,
        pointers={COOKIE: "k", EMAIL: "other"},
        leads={"k": KNOWN, "other": KNOWN},
    )
    assert found == Resolution("other", "other", links=(COOKIE,))


def test_a_cookie_that_points_to_the_same_lead_already_is_not_linked_again() -> None:
    found = resolved(COOKIE, EMAIL, pointers={COOKIE: "k", EMAIL: "k"}, leads={"k": KNOWN})
    assert found == Resolution("k", "k")


@pytest.mark.parametrize(
    ("more", "less"), [(CRM, EMAIL), (EMAIL, PHONE), (CRM, PHONE), (PHONE, ERP)]
)
@pytest.mark.parametrize("order", [1, -1])
def test_the_most_trusted_identifier_receives_the_event_and_the_conflict_is_reported(
    more: Identifier, less: Identifier, order: int
) -> None:
    found = resolved(
        *(more, less)[::order], pointers={more: "a", less: "b"}, leads={"a": KNOWN, "b": KNOWN}
    )
    assert found == Resolution("a", "a", conflicts=("b",))


def test_each_lead_in_conflict_is_named_once() -> None:
    found = resolved(
        CRM,
        EMAIL,
        PHONE,
        ERP,
        pointers={CRM: "a", EMAIL: "b", PHONE: "b", ERP: "c"},
        leads=dict.fromkeys("abc", KNOWN),
    )
    assert found == Resolution("a", "a", conflicts=("b", "c"))


def test_the_subject_is_the_lead_before_forwarding_and_the_receiver_the_one_after() -> None:
    leads = {"v": LeadState(absorbed_by="k"), "k": KNOWN}
    assert resolved(COOKIE, pointers={COOKIE: "v"}, leads=leads) == Resolution("v", "k")


def test_a_new_address_by_the_cookie_of_an_absorbed_visitor_is_a_new_person() -> None:
    leads = {"v": LeadState(absorbed_by="k"), "k": KNOWN}
    found = resolved(COOKIE, EMAIL, pointers={COOKIE: "v"}, leads=leads)
    assert found == Resolution("new", "new", is_new=True, links=(EMAIL, COOKIE))


def test_an_identifier_of_an_absorbed_visitor_does_not_conflict_with_the_absorbing_lead() -> None:
    leads = {"v": LeadState(absorbed_by="k"), "k": KNOWN}
    found = resolved(COOKIE, EMAIL, CRM, pointers={COOKIE: "v", EMAIL: "k", CRM: "v"}, leads=leads)
    assert found == Resolution("v", "k")


def test_forwarding_is_followed_to_its_end() -> None:
    leads = {
        "a": LeadState(absorbed_by="b"),
        "b": LeadState(absorbed_by="c"),
        "c": KNOWN,
    }
    assert receiver_of("a", leads) == "c"


def test_forwarding_in_a_circle_is_broken() -> None:
    leads = {"a": LeadState(absorbed_by="b"), "b": LeadState(absorbed_by="a")}
    with pytest.raises(AssertionError, match="b forwards to itself"):
        receiver_of("a", leads)


def test_a_lead_is_addressed_by_the_ledgers_own_id() -> None:
    assert resolved(lead_id="k", leads={"k": KNOWN}) == Resolution("k", "k")


def test_an_unknown_id_finds_no_lead() -> None:
    assert resolved(EMAIL, lead_id="stranger", pointers={EMAIL: "k"}, leads={"k": KNOWN}) is None


def test_identifiers_reported_with_an_id_are_linked_to_that_lead() -> None:
    found = resolved(EMAIL, OTHER_COOKIE, lead_id="k", leads={"k": KNOWN})
    assert found == Resolution("k", "k", links=(EMAIL, OTHER_COOKIE))


def test_an_absorbed_lead_that_is_addressed_by_id_forwards() -> None:
    leads = {"v": LeadState(absorbed_by="k"), "k": KNOWN}
    assert resolved(lead_id="v", leads=leads) == Resolution("v", "k")


def test_an_id_with_an_address_of_another_person_is_a_conflict() -> None:
    found = resolved(EMAIL, lead_id="a", pointers={EMAIL: "b"}, leads={"a": KNOWN, "b": KNOWN})
    assert found == Resolution("a", "a", conflicts=("b",))


def test_a_visitor_that_is_addressed_by_id_absorbs_no_other_visitor() -> None:
    found = resolved(
        COOKIE, lead_id="a", pointers={COOKIE: "b"}, leads={"a": VISITOR, "b": VISITOR}
    )
    assert found == Resolution("a", "a", links=(COOKIE,))


def test_a_deal_leads_to_the_lead_that_it_belongs_to() -> None:
    found = resolved(references=(ORDER, DEAL), pointers={DEAL: "k"}, leads={"k": KNOWN})
    assert found == Resolution("k", "k")


def test_a_deal_identifies_no_lead_if_a_person_is_named() -> None:
    found = resolved(
        EMAIL, references=(DEAL,), pointers={EMAIL: "a", DEAL: "b"}, leads={"a": KNOWN, "b": KNOWN}
    )
    assert found == Resolution("a", "a")


def test_an_unknown_deal_alone_finds_no_lead() -> None:
    assert resolved(references=(DEAL,)) is None


def test_an_order_of_an_absorbed_visitor_reaches_the_absorbing_lead() -> None:
    leads = {"v": LeadState(absorbed_by="k"), "k": KNOWN}
    found = resolved(references=(ORDER,), pointers={ORDER: "v"}, leads=leads)
    assert found == Resolution("v", "k")


def test_a_second_address_reported_with_a_known_person_is_linked_to_the_person() -> None:
    found = resolved(CRM, OTHER_EMAIL, pointers={CRM: "k"}, leads={"k": KNOWN})
    assert found == Resolution("k", "k", links=(OTHER_EMAIL,))
