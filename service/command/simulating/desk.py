"""What an administrator does once the market has reported: judge, take back, put right, select.

All this needs what only the ledger knows: who was taken for two, and at which position an event
stands. Every choice follows from the world's own events, so doing it again doubles nothing.
"""

from collections.abc import Iterator
from typing import Any

from service.command.client import Service
from service.command.simulating.office import TEAM

PAGE = 1_000
PAGES_MAX = 1_000
"""A million of one kind, in a market of ten million people."""

_SOURCE = "desk"
_VOIDED_IN, _CORRECTED_IN, _JUDGED_IN = 40, 10, 4
"""One of so many calls never happened, one of so many orders was wrong; and of so many who were
taken for two one waits for somebody else."""


def decisions(service: Service, name: str) -> Iterator[dict[str, Any]]:
    """Go through what the world of this name has left, and decide."""
    yield from _judge(service, name)
    for call in _own(service, name, "screening.attempted"):
        if _number(call) % _VOIDED_IN == 0:
            yield _decision(name, "event.voided", call, event=call["position"])
    for order in _own(service, name, "order.recorded"):
        # Only what was told of leads can be put right.
        if order["subject"].startswith("lead/") and _number(order) % _CORRECTED_IN == 0:
            fields = {"value": str(int(order["data"]["value"]) // 2)}
            yield _decision(name, "event.corrected", order, event=order["position"], fields=fields)
    for dispute in _own(service, name, "origin.disputed"):
        if _number(dispute) % 2 == 0:
            lead = {"id": dispute["subject"].removeprefix("lead/")}
            origin = dispute["data"]["origin"]
            yield _decision(name, "origin.corrected", dispute, origin=origin) | {"lead": lead}


def select(service: Service, name: str) -> None:
    """Run the selection of the last week for which a capacity was declared, if there is one."""
    week = None
    for declared in _own(service, name, "capacity.declared"):
        week = declared["data"]
    if week is not None:
        period = {one: week[one] for one in ("starts_on", "ends_on")}
        service.post("/v1/selections", {"id": f"{name}-week", "team": TEAM, **period})


def _judge(service: Service, name: str) -> Iterator[dict[str, Any]]:
    """Merge most of those who share a telephone, keep some apart, and leave some waiting."""
    told = {one["position"]: one for one in _own(service, name, "profile.updated")}
    for conflict in _feed(service, "identity.conflicted"):
        report = told.get(conflict["cause"])
        choice = _number(report) % _JUDGED_IN if report is not None else 0
        if report is None or choice == 0:
            continue
        type = "identity.kept_apart" if choice == 1 else "identity.merged"
        lead = {"id": conflict["subject"].removeprefix("lead/")}
        other = conflict["data"]["with"][0]
        yield _decision(name, type, report, other=other) | {"lead": lead}


def _own(service: Service, name: str, type: str) -> Iterator[dict[str, Any]]:
    """Read this world's events of a type, oldest first."""
    return (one for one in _feed(service, type) if one["id"].startswith(f"{name}-"))


def _feed(service: Service, type: str) -> Iterator[dict[str, Any]]:
    after = "0"
    for _ in range(PAGES_MAX):
        page = service.get("/v1/events", type=type, after=after, limit=PAGE)
        yield from page["events"]
        after = page["next"]
        if after == page["head"]:
            return


def _number(event: dict[str, Any]) -> int:
    return int(event["id"].rsplit("-", 1)[1])


def _decision(name: str, type: str, about: dict[str, Any], **data: Any) -> dict[str, Any]:
    id = f"{name}-{type}-{about['id'].removeprefix(f'{name}-')}"
    return {"id": id, "source": _SOURCE, "type": type, "data": data}
