"""Look-ups in the compiled table: which move is made, why not, and what would be legal."""

from collections.abc import Iterator, Mapping

from domain.lifecycle.compiled.table import AllowedMove, FailedGuard, compile_lifecycle
from domain.lifecycle.conditions import Scalar
from domain.lifecycle.definition import MoveKind
from domain.lifecycle.text.load import load
from tests.support.small_lifecycle import SMALL

SMALL_COMPILED = compile_lifecycle(load(SMALL))


class NobodyMayAsk(Mapping[str, Scalar]):
    """Readings that cost too much to gather for nothing."""

    def __getitem__(self, path: str) -> Scalar:
        raise AssertionError(path)

    def __iter__(self) -> Iterator[str]:
        raise AssertionError

    def __len__(self) -> int:
        raise AssertionError


def test_a_move_without_guards_asks_for_no_facts() -> None:
    move = SMALL_COMPILED.lead.find("NEW", "lead.dropped", NobodyMayAsk())
    assert move is not None
    assert move.to == "OUT"


def test_an_event_that_no_move_mentions_finds_nothing() -> None:
    assert SMALL_COMPILED.lead.find("OUT", "lead.accepted", NobodyMayAsk()) is None
    assert SMALL_COMPILED.lead.find("NEW", "lead.unheard", NobodyMayAsk()) is None


def test_a_guard_that_is_unknown_does_not_hold() -> None:
    assert SMALL_COMPILED.lead.find("NEW", "lead.accepted", {}) is None


def test_a_refusal_can_state_which_guard_failed_and_what_it_read() -> None:
    readings = {"lead.known": False}
    assert SMALL_COMPILED.lead.explain("NEW", "lead.accepted", readings) == (
        FailedGuard(name="known", seen={"lead.known": False}, to="GOOD"),
    )
    assert SMALL_COMPILED.lead.explain("NEW", "lead.accepted", {}) == (
        FailedGuard(name="known", seen={"lead.known": None}, to="GOOD"),
    )


def test_a_refusal_can_state_what_would_be_legal_from_here() -> None:
    assert SMALL_COMPILED.lead.allowed("OUT") == (
        AllowedMove(on="lead.again", to="GOOD", guards=(), named=False),
        AllowedMove(on="stage.named", to="NEW", guards=("named",), named=True),
        AllowedMove(on="stage.named", to="GOOD", guards=("named",), named=True),
        AllowedMove(on="stage.named", to="DEAL", guards=("named",), named=True),
    )
    assert SMALL_COMPILED.account.allowed("CUSTOMER") == ()


def test_the_targets_of_an_event_are_where_it_can_lead() -> None:
    lead = SMALL_COMPILED.lead
    assert lead.targets("lead.dropped") == {"OUT"}
    assert lead.targets("stage.named") == {"NEW", "GOOD", "DEAL", "OUT"}
    assert lead.targets("lead.unheard") == frozenset()


def test_a_further_pass_passes_over_nothing() -> None:
    text = SMALL.replace(
        "from: [OUT, DEAL], to: GOOD, begins_pass", "from: NEW, to: DEAL, begins_pass"
    )
    move = compile_lifecycle(load(text)).lead.find("NEW", "lead.again", {})
    assert move is not None
    assert (move.to, move.kind, move.passed_over) == ("DEAL", MoveKind.RECYCLED, ())


def test_the_path_has_an_order() -> None:
    assert SMALL_COMPILED.lead.path == ("NEW", "GOOD", "DEAL")
    assert SMALL_COMPILED.lead.path_index == {"NEW": 0, "GOOD": 1, "DEAL": 2}
