"""Seals: keyed by the secret, over everything they protect, and always distinct."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from events.refusals import Received, RefusalState
from events.signals.digests import Digests

SEALS, OTHERS = (Digests(bytes((number,)) * 32).seals for number in (1, 2))
LEAF = b"l" * 32
LEAD, OTHER = str(UUID(int=1)), str(UUID(int=2))
AT = datetime(2026, 11, 22, tzinfo=UTC)
RECEIVED = Received(LEAD, AT, "key", "source", "id", "type", "native", b"content")
STATUS = RefusalState("event-invalid", "{}", "dismissed", None, AT, "key", "a test")
SEAL = SEALS.of_event(7, LEAF)


@pytest.mark.parametrize(
    "changed",
    [SEALS.of_event(8, LEAF), SEALS.of_event(7, b"m" * 32), OTHERS.of_event(7, LEAF)],
)
def test_whatever_is_changed_of_an_event_its_seal_is_another(changed: bytes) -> None:
    assert changed != SEAL


def test_the_chain_goes_on_from_batch_to_batch() -> None:
    first = SEALS.first_chain(UUID(LEAD))
    leaves = [bytes((number,)) * 32 for number in range(5)]
    assert SEALS.chain(SEALS.chain(first, leaves[:2]), leaves[2:]) == SEALS.chain(first, leaves)
    assert SEALS.chain(first, leaves) != SEALS.chain(first, leaves[:4])
    assert SEALS.chain(first, leaves) != SEALS.chain(SEALS.first_chain(UUID(OTHER)), leaves)
    assert SEALS.chain(first, leaves) != OTHERS.chain(first, leaves)


@pytest.mark.parametrize(("field", "value"), [
    *((field, "another") for field in Received._fields if field not in ("received_at", "content")),
    ("received_at", AT.replace(microsecond=1)),
    ("content", b"another"),
    ("source", None),
])  # fmt: skip
def test_whatever_is_changed_of_what_came_its_seal_is_another(field: str, value: Any) -> None:
    changed = RECEIVED._replace(**{field: value})
    assert SEALS.of_refusal(changed) != SEALS.of_refusal(RECEIVED)


@pytest.mark.parametrize("field", RefusalState._fields)
def test_whatever_is_changed_of_what_became_of_it_its_seal_is_another(field: str) -> None:
    value = AT.replace(microsecond=1) if field == "settled_at" else "another"
    changed = STATUS._replace(**{field: value})  # type: ignore[arg-type] # any value will do
    assert SEALS.of_state(LEAD, changed) != SEALS.of_state(LEAD, STATUS)
    assert SEALS.of_state(OTHER, STATUS) != SEALS.of_state(LEAD, STATUS)


def test_the_value_of_one_field_is_never_taken_for_that_of_another() -> None:
    one, other = (
        RECEIVED._replace(source="ab", event_id="c"),
        RECEIVED._replace(source="a", event_id="bc"),
    )
    assert SEALS.of_refusal(one) != SEALS.of_refusal(other)
