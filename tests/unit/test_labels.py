"""A code has a label in each language of the lifecycle; without one, the code is shown."""

import pytest

from service.ingest.labels import Wording, label_of
from tests.support.stories import day, demand_funnel

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


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "reported late, counts from 2026-04-03 09:00 (Asia/Tokyo)"),
        ("ja", "事後報告のため、2026-04-03 09:00 (Asia/Tokyo) にさかのぼって適用"),
        ("nl", "reported late, counts from 2026-04-03 09:00 (Asia/Tokyo)"),
    ],
)
def test_a_late_report_says_since_when_it_counts(language: str, said: str) -> None:
    assert Wording(FUNNEL, language).late(day(2)) == said
