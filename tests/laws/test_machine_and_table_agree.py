"""The table that decides always agrees with the machine from which it was compiled."""

from collections.abc import Mapping
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from domain.lifecycle.compiled.machine import ask, machine_for
from domain.lifecycle.compiled.table import (
    CompiledMove,
    MoveTable,
    compile_lifecycle,
    compile_track,
)
from domain.lifecycle.conditions import Readings, Scalar, condition_of
from domain.lifecycle.definition import UNPLACED, Guard, Move, Stage, SubjectKind, Track, Words
from domain.lifecycle.text.load import load
from tests.support.generated_conditions import known_facts, rules

NO_WORDS = Words(label={})
STAGES = ("A", "B", "C", "D", "ASIDE")
TRIGGERS = ("lead.first", "lead.second", "lead.third")
GUARDS = ("one", "two", "three")


@st.composite
def moves(draw: st.DrawFn) -> Move:
    source = draw(st.lists(st.sampled_from((UNPLACED, *STAGES)), min_size=1, unique=True))
    stays = draw(st.booleans()) and source[0] != UNPLACED
    return Move(
        on=draw(st.sampled_from(TRIGGERS)),
        sources=(source[0],) if stays else tuple(source),
        to=source[0] if stays else draw(st.sampled_from(STAGES)),
        guards=tuple(draw(st.lists(st.sampled_from(GUARDS), max_size=2, unique=True))),
        begins_pass=draw(st.booleans()),
        named=not stays and draw(st.booleans()),
        stays=stays,
    )


def track_of(declared: list[Move]) -> Track:
    return Track(
        subject=SubjectKind.LEAD,
        path=STAGES[:4],
        stages={code: Stage(code=code, words=NO_WORDS) for code in STAGES},
        moves=tuple(declared),
        entry=("A", "B"),
    )


tracks = st.lists(moves(), max_size=8).map(track_of)
guards = st.fixed_dictionaries(dict.fromkeys(GUARDS, rules())).map(
    lambda written: {
        name: Guard(name=name, words=NO_WORDS, condition=condition_of(rule))
        for name, rule in written.items()
    }
)
named_stages = st.none() | st.sampled_from(STAGES)


def assert_same_answer(
    table: MoveTable, asked: Move | None, *, stage: str | None, trigger: str, readings: Readings
) -> None:
    found = table.find(stage, trigger, readings)
    assert table.ask(stage, trigger, readings) is found
    assert (found is None) == (asked is None)
    if found is not None and asked is not None:
        assert said_of(found) == (asked.to, asked.begins_pass, asked.named, asked.stays)


def said_of(found: CompiledMove) -> tuple[str, bool, bool, bool]:
    return found.to, found.begins_pass, found.named, found.kind is None


@given(tracks, guards, known_facts, named_stages)
def test_machine_and_table_agree_on_any_track(
    track: Track, held: Mapping[str, Guard], readings: dict[str, Scalar], named: str | None
) -> None:
    readings = {**readings, "event.to": named}
    machine, table = machine_for(track, held), compile_track(track, held)
    for stage in (None, *STAGES):
        for trigger in (*TRIGGERS, "lead.unheard"):
            asked = ask(machine, stage=stage, trigger=trigger, readings=readings)
            assert_same_answer(table, asked, stage=stage, trigger=trigger, readings=readings)


DEMAND_FUNNEL = load(
    (Path(__file__).parents[2] / "domain/lifecycles/demand_funnel.yaml").read_text(encoding="utf-8")
)
COMPILED = compile_lifecycle(DEMAND_FUNNEL)
MACHINES = {
    SubjectKind.LEAD: machine_for(DEMAND_FUNNEL.lead, DEMAND_FUNNEL.guards),
    SubjectKind.ACCOUNT: machine_for(DEMAND_FUNNEL.account, DEMAND_FUNNEL.guards),
}
counts = st.integers(min_value=0, max_value=2)
funnel_facts = st.fixed_dictionaries(
    {},
    optional={
        "lead.known": st.booleans(),
        "lead.anonymous": st.booleans(),
        "lead.open_opportunities": counts,
        "lead.won_opportunities": counts,
        "lead.valid_orders": counts,
        "account.stage": st.none() | st.sampled_from(tuple(DEMAND_FUNNEL.account.stages)),
        "event.channel": st.none() | st.sampled_from(("web", "sales_direct", "reseller")),
        "event.reason": st.none() | st.sampled_from(tuple(DEMAND_FUNNEL.reasons)),
        "event.class": st.none() | st.sampled_from(("now", "later", "not_yet")),
        "event.to": st.none() | st.sampled_from(tuple(DEMAND_FUNNEL.lead.stages)),
    },
)


@given(st.sampled_from(tuple(MACHINES)), st.sampled_from(tuple(DEMAND_FUNNEL.events)), funnel_facts)
def test_machine_and_table_agree_on_the_demand_funnel(
    subject: SubjectKind, trigger: str, readings: dict[str, Scalar]
) -> None:
    is_lead = subject is SubjectKind.LEAD
    table = COMPILED.lead if is_lead else COMPILED.account
    track = DEMAND_FUNNEL.lead if is_lead else DEMAND_FUNNEL.account
    for stage in (None, *track.stages):
        asked = ask(MACHINES[subject], stage=stage, trigger=trigger, readings=readings)
        assert_same_answer(table, asked, stage=stage, trigger=trigger, readings=readings)
        if asked is None and table.moves.get((stage, trigger)):
            assert table.explain(stage, trigger, readings)
