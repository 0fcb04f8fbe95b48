"""The same page can be written in many ways."""

import pytest

from domain.lifecycle.text.complaints import LifecycleInvalid
from domain.pages import path_of, recordable, reduced
from events.signals.fields import coded
from tests.support.stories import demand_funnel


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/pricing", "/pricing"),
        ("/pricing/", "/pricing"),
        ("/pricing?utm_source=mail&x=/", "/pricing"),
        ("/pricing/#plans", "/pricing"),
        ("https://www.Acme.example/pricing/?a=1#b", "www.acme.example/pricing"),
        ("//www.acme.example/pricing", "www.acme.example/pricing"),
        ("https://hanako:secret@acme.example:8443/a", "acme.example:8443/a"),
        ("https://acme.example", "acme.example/"),
        ("https://acme.example/?q=hanako@acme.example", "acme.example/"),
        ("/", "/"),
        ("//", "/"),
        ("/%E6%96%99%E9%87%91/", "/料金"),
        ("/料金", "/料金"),
        ("/a%2Fb", "/a%2Fb"),
        ("/%ff", "/%ff"),
        ("Pricing", "Pricing"),
        ("", ""),
    ],
)
def test_an_address_is_reduced_to_host_and_path(address: str, expected: str) -> None:
    assert reduced(address) == expected
    assert reduced(reduced(address)) == reduced(address)


def test_pages_are_compared_by_their_path_wherever_they_lie() -> None:
    written = ("/pricing", "/pricing/", "/pricing?x=1", "https://acme.example/pricing#plans")
    assert {path_of(one) for one in written} == {"/pricing"}
    assert path_of("https://acme.example") == path_of("/") == "/"
    assert path_of("Pricing") == "Pricing"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://www.acme.example/members/hanako@acme.example/orders", ":address/orders"),
        ("/members/hanako%40acme.example/orders", ":address/orders"),
        ("/members/hanako%2540acme.example/orders", ":address/orders"),
        ("/members/+81-90-1234-5678/orders", ":telephone/orders"),
        ("/members/0901234%35678", ":telephone"),
        ("/members/03-1234-5678", ":telephone"),
        ("/members/09012345678/orders", ":telephone/orders"),
        ("/members/8c0a3f6e-5d1b-4c2a-9e7f-1b2d3c4e5f60", ":token"),
        ("/members/0A1B2C3D4E5F60718293", ":token"),
        ("/members/Zk3xQ9vT7rB2mN8wL5pD1sYc", ":token"),
        ("/members/Zk3x-9vT7rB2m_8wL5pD1sYc=", ":token"),
        ("/members/eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl", ":token"),
        ("/members/山田花子", ":text"),
        ("/members/%E5%B1%B1%E7%94%B0/orders", ":text/orders"),
        ("/members/a%00b", ":text"),
        ("/members/a;jsessionid=0A1B2C3D", "a"),
        ("/members/12345", "12345"),
        ("/members/20261130123456", "20261130123456"),
        ("/members/ten-things-to-know-about-b2b-in-2026", "ten-things-to-know-about-b2b-in-2026"),
    ],
)
def test_a_segment_about_a_person_is_recorded_as_its_kind(address: str, expected: str) -> None:
    page = recordable(reduced(address))
    assert path_of(page) == f"/members/{expected}"
    assert recordable(page) == page


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("mailto:hanako@acme.example", ":address"),
        ("tel:+819012345678", ":telephone"),
        ("花子のページ", ":text"),
        ("Pricing", "Pricing"),
    ],
)
def test_what_is_not_an_address_of_a_page_is_judged_as_one_segment(
    address: str, expected: str
) -> None:
    assert recordable(reduced(address)) == expected


def test_a_page_that_the_lifecycle_lists_is_recorded_as_it_is() -> None:
    """So that a rule about a page whose path is not ASCII still finds it."""
    shipped = "pricing_pages: [/price, /pricing, /plans]"
    listed = demand_funnel(
        changes=((shipped, "pricing_pages: [/料金, /reset/0a1b2c3d4e5f60718293]"),)
    )
    field = listed.lifecycle.events["visit.recorded"].fields["page"]
    assert coded(field, "https://acme.example/%E6%96%99%E9%87%91?a=b") == "acme.example/料金"
    assert coded(field, "/reset/0a1b2c3d4e5f60718293") == "/reset/0a1b2c3d4e5f60718293"
    assert coded(field, "/reset/1a1b2c3d4e5f60718293") == "/reset/:token"


def test_a_condition_on_a_page_that_is_recorded_otherwise_is_a_mistake() -> None:
    tested = "event.page: {in_list: pricing_pages}"
    with pytest.raises(LifecycleInvalid, match="recorded as '/:text'; put it in a list"):
        demand_funnel(changes=((tested, "event.page: /料金"),))


def test_a_page_is_recorded_without_its_query() -> None:
    field = demand_funnel().lifecycle.events["visit.recorded"].fields["page"]
    assert coded(field, "/pricing/?email=hanako@acme.example") == "/pricing"
