"""Figures that count people or companies instead of passes."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.figure_numbers import numbers
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

STORY = (
    ("hanako@acme.example", "form.submitted", 1),
    ("taro@acme.example", "form.submitted", 2),
    ("taro@acme.example", "lead.qualified", 3),
    ("taro@acme.example", "opportunity.created", 9),
    ("jiro@brown.example", "form.submitted", 2),
    ("saburo@gmail.com", "form.submitted", 2),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        for number, (email, type, day) in enumerate(STORY):
            event: dict[str, Any] = {
                "id": f"{number}",
                "source": "crm",
                "type": type,
                "time": f"2026-04-{day:02}T10:00:00+09:00",
                "lead": {"email": email},
                "data": {"opportunity": "d-1"} if type.startswith("opp") else {},
            }
            answer = await running.client.post("/v1/events", json=event)
            assert answer.status_code == 201, answer.text
        yield running


async def test_a_company_is_in_the_stock_once_where_its_furthest_lead_is(service: Service) -> None:
    by_unit = {
        unit: await numbers(service, "stock", unit=unit) for unit in ("pass", "person", "company")
    }
    leads = ("ML", "MAL", "MQL", "OPP")
    standing = {
        unit: {row: found[row]["standing"] for row in leads if "standing" in found.get(row, {})}
        for unit, found in by_unit.items()
    }
    assert standing["pass"] == standing["person"] == {"ML": 1, "MAL": 2, "OPP": 1}
    assert standing["company"] == {"MAL": 1, "OPP": 1}
    assert by_unit["company"]["ML"]["entered"] == 2
    assert by_unit["company"]["PROSPECT"] == by_unit["pass"]["PROSPECT"]


async def test_a_company_converts_with_any_of_its_leads(service: Service) -> None:
    asked = {"base": "ML", "target": "OPP", "within": 8, "as_of": "2026-04-30"}
    passes = await numbers(service, "conversion", **asked)
    companies = await numbers(service, "conversion", **asked, unit="company")
    assert (passes["reach"]["base"], passes["reach"]["hits"]) == (4, 1)
    assert (companies["reach"]["base"], companies["reach"]["hits"]) == (2, 1)
    sooner = await numbers(service, "conversion", **{**asked, "within": 7}, unit="company")
    assert "hits" not in sooner["reach"], "the time of a company begins with its first lead"
    acquired = {"base": "ML", "within": 8, "as_of": "2026-04-30", "unit": "company"}
    fallen = await numbers(service, "yield", **acquired)
    assert (fallen["ML"]["reached"], fallen["OPP"]["reached"]) == (2, 1)


async def test_a_unit_that_means_nothing_there_is_refused_by_name(service: Service) -> None:
    for name, unit, said in (
        ("stock", "house", "known are pass, person, company"),
        ("flow", "company", "The figure flow has no parameter unit"),
    ):
        answer = await service.client.get(f"/v1/figures/{name}", params={"unit": unit})
        assert answer.status_code == 422
        assert said in answer.json()["detail"]
    compared = await service.client.get(
        "/v1/figures/stock/compare",
        params={
            "unit": "company",
            "row": "MAL",
            "measure": "standing",
            "other_as_of": "2026-04-02",
        },
    )
    assert compared.status_code == 422
    assert "Passes are compared" in compared.json()["detail"]
