"""Which requests may see a page at all, judged by their head."""

from typing import Any

import pytest

from service.http.problem import Problem
from service.sessions.arrival import Arrival, TrustedProxies, arrival_of
from service.settings import SettingsInvalid, read_settings

NO_PROXIES = TrustedProxies(())
PROXIES = TrustedProxies.from_text("10.0.0.0/8, fd00::1")


def arrived(
    proxies: TrustedProxies = NO_PROXIES, client: str = "192.0.2.1", **headers: str
) -> Arrival:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = [(name.encode(), value.encode()) for name, value in named.items()]
    # What the visitor sent comes before what the proxy adds.
    sent.insert(0, (b"x-forwarded-proto", b"gopher"))
    scope: dict[str, Any] = {"scheme": "http", "client": (client, 1), "headers": sent}
    return arrival_of(scope, named, proxies)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:8080", "127.9.9.9"])
def test_a_loopback_address_needs_no_https(host: str) -> None:
    assert arrived(host=host) == Arrival(host, is_https=False)


@pytest.mark.parametrize(
    "host",
    ["leads.example.jp", "192.168.0.1:8080", "localhost.example.jp", "", "[", "localhost:99999"],
)
def test_any_other_address_does(host: str) -> None:
    with pytest.raises(Problem) as refused:
        arrived(host=host)
    assert refused.value.reason == "https-needed"


def test_only_a_trusted_proxy_can_say_that_it_received_https() -> None:
    said = {"host": "leads.example.jp", "x_forwarded_proto": "http, https"}
    assert arrived(PROXIES, "10.1.2.3", **said).is_https
    assert arrived(PROXIES, "fd00::1", **said).is_https
    for proxies, client in ((PROXIES, "192.0.2.1"), (NO_PROXIES, "10.1.2.3"), (PROXIES, "unix")):
        with pytest.raises(Problem):
            arrived(proxies, client, **said)
    with pytest.raises(Problem):
        arrived(PROXIES, "10.1.2.3", host="leads.example.jp", x_forwarded_proto="https, http")


def test_the_cookie_is_bound_to_this_host_or_on_loopback_to_the_port() -> None:
    remote, local = (
        Arrival("leads.example.jp", is_https=True),
        Arrival("localhost:8081", is_https=False),
    )
    assert remote.set_cookie("t", seconds=60) == (
        "__Host-leadledger=t; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
    )
    assert local.set_cookie("t", seconds=60) == (
        "leadledger-8081=t; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
    )
    both = {"cookie": "leadledger-8080=other; leadledger-8081=mine; __Host-leadledger=secure"}
    assert local.token(both) == "mine"
    assert remote.token(both) == "secure"
    assert remote.token({"cookie": 'a={"b":1}; =; c@d=e; __Host-leadledger=mine'}) == "mine"
    assert remote.token({"cookie": "leadledger=; ="}) is None
    assert remote.token({}) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": "https://leads.example.jp"},
    ],
)
def test_a_form_of_our_own_pages_is_accepted(headers: dict[str, str]) -> None:
    Arrival("leads.example.jp", is_https=True).check_form(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "https://leads.example.jp"},
        {"origin": "https://evil.example"},
        {"origin": "http://leads.example.jp"},
        {"origin": "null"},
    ],
)
def test_any_other_form_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Problem) as refused:
        Arrival("leads.example.jp", is_https=True).check_form(headers)
    assert refused.value.reason == "form-foreign"


def test_a_proxy_that_is_no_address_is_refused_at_the_start() -> None:
    with pytest.raises(
        SettingsInvalid, match=r"TRUSTED_PROXIES: expected addresses .* found proxy"
    ):
        read_settings({"LEADLEDGER_TRUSTED_PROXIES": "10.0.0.1, proxy"})
