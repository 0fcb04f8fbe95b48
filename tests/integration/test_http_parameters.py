"""A query parameter that a route does not know is refused, not ignored."""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from service.routes import collectors
from tests.support.api_routes import api_routes
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        yield running


async def test_a_misspelt_parameter_is_refused_and_the_nearest_is_named(service: Service) -> None:
    answer = await service.client.get("/v1/funnel", params={"as-of": "2018-03-31T00:00:00Z"})
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "parameter-invalid"
    assert problem["parameter"] == "as-of"
    assert "as_of" in problem["detail"]


async def test_every_route_refuses_an_unknown_parameter(service: Service) -> None:
    routes = [route for route in api_routes(service.app) if route.path not in collectors.PATHS]
    asked = [(method, _filled(route.path)) for route in routes for method in route.methods or ()]
    assert ("POST", "/v1/events") in asked
    answers = {
        (method, path): await service.client.request(method, path, params={"nonsense": "1"})
        for method, path in asked
    }
    assert {one: answer.status_code for one, answer in answers.items()} == dict.fromkeys(asked, 422)
    assert {answer.json()["parameter"] for answer in answers.values() if answer.content} == {
        "nonsense"
    }


def _filled(path: str) -> str:
    """Return a path that leads to its route, whatever it names."""
    return re.sub(r"{[^}]*}", str(UUID(int=1)), path)


async def test_a_second_value_is_refused_where_only_one_can_be_used(service: Service) -> None:
    twice = await service.client.get("/v1/funnel?lang=ja&lang=en")
    assert twice.status_code == 422
    assert "twice" in twice.json()["detail"]
    several = await service.client.get("/v1/events?type=form.submitted&type=visit.recorded")
    assert several.status_code == 200


async def test_clients_of_other_services_may_add_parameters(service: Service) -> None:
    body = {"batch": [], "writeKey": service.client.headers["authorization"].split()[1]}
    answer = await service.client.post("/v1/batch?ip=1&_=1730000000", json=body)
    assert answer.status_code == 200
