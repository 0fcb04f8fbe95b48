"""What an administrator does after the market has reported: merge, void, correct, select.

All of this needs what only the ledger knows: which leads are duplicates, and the positions of
events. Every choice derives from the world's own events, so a second run records nothing twice.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from service.command.client import Service
from service.command.limits import DESK_PAGE, DESK_PAGES_MAX
from service.command.simulating.office import TEAM

_SOURCE = "desk"
_VOIDED_IN, _CORRECTED_IN, _SETTLED_IN = 40, 10, 2
"""Every 40th call is voided, every 10th order of a lead is corrected, and every 2nd dispute is
settled in favour of the person who raised it."""
_JUDGED_IN, _LEFT, _APART = 4, 0, 1
"""Of every four conflicts, one is left open, one is kept apart, and two are merged."""


def decisions(service: Service, name: str) -> Iterator[dict[str, Any]]:
    """Make decisions about the events of the world with this name."""
    yield from _judge(service, name)
    for call in islice(_own(service, name, "screening.attempted"), 0, None, _VOIDED_IN):
        yield _decision(name, "event.voided", call, event=call["position"])
    orders = (
        order
        for order in _own(service, name, "order.recorded")
        if order["subject"].startswith("lead/")
    )
    for order in islice(orders, 0, None, _CORRECTED_IN):
        fields = {"value": str(int(order["data"]["value"]) // 2)}
        yield _decision(name, "event.corrected", order, event=order["position"], fields=fields)
    for dispute in islice(_own(service, name, "origin.disputed"), 0, None, _SETTLED_IN):
        lead = {"id": dispute["subject"].removeprefix("lead/")}
        origin = dispute["data"]["origin"]
        yield _decision(name, "origin.corrected", dispute, origin=origin) | {"lead": lead}


def select(service: Service, name: str) -> None:
    """Run the selection of the last week for which a capacity was declared, if there is one."""
    week = None
    for declared in _own(service, name, "capacity.declared"):
        week = declared["data"]
    if week is not None:
        period = {day: week[day] for day in ("starts_on", "ends_on")}
        service.post("/v1/selections", {"id": f"{name}-week", "team": TEAM, **period})


def _judge(service: Service, name: str) -> Iterator[dict[str, Any]]:
    """Merge most leads that share a telephone, keep some apart, and leave some undecided."""
    updates = {update["position"]: update for update in _own(service, name, "profile.updated")}
    conflicts = (
        conflict
        for conflict in _feed(service, "identity.conflicted")
        if conflict["cause"] in updates
    )
    for number, conflict in enumerate(conflicts):
        choice = number % _JUDGED_IN
        if choice == _LEFT:
            continue
        type = "identity.kept_apart" if choice == _APART else "identity.merged"
        lead = {"id": conflict["subject"].removeprefix("lead/")}
        other = conflict["data"]["with"][0]
        yield _decision(name, type, updates[conflict["cause"]], other=other) | {"lead": lead}


def _own(service: Service, name: str, type: str) -> Iterator[dict[str, Any]]:
    """Read this world's events of a type, oldest first."""
    return (event for event in _feed(service, type) if event["id"].startswith(f"{name}-"))


def _feed(service: Service, type: str) -> Iterator[dict[str, Any]]:
    after = "0"
    for _ in range(DESK_PAGES_MAX):
        page = service.get("/v1/events", type=type, after=after, limit=DESK_PAGE)
        yield from page["events"]
        after = page["next"]
        if after == page["head"]:
            return


def _decision(name: str, type: str, about: dict[str, Any], **data: Any) -> dict[str, Any]:
    id = f"{name}-{type}-{about['id'].removeprefix(f'{name}-')}"
    return {"id": id, "source": _SOURCE, "type": type, "data": data}
