"""A code has a label in each language of the lifecycle; without one, the code is shown."""

import pytest

from service.ingest.labels import label_of
from tests.support.stories import demand_funnel

FUNNEL = demand_funnel().lifecycle


@pytest.mark.parametrize(
    ("code", "language", "label"),
    [
        ("MQL", "en", "marketing qualified lead"),
        ("MQL", "nl", "MQL"),
        ("OLD", "en", "OLD"),
    ],
    ids=["known", "in a language that it lacks", "only in an earlier version"],
)
def test_a_stage_has_a_label_or_its_code(code: str, language: str, label: str) -> None:
    assert label_of(FUNNEL.lead.stages, code, language) == label


def test_what_is_only_words_has_a_label_too() -> None:
    code, words = next(iter(FUNNEL.origins.items()))
    assert label_of(FUNNEL.origins, code, "ja") == words.label["ja"]
