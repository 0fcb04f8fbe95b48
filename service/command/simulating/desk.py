"""What an administrator does after the market has reported: merge, void, correct, select.

All of this needs what only the ledger knows: which leads are duplicates, and the positions of
events. Every choice derives from the world's own events, so a second run records nothing twice.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from service.command.client import Service
from service.command.limits import DESK_PAGE, DESK_PAGES_MAX

_VOIDED_IN, _CORRECTED_IN, _SETTLED_IN = 40, 10, 2
"""Every 40th call is voided, every 10th order of a lead is corrected, and every 2nd dispute is
settled in favour of the person who raised it."""
_JUDGEMENTS = (None, "identity.kept_apart", "identity.merged", "identity.merged")
"""Of every four conflicts, one is left open, one is kept apart, and two are merged."""


def decisions(service: Service, name: str) -> Iterator[dict[str, Any]]:
    """Make decisions about the events of the world with this name."""
    updates = {update["position"]: update for update in _own(service, name, "profile.updated")}
    conflicts = _feed(service, "identity.conflicted")
    ours = (conflict for conflict in conflicts if conflict["cause"] in updates)
    for number, conflict in enumerate(ours):
        if type := _JUDGEMENTS[number % len(_JUDGEMENTS)]:
            update, other = updates[conflict["cause"]], conflict["data"]["with"][0]
            yield _decision(name, type, update, other=other) | _lead_of(conflict)
    for call in islice(_own(service, name, "screening.attempted"), 0, None, _VOIDED_IN):
        yield _decision(name, "event.voided", call, event=call["position"])
    orders = _own(service, name, "order.recorded")
    of_leads = (order for order in orders if order["subject"].startswith("lead/"))
    for order in islice(of_leads, 0, None, _CORRECTED_IN):
        fields = {"value": str(int(order["data"]["value"]) // 2)}
        yield _decision(name, "event.corrected", order, event=order["position"], fields=fields)
    for dispute in islice(_own(service, name, "origin.disputed"), 0, None, _SETTLED_IN):
        origin = dispute["data"]["origin"]
        yield _decision(name, "origin.corrected", dispute, origin=origin) | _lead_of(dispute)


def select(service: Service, name: str) -> None:
    """Run the selection of the last week for which a capacity was declared, if there is one."""
    *_, last = None, *_own(service, name, "capacity.declared")
    if last is not None:
        period = {name: last["data"][name] for name in ("team", "starts_on", "ends_on")}
        service.post("/v1/selections", {"id": f"{name}-week", **period})


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
    return {"id": id, "source": "desk", "type": type, "data": data}


def _lead_of(event: dict[str, Any]) -> dict[str, Any]:
    return {"lead": {"id": event["subject"].removeprefix("lead/")}}
