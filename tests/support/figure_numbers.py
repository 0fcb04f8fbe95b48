"""Read a figure over HTTP, together with the list behind each of its numbers."""

from typing import Any

from tests.support.http_service import Service


async def numbers(service: Service, name: str, **asked: Any) -> dict[str, dict[str, int]]:
    """Return the numbers that are not zero, by row, each with a list of that length.

    A number that was recorded as one has no list.
    """
    head = (await service.client.get("/v1/events?limit=1")).json()["head"]
    params = {"wait_for": head, **asked}
    answer = await service.client.get(f"/v1/figures/{name}", params=params)
    assert answer.status_code == 200, answer.text
    given = await _given(service, name)
    found: dict[str, dict[str, int]] = {}
    for row in answer.json()["rows"]:
        for measure, number in row["counts"].items():
            if measure in given:
                assert number["leads"] is None
            elif number["count"]:
                listed = (await service.client.get(number["leads"])).json()["leads"]
                places = {(one["subject"], one["position"]) for one in listed}
                assert len(places) == len(listed) == number["count"]
            if number["count"]:
                found.setdefault(row["row"], {})[measure] = number["count"]
    return found


async def _given(service: Service, name: str) -> set[str]:
    defined = (await service.client.get("/v1/figures")).json()["figures"]
    [figure] = [figure for figure in defined if figure["name"] == name]
    return {measure["name"] for measure in figure["measures"] if measure["is_given"]}
