"""Messages go to public addresses only: every other kind of address is refused by name."""

from ipaddress import ip_address

import pytest

from service.webhooks.addresses import AddressRefused, check_addresses, check_url, is_public

NOT_PUBLIC = {
    "loopback": ("127.0.0.1", "127.255.255.254", "::1"),
    "unspecified": ("0.0.0.0", "0.1.2.3", "::"),
    "private": ("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "fc00::1", "fd12::1"),
    "link-local": ("169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0"),
    "site-local": ("fec0::1",),
    "shared by a carrier": ("100.64.0.1", "100.127.255.254"),
    "multicast": ("224.0.0.1", "224.0.1.1", "239.255.255.255", "ff02::1", "ff0e::1"),
    "reserved": ("240.0.0.1", "255.255.255.255", "4000::1", "::2", "5f00::1"),
    "benchmarking": ("198.18.0.1", "198.19.255.255", "2001:2::1"),
    "documentation": ("192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"),
    "protocol assignments": ("192.0.0.8", "192.0.0.10", "2001:20::1", "100::1"),
    "IPv4 mapped": ("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8"),
    "IPv4 compatible": ("::127.0.0.1",),
    "translated": ("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1"),
    "6to4": ("2002:7f00:1::1", "192.88.99.1"),
    "Teredo": ("2001:0:7f00:1::1",),
}
PUBLIC = ("8.8.8.8", "93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00::1")


@pytest.mark.parametrize(
    ("kind", "address"), [(kind, one) for kind, found in NOT_PUBLIC.items() for one in found]
)
def test_an_address_that_is_not_public_is_refused(kind: str, address: str) -> None:
    assert not is_public(ip_address(address)), kind
    with pytest.raises(AddressRefused, match="not public"):
        check_addresses(("8.8.8.8", address), allows_private=False)
    check_addresses((address,), allows_private=True)
    host = f"[{address}]" if ":" in address else address
    if "%" not in address:
        with pytest.raises(AddressRefused, match="not public"):
            check_url(f"https://{host}/hooks", allows_private=False)


@pytest.mark.parametrize(
    "host",
    [
        "127.1", "127.0.1", "0x7f.1", "0X7F.0.0.1", "0x7f000001", "2130706433", "017700000001",
        "0177.0.0.1", "127.0.0.1.", "127.1.", "1", "0", "0x", "169.254.169.254.", "256.1.1.1",
        "10.0.0.0x1", "1.2.3.4.5", "a.127.1",
    ],
)  # fmt: skip
def test_an_address_in_another_spelling_is_refused_when_it_is_typed(host: str) -> None:
    with pytest.raises(AddressRefused, match=r"four decimal numbers|not public|expected a URL"):
        check_url(f"https://{host}/hooks", allows_private=False)


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LOCALHOST", "localhost.", "db.localhost", "printer.local", "api.internal",
        "metadata.google.internal", "nas.home.arpa", "db.lan", "wiki.corp", "postgres",
        "localhost.localdomain", "crm.intranet",
    ],
)  # fmt: skip
def test_a_name_of_ones_own_network_is_refused_when_it_is_typed(host: str) -> None:
    with pytest.raises(AddressRefused, match="name of a public host"):
        check_url(f"https://{host}/hooks", allows_private=False)
    assert check_url(f"https://{host}/hooks", allows_private=True).host


@pytest.mark.parametrize("host", ["１２７.0.0.1", "127。0。0。1", "ⓛocalhost", "loc\u00adalhost"])
def test_letters_that_only_look_different_lead_nowhere_else(host: str) -> None:
    with pytest.raises(AddressRefused):
        check_url(f"https://{host}/hooks", allows_private=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_taken(address: str) -> None:
    assert is_public(ip_address(address))
    check_addresses((address,), allows_private=False)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("", "expected https://"),
        ("hooks", "expected https://"),
        ("http://example.com/", "expected https://"),
        ("ftp://example.com/", "expected https://"),
        ("file:///etc/passwd", "expected https://"),
        ("https://", "a host"),
        ("https:///hooks", "a host"),
        ("https://me:secret@example.com/", "without a user"),
        ("https://example.com/#part", "or a fragment"),
        ("https://example.com:22/", "one of the ports 443, 8443"),
        ("https://example.com:99999/", "one of the ports"),
        ("https://example.com:0/", "one of the ports"),
        ("https://exa mple.com/", "a host"),
        ("https://exa%00mple.com/", "a host"),
        ("https://example.com/\r\nhost: x", "a URL"),
        ("https://example.com/" + "x" * 2000, "at most 2000"),
    ],
)
def test_an_unacceptable_url_is_refused_with_what_was_expected(url: str, complaint: str) -> None:
    with pytest.raises(AddressRefused, match=complaint):
        check_url(url, allows_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com:8443/a?b=c",
        "https://例え.jp/",
        "https://local.example.com/",
        "https://internal.example.jp./",
        "https://0x7f.example.com/",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
    ],
)
def test_a_url_that_suits_is_taken(url: str) -> None:
    assert check_url(url, allows_private=False).scheme == "https"


def test_in_ones_own_network_http_and_every_port_will_do() -> None:
    assert check_url("http://10.1.2.3:5000/hooks", allows_private=True).port == 5000
    for url in (
        "http://10.1.2.3:0/",
        "http://10.1.2.3:65536/",
        "ftp://10.1.2.3/",
        "http://me@10.1.2.3/",
        "http://",
    ):
        with pytest.raises(AddressRefused):
            check_url(url, allows_private=True)
