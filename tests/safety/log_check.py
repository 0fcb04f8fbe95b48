"""Check a log against the answers that senders got, without using any code of the product.

It knows only what the record format promises: JSON, its attributes, and how a leaf is made. So it
works on the contents of the database as well as on the feed.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain.lifecycle.compiled.machine import legal_moves, machine_for
from domain.lifecycle.text.load import load
from events.lifecycles.shipped import read_lifecycle_text
from tests.safety.traffic import SOURCE, Answer

RESTATEMENTS = ("lead.restated", "account.restated")


class Violation(AssertionError):
    """A promise is broken."""


def check_log(log: Sequence[str], answers: Iterable[Answer] = ()) -> None:
    """Raise Violation unless the log keeps every promise and matches every answer.

    `log` holds the records in the order that a reader sees.
    """
    records = [json.loads(record) for record in log]
    _check_positions(records)
    _check_versions(records)
    _check_keys(records)
    _check_stages(records)
    _check_answers(records, log, answers)


def _check_positions(records: Sequence[Mapping[str, Any]]) -> None:
    found = [int(record["position"]) for record in records]
    if found != list(range(1, len(found) + 1)):
        place = next(place for place, one in enumerate(found) if one != place + 1)
        raise Violation(f"positions: expected {place + 1}, found {found[place : place + 3]}")


def _check_versions(records: Sequence[Mapping[str, Any]]) -> None:
    versions: Counter[str] = Counter()
    for record in records:
        subject = record["subject"]
        versions[subject] += 1
        if record["subjectversion"] != versions[subject]:
            raise Violation(
                f"versions of {subject}: expected {versions[subject]}, "
                f"found {record['subjectversion']} at {record['position']}"
            )


def _check_keys(records: Sequence[Mapping[str, Any]]) -> None:
    keys = Counter((record["source"], record["id"]) for record in records)
    twice = [key for key, count in keys.items() if count > 1]
    if twice:
        raise Violation(f"keys: expected each once, found again {twice[:3]}")


def _check_stages(records: Sequence[Mapping[str, Any]]) -> None:
    """Check that every move begins where the previous one ended, and that the machine allows it."""
    allowed = _legal_steps()
    stages: dict[str, str | None] = {}
    for record in records:
        if record["type"] in RESTATEMENTS:
            # Decided again by time: the moves in it are those that the machine allowed then.
            restated = record["data"]["effects"]["state"]
            stages[record["subject"].partition("/")[2]] = restated.get("stage")
            continue
        if "stageto" not in record:
            continue
        receiver = record.get("forwardedto", record["subject"].partition("/")[2])
        step = (record.get("stagefrom"), record["stageto"])
        stood = stages.get(receiver)
        if step[0] != stood:
            raise Violation(
                f"moves of {receiver}: expected one from {stood}, "
                f"found {step} at {record['position']}"
            )
        if step not in allowed:
            raise Violation(f"moves: {step} at {record['position']} is not legal")
        stages[receiver] = step[1]


def _legal_steps() -> set[tuple[str | None, str]]:
    lifecycle = load(read_lifecycle_text("demand_funnel"))
    return {
        (None if legal.source == "unplaced" else legal.source, legal.move.to)
        for track in (lifecycle.lead, lifecycle.account)
        for legal in legal_moves(machine_for(track, lifecycle.guards))
        # A person's correction may make any move, but no sender here makes corrections.
        if not legal.move.named
    }


def _check_answers(
    records: Sequence[Mapping[str, Any]], log: Sequence[str], answers: Iterable[Answer]
) -> None:
    """Check that acknowledged events are at their stated positions, and were new only once."""
    held = {
        record["id"]: (int(record["position"]), leaf_of(text))
        for record, text in zip(records, log, strict=True)
        if record["source"] == SOURCE
    }
    new: set[str] = set()
    for answer in answers:
        if answer.status == "refused":
            continue
        answered = (answer.position, answer.leaf)
        if held.get(answer.id) != answered:
            raise Violation(
                f"{answer.id}: answered {answered}, the ledger holds {held.get(answer.id)}"
            )
        if answer.status == "recorded":
            if answer.id in new:
                raise Violation(f"{answer.id}: answered twice that it was recorded just now")
            new.add(answer.id)


def check_refusals(kept: set[str], answers: Sequence[Answer]) -> None:
    """Check that every refusal reported to a sender is kept."""
    for answer in answers:
        if answer.refusal is not None and answer.refusal not in kept:
            raise Violation(f"{answer.id}: refused for {answer.reason}, and the refusal not kept")


def leaf_of(record: str) -> str:
    """Hash a record as in RFC 6962."""
    return hashlib.sha256(b"\x00" + record.encode()).hexdigest()
