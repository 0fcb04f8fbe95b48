"""The notation of simulated journeys: forks, repetition, traits, values, blocks that end early."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest
import yaml

from service.command.simulating.market import Person
from service.command.simulating.playing import Player, SimulatedStep

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
HANAKO = Person(
    "company.example",
    "hanako@company.example",
    "+819012345678",
    "c",
    "Hanako",
    {"job": "research"},
    (),
)


def played(text: str, *, person: Person = HANAKO, seed: int = 1) -> list[SimulatedStep]:
    blocks = yaml.safe_load(text)
    return list(Player(random.Random(seed), person, BEGIN, {}, blocks).play("person"))


def types(text: str, **how: Any) -> list[str]:
    return [step.event["type"] for step in played(text, **how)]


@pytest.mark.parametrize(
    ("verb", "named"),
    [
        ("sees", {"lead": {"anonymous_id": "c"}}),
        ("notes", {"lead": {"email": HANAKO.email}}),
        ("names", {"lead": {"email": HANAKO.email, "phone": HANAKO.phone,
                            "name": "Hanako", "profile": {"job": "research"}}}),
        ("links", {"lead": {"email": HANAKO.email}, "account": {"domain": HANAKO.domain}}),
        ("counts", {"account": {"domain": HANAKO.domain}}),
        ("states", {}),
    ],
)  # fmt: skip
def test_the_verb_says_whom_a_report_names(verb: str, named: dict[str, Any]) -> None:
    [step] = played(f"person: [erp {verb} happened =3: {{due: day -1}}]")
    time = "2026-11-05T00:00:00.000+00:00"
    data = {"due": "2026-11-04"}
    assert step.event == {"source": "erp", "time": time, "type": "happened", **named, "data": data}
    assert step.happens_at == step.reported_at == BEGIN + timedelta(days=3)


def test_a_fork_takes_one_branch_or_none_by_their_shares() -> None:
    fork = "person: [{60%: [erp states a =0], 30% else: [erp states b =0]}]"
    taken = Counter(tuple(types(fork, seed=seed)) for seed in range(2_000))
    assert set(taken) == {("a",), ("b",), ()}
    assert [round(taken[branch] / 2_000, 1) for branch in (("a",), ("b",), ())] == [0.6, 0.3, 0.1]


def test_steps_are_repeated_as_often_as_drawn() -> None:
    counts = {len(types("person: [times 1-3: [erp states a =0]]", seed=seed)) for seed in range(50)}
    assert counts == {1, 2, 3}


TRIED = """
person: [try part: [erp states then =0], erp states last =0]
part: [do other, erp states whole =0]
other: [times 3-3: [%s]]
"""


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("leave", ["last"]),
        ("done", ["then", "last"]),
        ("erp states a =0", ["a", "a", "a", "whole", "then", "last"]),
    ],
)
def test_a_tried_block_ends_early_with_or_without_what_follows(
    end: str, expected: list[str]
) -> None:
    assert types(TRIED % end) == expected


def test_a_condition_is_a_trait_or_something_drawn() -> None:
    text = "person: [if hidden: [erp states a =0], let: {k: new}, if new: [erp states b =0]]"
    hidden = Person("x.example", "a@gmail.com", "1", "c", "x", {}, ("hidden",))
    assert types(text) == ["b"]
    assert types(text, person=hidden) == ["a", "b"]


def test_values_are_drawn_once_and_named_again() -> None:
    [first, second] = played(
        "person: [let: {deal: new deal}, erp states a =0: &a {deal: name deal, value: about 9000, "
        "owner: any sales-3, flag: true, kind: [one]}, erp states b =0: *a]"
    )
    drawn, again = first.event["data"], second.event["data"]
    assert drawn["deal"].startswith("deal-")
    assert drawn["deal"] == again["deal"]
    assert drawn["owner"] in {"sales-1", "sales-2", "sales-3"}
    assert (drawn["flag"], drawn["kind"]) == (True, "one")
    assert int(drawn["value"]) % 1000 == 0


def test_a_person_writes_from_a_second_address_for_a_while() -> None:
    steps = played("person: [let: {as: second}, crm notes a =0, let: {as: first}, crm notes b =0]")
    emails = [step.event["lead"]["email"] for step in steps]
    assert emails == ["second.hanako@company.example", "hanako@company.example"]


def test_no_branch_of_a_fork_replaces_another() -> None:
    """YAML keeps the last of two equal keys, and says nothing."""
    text = files("service.command.simulating").joinpath("journeys.yaml").read_text("utf-8")
    nodes, seen = [yaml.compose(text, Loader=yaml.SafeLoader)], 0
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys)), keys
            seen += any("%" in key for key in keys)
            nodes += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            nodes += node.value
    assert seen > 30
