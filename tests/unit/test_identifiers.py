"""Identifiers: however it was written, the same person is found again."""

import pytest

from events.signals.identifiers import company_domain, email, host, phone


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("hanako@example.co.jp", ("hanako", "example.co.jp")),
        ("  Hanako.Sato@Example.CO.JP ", ("hanako.sato", "example.co.jp")),
        ("a+b_c-d@sub.example.com.", ("a+b_c-d", "sub.example.com")),
        ("佐藤@例え.テスト", ("佐藤", "xn--r8jz45g.xn--zckzah")),
        ("x@MÜNCHEN.example", ("x", "xn--mnchen-3ya.example")),
        ("x@ｅｘａｍｐｌｅ．ｃｏ．ｊｐ", ("x", "example.co.jp")),
        (f"{'a' * 64}@example.com", ("a" * 64, "example.com")),
    ],
)
def test_an_address_is_compared_in_lower_case_and_ascii_host(
    written: str, expected: tuple[str, str]
) -> None:
    assert email(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        "",
        "hanako",
        "@example.com",
        "hanako@",
        "a@b@example.com",
        "hana ko@example.com",
        "hanako@localhost",
        "hanako@example..com",
        "hanako@-.com",
        "hanako@例え..テスト",
        f"{'a' * 65}@example.com",
        f"a@{'b' * 64}.com",
        f"a@{'ü' * 64}.com",
        "hanako@example.c",
    ],
)
def test_an_invalid_address_is_not_an_identifier(written: str) -> None:
    assert email(written) is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("03-1234-5678", "+81312345678"),
        ("０３－１２３４－５６７８", "+81312345678"),
        ("０３（１２３４）５６７８", "+81312345678"),
        ("03ー1234ー5678", "+81312345678"),
        ("03\u22121234\u22125678", "+81312345678"),
        ("03\u20101234\u20155678", "+81312345678"),
        ("＋８１　３　１２３４　５６７８", "+81312345678"),
        ("+81 (0)3-1234-5678", "+81312345678"),
        ("＋８１－（０）３－１２３４－５６７８", "+81312345678"),
        ("0081 3 1234 5678", "+81312345678"),
        (" +81.3.1234.5678 ", "+81312345678"),
        ("090/1111/2222", "+819011112222"),
        ("+1 (212) 555-0100", "+12125550100"),
        ("+44 20 7946 0000", "+442079460000"),
    ],
)
def test_a_number_is_compared_in_e164_however_it_was_written(written: str, expected: str) -> None:
    assert phone(written, "81") == expected


def test_a_national_number_belongs_to_the_country_of_the_lifecycle() -> None:
    assert phone("030 901820", "49") == "+4930901820"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "1234-5678",
        "+0312345678",
        "+81",
        "+1234567890123456",
        "call me",
        "+\u0663\u0661234567",
        "0\u0663-1234-5678",
    ],
)
def test_an_invalid_number_is_not_an_identifier(written: str) -> None:
    assert phone(written, "81") is None


def test_an_extension_stays_with_its_number() -> None:
    assert phone("03-1234-5678 内線12", "81") == "+81312345678;ext=12"


def test_the_host_is_taken_out_of_a_page() -> None:
    assert host("Example.COM.") == "example.com"
    assert host("https://www.example.com:8080/x?y#z") == "www.example.com"
    assert [host(one) for one in ("a@example.com", "com", "", "https://")] == [None] * 4


def test_a_company_is_known_by_the_domain_that_it_registered() -> None:
    assert company_domain("www.tokyo.example.co.jp") == "example.co.jp"
    assert [company_domain(one) for one in ("co.jp", "com", "x.kobe.jp", "")] == [None] * 4
