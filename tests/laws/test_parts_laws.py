"""Laws of parts: whatever an event changes, its records are short and say all of it."""

from operator import mul
from typing import Any, cast

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.effects import Effects
from domain.event import LEDGER, Event
from events.limits import PART_BYTES_MAX, RECORD_BYTES_MAX
from events.parts import TEXT, Parts, detach, type_of_parts
from events.records import Envelope, decode, encode, whole
from tests.support.audited import audit_of
from tests.support.permuted import Fact, permutations, reported, what_is_known
from tests.support.tier import by_tier
from tests.unit.test_records import FULL, FULL_ENVELOPE

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)
CONTENT = st.dictionaries(TEXTS.filter(lambda name: name != "effects"), VALUES, max_size=4)
DRAWN = st.builds(mul, TEXTS, st.sampled_from((1, 1, 3_000, 20_000)))
"""A text of the effects: short, longer than a part, or longer than several."""
SMALL = {"events.parts.CONTENT_BYTES_MAX": 20, "events.parts.PART_BYTES_MAX": 400}
"""Bounds with which nearly every event has parts."""


def written(event: Event, envelope: Envelope, *, is_own: bool) -> list[bytes]:
    """Write the records of an event, its own first."""
    detached = detach(event, is_own=is_own)
    if detached is None:
        return [encode(event, envelope)]
    last = event.position - 1
    first = last - len(detached.texts) + 1
    own = envelope._replace(parts=Parts(first, last, detached.digest))
    return [
        encode(detached.kept, own),
        *(
            encode(Event(first, type_of_parts(event), LEDGER, event.occurred_at, {TEXT: text}, {}),
                   envelope._replace(source="leadledger"))
            for text in detached.texts
        ),
    ]  # fmt: skip


@settings(max_examples=by_tier(push=60, nightly=2_000), deadline=None)
@given(CONTENT, CONTENT, DRAWN, st.booleans(), st.sampled_from((40, 333, PART_BYTES_MAX)))
def test_any_content_is_read_back_from_records_that_fit(
    data: dict[str, Any],
    effects: dict[str, Any],
    drawn: str,
    is_own: bool,  # noqa: FBT001 - drawn
    part_bytes: int,
) -> None:
    changes = cast(Effects, {**effects, "drawn": drawn})
    event = FULL._replace(position=10_000, data=data, effects=changes)
    with pytest.MonkeyPatch.context() as patch:
        if len(drawn) < 100:
            patch.setattr("events.parts.PART_BYTES_MAX", part_bytes)
            patch.setattr("events.parts.CONTENT_BYTES_MAX", part_bytes)
        records = written(event, FULL_ENVELOPE, is_own=is_own)

    own, *parts = (record.decode() for record in records)

    assert max(map(len, records)) <= RECORD_BYTES_MAX
    assert not any("\n" in record for record in (own, *parts))
    assert decode(whole(own, parts)).event == event
    assert orjson.loads(own)["type"] == event.type


@settings(max_examples=by_tier(push=10, nightly=500), derandomize=by_tier(push=True, nightly=False),
          deadline=None, suppress_health_check=list(HealthCheck))  # fmt: skip
@given(permutations(longest=by_tier(push=12, nightly=60)), st.sampled_from((1, 4, 100)))
def test_what_is_reported_late_is_decided_the_same_in_parts(
    permutation: tuple[str, list[Fact], list[Fact]], batch: int
) -> None:
    """The group of a restatement, too, is decided again with room for its parts."""
    name, _, as_reported = permutation
    with pytest.MonkeyPatch.context() as patch:
        for bound, bytes_max in SMALL.items():
            patch.setattr(bound, bytes_max)
        ledger = reported(name, as_reported, batch=batch)

    assert what_is_known(ledger) == what_is_known(reported(name, as_reported, batch=batch))
    assert audit_of(ledger).subjects == ledger.subjects
