"""A company's own words: aliases where codes are expected, labels and sentences on request."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from service.private_postgres import PrivatePostgres
from tests.support.http_service import Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

HANAKO = {"email": "hanako@example.co.jp"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        event = {"id": "form", "source": "web", "type": "form.submitted", "lead": HANAKO}
        answer = await running.client.post("/v1/events", json=event)
        assert answer.json()["stage"] == "MAL"
        yield running


async def refused(service: Service, type: str, **request: Any) -> dict[str, Any]:
    event = {"id": type, "source": "crm", "type": type, "lead": HANAKO}
    answer = await service.client.post("/v1/events", json=event, **request)
    assert answer.status_code == 409
    problem: dict[str, Any] = answer.json()
    return problem


@pytest.mark.parametrize(
    "request_of",
    [
        {"params": {"lang": "ja"}},
        {"headers": {"accept-language": "fr, ja-JP;q=0.8, en;q=0.5"}},
        {"headers": {"accept-language": "en"}, "params": {"lang": "ja"}},
    ],
)
async def test_a_refused_decision_is_explained_in_the_requested_language(
    service: Service, request_of: dict[str, Any]
) -> None:
    problem = await refused(service, "lead.sales_accepted", **request_of)
    assert problem["detail"] == (
        "「営業受入」は「マーケ受入リード」からは行えません。行えるのは「MQL」からです。"
    )
    assert (problem["stage"], problem["stage_label"]) == ("MAL", "マーケ受入リード")
    allowed = {"type": "lead.qualified", "to": "MQL", "label": "MQL認定", "to_label": "MQL"}
    assert allowed in problem["allowed"]


async def test_the_guard_that_failed_is_named_in_words_with_what_it_saw(service: Service) -> None:
    order = {"id": "o", "source": "erp", "type": "order.recorded", "data": {"order": "1"}}
    await service.client.post("/v1/events", json={**order, "account": {"domain": "example.co.jp"}})
    problem = await refused(service, "lead.qualified", params={"lang": "ja"})
    assert problem["detail"] == (
        "「MQL認定」は「マーケ受入リード」からは、いま行えません。"
        "条件「既存顧客でない」を満たしていません。"
    )
    assert problem["guards"] == [
        {
            "guard": "account_not_customer",
            "label": "既存顧客でない",
            "to": "MQL",
            "to_label": "MQL",
            "saw": {"account.stage": "C"},
        }
    ]


async def test_answers_use_codes_unless_words_are_requested(service: Service) -> None:
    problem = await refused(service, "lead.handed_over")
    assert (
        problem["detail"]
        == "lead.handed_over is not allowed from stage MAL, only from MQL, SAL, SQL, OPP, WON."
    )
    assert "stage_label" not in problem
    english = await refused(service, "lead.handed_over", params={"lang": "en"})
    assert english["detail"] == (
        "“handed over” is not allowed from “marketing accepted lead”, "
        "only from “marketing qualified lead”, “sales accepted lead”, “sales qualified lead”, "
        "“opportunity”, “won”."
    )


@pytest.mark.parametrize("word", ["学生", "student", "STUDENT"])
async def test_an_alias_in_data_means_its_code_and_a_retry_of_it_is_a_duplicate(
    service: Service, word: str
) -> None:
    event = {
        "id": f"out-{word.encode().hex()}",
        "source": "crm",
        "type": "lead.disqualified",
        "lead": {"email": f"p{len(word)}{word.isascii()}{word.islower()}@example.org"},
        "data": {"reason": word},
    }
    known = {**event, "id": f"in-{word.encode().hex()}", "type": "form.submitted", "data": {}}
    await service.client.post("/v1/events", json=known)
    answer = await service.client.post("/v1/events", json=event)
    assert answer.status_code == 201, answer.text
    feed = await service.client.get(
        "/v1/events", params={"after": int(answer.json()["position"]) - 1, "limit": 1}
    )
    assert feed.json()["events"][0]["data"]["reason"] == "student"
    again = await service.client.post("/v1/events", json=event)
    assert (again.status_code, again.json()["status"]) == (200, "duplicate")


async def test_an_unknown_word_is_refused_with_the_codes(service: Service) -> None:
    event = {
        "id": "nonsense",
        "source": "crm",
        "type": "lead.disqualified",
        "lead": HANAKO,
        "data": {"reason": "天気"},
    }
    answer = await service.client.post("/v1/events", json=event)
    assert answer.status_code == 422
    assert "student" in answer.json()["expected"]
