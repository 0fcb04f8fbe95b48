"""Published lifecycles: from a text to the decision to publish it, and from its event to the rules.

Publishing is a decision about the ledger and is submitted like any other. Its version, and whether
a lead would be left without a stage, can only be determined while holding the lock.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from domain.event import Event
from domain.lifecycle.change.succession import Homeless, Occupied, evicts, homeless, unmappable
from domain.lifecycle.compiled.table import CompiledLifecycle, compile_lifecycle, published_as
from domain.lifecycle.definition import Lifecycle, SubjectKind
from domain.lifecycle.published import expansion_of
from domain.lifecycle.service_events import PUBLISHED
from domain.lifecycle.text.complaints import LifecycleInvalid
from domain.lifecycle.text.load import load
from domain.signal import Signal
from events.lifecycles.expansion import expand
from events.limits import LIFECYCLE_TEXTS_KEPT
from events.refusals import Refusal
from events.signals.context import Context
from events.submission import Item


@lru_cache(maxsize=LIFECYCLE_TEXTS_KEPT)
def parsed(text: str) -> Lifecycle:
    """Parse a text that was checked when it was published. Raises LifecycleInvalid."""
    return load(text)


@lru_cache(maxsize=LIFECYCLE_TEXTS_KEPT)
def laid_out(text: str) -> CompiledLifecycle:
    """Compile a text, independent of its publication. Raises LifecycleInvalid."""
    return compile_lifecycle(parsed(text))


def compiled_from(published: Event) -> CompiledLifecycle:
    """Compile the lifecycle that an event published."""
    data = published.data
    return published_as(
        laid_out(data["text"]),
        version=data["version"],
        expansion=expansion_of(data),
        stage_map=data.get("stage_map", {}),
        published_at=published.position,
        in_force_since=published.occurred_at,
        publication=data,
    )


def publication(text: str, stage_map: Mapping[str, str], *, id: str, context: Context) -> Item:
    """Make the decision to publish a lifecycle, as an API key reports it.

    Takes a tenth of a second: it compiles the text now, so that this is not done under the lock.
    """
    lifecycle = laid_out(text).lifecycle
    data: dict[str, Any] = {"name": lifecycle.name, "text": text}
    if stage_map:
        data["stage_map"] = dict(stage_map)
    reported = {"type": PUBLISHED, "data": data}
    sender = context.sender
    signal = Signal(
        source=sender.source,
        id=id,
        type=context.lifecycle.events[PUBLISHED],
        subject=SubjectKind.LEDGER,
        occurred_at=context.received_at,
        # Not part of the fingerprint, because the expansion depends on the day: the same text sent
        # again is the same decision.
        data={**data, **expand(lifecycle, context.received_at)},
        key_id=sender.key_id,
        department=sender.department,
        fingerprint=context.digests.fingerprint(reported),
    )
    return Item(signal, orjson.dumps(reported), context)


def asks_who_stands_where(
    data: Mapping[str, Any], published: Mapping[int, CompiledLifecycle]
) -> bool:
    """Whether a publication could leave a lead or an account without a stage.

    Only then are all of them counted, which takes a second for half a million.
    """
    try:
        lifecycle = parsed(data["text"])
    except LifecycleInvalid:
        return False
    return evicts(published, lifecycle, data.get("stage_map", {}))


def objection(
    data: Mapping[str, Any], published: Mapping[int, CompiledLifecycle], occupied: Occupied
) -> Refusal | None:
    """Return why a lifecycle may not be published now; None if it may."""
    stage_map: Mapping[str, str] = data.get("stage_map", {})
    in_force = published[max(published)].lifecycle
    try:
        lifecycle = parsed(data["text"])
    except LifecycleInvalid as invalid:
        return Refusal("lifecycle-invalid", str(invalid), "/text")
    if data["text"] == in_force.text:
        return Refusal("lifecycle-unchanged", "This text is already in force.", "/text")
    wrong = unmappable(stage_map, in_force, lifecycle)
    if wrong is not None:
        return Refusal(
            "stage-map-invalid",
            "A stage map must lead from stages that disappear to stages of the new lifecycle; "
            f"{wrong} to {stage_map[wrong]} does not.",
            f"/stage_map/{wrong}",
        )
    left = homeless(occupied, published, lifecycle, stage_map)
    return _occupied(left) if left else None


def _occupied(left: list[Homeless]) -> Refusal:
    named = ", ".join(f"{stage.stage} ({stage.standing})" for stage in left)
    return Refusal(
        "stages-occupied",
        f"Stages that are still occupied would disappear: {named}. Send a stage map that assigns "
        "their leads to new stages; move companies out of these stages first.",
        "/stage_map",
        {
            "stages": [
                {"track": stage.kind, "stage": stage.stage, "standing": stage.standing}
                for stage in left
            ]
        },
    )
