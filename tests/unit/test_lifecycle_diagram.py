"""The diagram of a track is Mermaid text, the same for the same lifecycle."""

from pathlib import Path

from domain.lifecycle.change.diagram import diagram
from domain.lifecycle.definition import SubjectKind
from domain.lifecycle.text.load import load
from tests.support.small_lifecycle import SMALL

LEAD_IN_ENGLISH = """\
stateDiagram-v2
    direction LR
    state "new" as NEW
    state "good" as GOOD
    state "DEAL in a deal" as DEAL
    state "out" as OUT
    [*] --> NEW: visit [by web]
    NEW --> GOOD: accepted [known]
    NEW --> OUT: dropped
    GOOD --> OUT: dropped
    DEAL --> OUT: dropped
    GOOD --> DEAL: deal
    OUT --> GOOD: ↻ again
    DEAL --> GOOD: ↻ again
    note right of DEAL
        shortcuts
        NEW → deal
    end note
    note left of NEW
        named (from any stage to any)
    end note
"""


def test_a_track_is_drawn_with_its_shortcuts_apart() -> None:
    assert diagram(load(SMALL), subject=SubjectKind.LEAD, language="en") == LEAD_IN_ENGLISH


def test_a_final_stage_has_a_way_out_of_the_picture() -> None:
    drawn = diagram(load(SMALL), subject=SubjectKind.ACCOUNT, language="en")
    assert "    CUSTOMER --> [*]\n" in drawn


def test_labels_are_of_the_language_asked_for() -> None:
    text = (Path(__file__).parents[2] / "domain/lifecycles/demand_funnel.yaml").read_text(
        encoding="utf-8"
    )
    drawn = diagram(load(text), subject=SubjectKind.LEAD, language="ja")
    assert '    state "AL 匿名リード" as AL\n' in drawn
    assert "    ML --> MAL: マーケ受入 [個人情報あり]\n" in drawn
    assert "    MQL --> MAL: 営業差戻し / ↻ リサイクル [個人情報あり, 進行中の商談なし]\n" in drawn


def test_signs_that_mean_something_to_mermaid_are_written_otherwise() -> None:
    text = SMALL.replace("label: {en: again}", "label: {en: 'a: b; \"c\"'}")
    drawn = diagram(load(text), subject=SubjectKind.LEAD, language="en")
    assert "    OUT --> GOOD: ↻ a\uff1a b, 'c'\n" in drawn
