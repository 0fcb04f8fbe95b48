"""A code identifies nobody, as far as its form can show."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.recordable import identifying, is_code

CODES = (
    *("", "spring", "2026-11", "2026-11-30", "11-30-2026", "09:00-12:00", "1000-4999", "5000+"),
    *("4500012345", "0000012345", "819012345678", "12345678901234567890", "ticket-0451", "0451"),
    *("8c0a3f6e-5d1b-4c2a-9e7f-1b2d3c4e5f60", "006A0000001Sv6AAAS", "50% off"),
    *("node-next-1764512345678-8c0a3f6e-5d1b-4c2a-9e7f-1b2d3c4e5f60", "eyJ", "A (2nd) / B", "a+b"),
    *("2026-11-30T10:00:00+0900", "hmac-0a1b2c3d4e5f60718293a4b5c6d7e8f9", "user-42", "a%zz"),
)
TELEPHONES = (
    *("+819012345678", "+81 90 1234 5678", "+81-(0)90-1234-5678", "+1 (415) 555-0100"),
    *("%2B819012345678", "tel:+819012345678", "TEL:09012345678", "call +44 20 7946 0958 now"),
    *("09012345678", "0312345678", "090-1234-5678", "03-1234-5678", "(03) 1234-5678"),
    *("090 1234 5678", "0120-123-456", "0466-12-3456", "lead-090-1234-5678", "090.1234.5678"),
    *("0081-90-1234-5678", "00819012345678", "A090-1234-5678"),
)


@pytest.mark.parametrize("text", CODES)
def test_a_code_and_an_opaque_id_are_recorded(text: str) -> None:
    assert identifying(text) is None
    assert is_code(text)


@pytest.mark.parametrize("text", TELEPHONES)
def test_a_telephone_number_is_recognised_however_it_is_written(text: str) -> None:
    assert identifying(text) == "a telephone number"
    assert not is_code(text)


@given(st.uuids(), st.sampled_from(("", "evt_", "ajs-next-1764512345678-", "order ")))
def test_no_uuid_looks_like_a_number(id: UUID, before: str) -> None:
    assert identifying(f"{before}{id}") is None


@given(st.text(alphabet="+0123456789 ()-.@%eyJ", max_size=200))
def test_whatever_is_recorded_has_no_address(text: str) -> None:
    """Any text is judged, in bounded time."""
    assert not ("@" in text and is_code(text))
