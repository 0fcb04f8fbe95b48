"""Words are resolved to codes, in every language, and near matches are suggested."""

from pathlib import Path

import pytest

from domain.lifecycle.names import nearest, resolve, resolve_stage
from domain.lifecycle.text.load import load

LIFECYCLE = load(
    (Path(__file__).parents[2] / "domain/lifecycles/demand_funnel.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(
    ("word", "stage"),
    [
        ("AL", "AL"),
        ("匿名リード", "AL"),
        ("anonymous lead", "AL"),
        ("商談", "OPP"),
        ("  sql ", "SQL"),
        ("\uff33\uff31\uff2c", "SQL"),
        ("ﾏｰｹﾃｨﾝｸﾞﾘｰﾄﾞ", "ML"),
        ("需要集中顧客", "KA"),
        ("nobody", None),
    ],
)
def test_a_stage_is_found_by_any_of_its_names(word: str, stage: str | None) -> None:
    assert resolve_stage(LIFECYCLE, word) == stage


def test_other_things_are_found_the_same_way() -> None:
    assert resolve(LIFECYCLE.reasons, "時期尚早") == "too_early"
    assert resolve(LIFECYCLE.classes, "今すぐ") == "now"


def test_the_nearest_known_names_come_most_like_first() -> None:
    assert nearest("form.submited", LIFECYCLE.events)[0] == "form.submitted"
    assert nearest("zzz", LIFECYCLE.events) == ()
