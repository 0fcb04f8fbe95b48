"""A writer with a small cache decides and shows the same: what was evicted is read again."""

from typing import Any

import pytest

from events.append.ledger import Ledger
from events.batch import lru, memory
from projections.catalogue import PROJECTIONS
from projections.deadlines import projection as deadlines
from projections.engine.rebuild import compare
from projections.funnel import projection as stages
from projections.leads import projection as directory
from service.private_postgres import PrivatePostgres
from tests.support.http_service import SCHEMA, running_service
from tests.support.verified import verify

LITTLE = (
    (lru, "LITTLE", 2),
    (memory, "REMEMBERED_SUBJECTS_MAX", 5),
    (memory, "REMEMBERED_POINTERS_MAX", 6),
    (directory, "DIRECTORY_KEPT", 5),
    (deadlines, "DEADLINES_KEPT", 3),
    (stages, "STANDING_KEPT", 4),
)
PEOPLE, COMPANIES, ROUNDS = 12, 4, 3
TYPES = ("form.submitted", "lead.qualified", "lead.sales_accepted")


def events(round: int) -> list[dict[str, Any]]:
    """Return the next event of every lead; in the last round a company buys as well."""
    forms: list[dict[str, Any]] = [
        {
            "id": f"{round}-{person}",
            "type": TYPES[round],
            "lead": {"email": f"{person}@company-{person % COMPANIES}.example"},
        }
        for person in range(PEOPLE)
    ]
    bought = {"id": "order", "type": "order.recorded", "data": {"order": "o-1"}}
    order = {**bought, "account": {"domain": "company-1.example"}}
    return [*forms, order] if round == ROUNDS - 1 else forms


async def test_a_writer_with_a_small_cache_decides_and_shows_the_same(
    postgres_server: PrivatePostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, value in LITTLE:
        monkeypatch.setattr(module, name, value)
    async with running_service(postgres_server) as service:
        for round in range(ROUNDS):
            for one in events(round):
                answer = await service.client.post("/v1/events", json={**one, "source": "test"})
                assert answer.status_code == 201, answer.text
        engine = service.engine
        verified = await verify(engine, schema=SCHEMA)
        await service.client.get("/v1/funnel", params={"wait_for": verified.position})
        assert len(service.part(Ledger).memory.subjects) <= 5
        for make in PROJECTIONS.values():
            built = await compare(engine, make(SCHEMA), schema=SCHEMA)
            assert built.comparison is not None
            assert built.comparison.differing == 0, built.comparison
