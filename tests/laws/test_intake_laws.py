"""Laws of the intake: every item that comes in is counted once, by the outcome its sender got."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from events.batch.intake import Became
from events.outcomes import Duplicate, Outcome, Recorded
from events.records import OWN_SOURCE
from tests.support.ledger_in_memory import SENDER, LedgerInMemory
from tests.support.tier import by_tier

REPORTING = SENDER._replace(sources=("website", "crm"))
SOURCES = st.sampled_from((*REPORTING.sources, "another's"))
TYPES = st.sampled_from(("form.submitted", "email.opened", "no.such", "contract.signed"))
IDS = st.integers(1, 6)
"""Few, so that many items repeat an earlier one, or contradict it."""
PEOPLE = st.sampled_from(("hanako", "taro", "not an address"))


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "id": f"event-{draw(IDS)}",
        "source": draw(SOURCES),
        "type": draw(TYPES),
        "lead": {"email": f"{draw(PEOPLE)}@example.co.jp"},
    }


BATCHES = st.lists(st.tuples(st.lists(events(), min_size=1, max_size=6), st.booleans()), max_size=5)


def source_of(event: Mapping[str, Any]) -> str:
    """Return the source that an item counts for: never one that its key may not name."""
    return event["source"] if event["source"] in REPORTING.sources else REPORTING.source


def became(outcome: Outcome) -> Became:
    if isinstance(outcome, Recorded):
        return Became.RECORDED
    if isinstance(outcome, Duplicate):
        return Became.DUPLICATE
    return Became.REFUSED if outcome.is_kept else Became.IGNORED


@settings(max_examples=by_tier(push=60, nightly=2_000), deadline=None)
@given(BATCHES)
def test_every_item_is_counted_once_for_its_source_as_what_it_became(
    batches: list[tuple[list[dict[str, Any]], bool]],
) -> None:
    ledger, told = LedgerInMemory(), Counter[tuple[str, Became]]()
    for batch, is_strict in batches:
        outcomes = ledger.send(*batch, sender=REPORTING, is_strict=is_strict)
        told.update(
            (source_of(event), became(outcome))
            for event, outcome in zip(batch, outcomes, strict=True)
        )

    counted = Counter[tuple[str, Became]]()
    for (source, outcome, reason), items in ledger.intake.items():
        assert bool(reason) == (outcome in (Became.REFUSED, Became.IGNORED))
        counted[source, outcome] += items
    assert counted == told
    assert counted.total() == sum(len(batch) for batch, _ in batches)
    recorded = Counter(entry.envelope.source for entry in ledger.entries)
    del recorded[OWN_SOURCE]
    assert recorded == {
        source: items for (source, outcome), items in counted.items() if outcome is Became.RECORDED
    }
