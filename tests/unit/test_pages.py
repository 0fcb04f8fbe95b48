"""The same page can be written in many ways."""

import pytest

from domain.lifecycle.definition import Field
from domain.pages import path_of, reduced
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


def test_a_page_is_recorded_without_its_query() -> None:
    field = demand_funnel().lifecycle.events["visit.recorded"].fields["page"]
    assert coded(field, "/pricing/?email=hanako@acme.example") == "/pricing"
    assert coded(Field("note", "text"), "/pricing/?x=1") == "/pricing/?x=1"
