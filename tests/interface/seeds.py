"""The contents of a ledger before every route is tested: something of each kind to find."""

from typing import Any

import httpx

LEAD = {"email": "hanako@example.co.jp"}
BUYER = {"email": "taro@buyer.example"}
EARLY = {"email": "early@early.example"}
MANY = 30
"""Enough that the last request to dismiss or delete something still finds one."""
NOWHERE = "https://127.0.0.1:9/"
"""Nothing listens there, so nothing is delivered."""


def form(id: str, **lead: str) -> dict[str, Any]:
    return {"id": id, "type": "form.submitted", "lead": lead, "data": {"form": "f"}}


EVENTS: list[dict[str, Any]] = [
    form("seed-1", user_id="u"),
    {"id": "seed-2", "type": "visit.recorded", "lead": {"anonymous_id": "c"}},
    form("seed-3", **LEAD),
    # A person with two strong identifiers of different leads: a conflict.
    form("seed-4", user_id="u", **LEAD),
    # Handed over to sales, which starts a deadline.
    {"id": "seed-5", "type": "lead.qualified", "actor": "marketing", "lead": LEAD},
    form("seed-6", **BUYER),
    {
        "id": "seed-7",
        "type": "order.recorded",
        "lead": BUYER,
        "data": {"order": "o-1", "value": "100", "currency": "JPY"},
    },
]
TOO_EARLY = {"id": "seed-8", "source": "early", "type": "lead.qualified", "lead": EARLY}
"""Refused at first, but accepted when it is retried, because the lead is then known."""


async def seed(client: httpx.AsyncClient) -> None:
    """Report all of it, with an administrator key."""
    events = [{"source": "website", **event} for event in EVENTS]
    answer = await client.post("/v1/events", json=events)
    assert answer.status_code == 200, answer.text
    unheard = [form(f"unheard-{number}", user_id="u") for number in range(MANY)]
    kept = await client.post(
        "/v1/events", json=[{**one, "source": "website", "type": "unheard.of"} for one in unheard]
    )
    assert kept.status_code == 207, kept.text
    early = await client.post("/v1/events", json=TOO_EARLY)
    assert early.status_code == 404, early.text
    known = await client.post("/v1/events", json={**form("seed-9", **EARLY), "source": "website"})
    assert known.status_code == 201, known.text
    for _ in range(MANY):
        made = await client.post("/v1/webhooks", json={"url": NOWHERE, "after": "0"})
        assert made.status_code == 201, made.text
    period = {"starts_on": "2026-11-01", "ends_on": "2026-11-30"}
    run = await client.post(
        "/v1/selections", json={"team": "inside_sales", "capacity": 5, **period}
    )
    assert run.status_code == 201, run.text
