"""Any requested webhook address is either public or refused, and never causes a fault."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from hypothesis import example, given
from hypothesis import strategies as st

from service.webhooks.addresses import AddressRefused, check_url, is_public, port_of
from service.webhooks.limits import PORTS

HOSTS = st.one_of(
    st.text(max_size=12),
    st.ip_addresses().map(lambda one: f"[{one}]" if one.version == 6 else str(one)),
    st.from_regex(r"[a-z0-9.\-]{1,20}", fullmatch=True),
)
URLS = st.one_of(
    st.text(max_size=40),
    st.builds(
        "{}://{}{}{}".format,
        st.sampled_from(["https", "http", "HTTPS", "ftp", ""]),
        HOSTS,
        st.one_of(st.just(""), st.integers(-1, 70_000).map(":{}".format), st.text(max_size=4)),
        st.text(max_size=12),
    ),
)


@given(url=URLS, allows_private=st.booleans())
@example(url="https://xn--a", allows_private=False)
@example(url="https://[::1", allows_private=False)
@example(url="https://a:b", allows_private=True)
@example(url="https://127.0.0.1\\@example.com", allows_private=False)
def test_a_url_is_accepted_or_refused_and_never_a_fault(url: str, *, allows_private: bool) -> None:
    try:
        taken = check_url(url, allows_private=allows_private)
    except AddressRefused:
        return
    assert taken.scheme == "https" or allows_private
    assert taken.userinfo == b""
    assert allows_private or port_of(taken) in PORTS
    # The text that is sent has one line and one host, however it is parsed.
    assert str(taken).isprintable()
    assert urlsplit(str(taken)).hostname
    try:
        address = ip_address(taken.host)
    except ValueError:
        return
    assert allows_private or is_public(address)


@given(st.ip_addresses(v=4))
def test_no_spelling_of_an_ipv4_address_in_ipv6_is_public(address: IPv4Address) -> None:
    number = int(address)
    for spelled in (
        IPv6Address(number),
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address((0x64FF9B << 96) | number),
        IPv6Address((0x2002 << 112) | (number << 80)),
        IPv6Address((0x20010000 << 96) | number),
    ):
        assert not is_public(spelled), spelled


@given(st.ip_addresses())
def test_an_address_private_to_python_is_never_public(address: IPv4Address | IPv6Address) -> None:
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        assert not is_public(address)
