"""An answer that its route does not describe fails the test that receives it."""

import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError
from starlette.responses import Response

from service.http.answer import Answer
from service.http.plain_route import PlainRoute
from service.shapes.administration import Alive
from tests.support.described import check_described


def client_of(
    status: int, body: bytes, media_type: bytes = b"application/json"
) -> httpx.AsyncClient:
    async def answer(_: object) -> Response:
        return Answer(status, body, media_type=media_type)

    app = FastAPI()
    app.router.routes.append(PlainRoute("/livez", answer, response_model=Alive))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://test",
        event_hooks={"response": [check_described(app)]},
    )


async def test_an_answer_as_described_passes() -> None:
    async with client_of(200, b'{"status":"alive"}') as client:
        assert (await client.get("/livez")).json() == {"status": "alive"}


@pytest.mark.parametrize(
    ("status", "body", "media_type"),
    [
        (200, b'{"status":"dead"}', b"application/json"),
        (200, b'{"status":"alive","more":1}', b"application/json"),
        (200, b"{}", b"application/json"),
        (202, b'{"status":"alive"}', b"application/json"),
        (503, b'{"title":"x"}', b"application/problem+json"),
        (200, b"{}", b"application/problem+json"),
    ],
)
async def test_any_other_answer_fails(status: int, body: bytes, media_type: bytes) -> None:
    async with client_of(status, body, media_type) as client:
        with pytest.raises((ValidationError, AssertionError)):
            await client.get("/livez")
