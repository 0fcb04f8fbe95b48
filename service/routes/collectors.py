"""The endpoints of other services' clients, so that only host and key have to change.

On success all of them respond with exactly 200: some clients take any other success for a failure
and send the same again.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final

from fastapi import Request
from starlette.responses import Response

from domain.lifecycle.client_names import ClientCall
from events.outcomes import Outcome
from events.refusals import Refused
from events.signals.dialects import posthog, segment, snowplow
from events.submission import Item
from service.bodies.body_memory import MemoryBudgets
from service.http.answer import Answer
from service.http.parts import part_of
from service.http.plain_route import PlainRoute
from service.ingest.collect import Collector, Reply, collect
from service.ingest.describe_outcomes import ResultsAnswer
from service.ingest.reporting import Reporting
from service.keys.directory import KeyDirectory
from service.shapes import reports as shapes
from service.shapes.shape import Shape

SUCCESS: Final = b'{"success":true}'
PIXEL: Final = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
"""One transparent dot: browsers report by loading an image, and retry if the response is not
one."""

SEGMENT_BATCH: Final = ("/v1/batch", "/v1/b", "/v1/import")
SEGMENT_CALLS: Final = {
    ClientCall.TRACK: ("/v1/track", "/v1/t"),
    ClientCall.IDENTIFY: ("/v1/identify", "/v1/i"),
    ClientCall.PAGE: ("/v1/page", "/v1/p"),
    ClientCall.SCREEN: ("/v1/screen", "/v1/s"),
    ClientCall.GROUP: ("/v1/group", "/v1/g"),
    ClientCall.ALIAS: ("/v1/alias", "/v1/a"),
}
POSTHOG_BATCH: Final = ("/batch/", "/batch")
POSTHOG_RESULTS: Final = "/i/v1/analytics/events"
POSTHOG_ONE: Final = ("/capture/", "/capture", "/i/v0/e/", "/e/")
SNOWPLOW_POST: Final = "/com.snowplowanalytics.snowplow/tp2"
SNOWPLOW_GET: Final = "/i"

_PARAMETERS: Final = (snowplow.KEY, "e", "eid", "uid", "duid", "dtm", "stm", "url", "se_ac")
"""The parameters of a payload that are read; the others are kept."""
_MESSAGE: Final = {
    "description": "One message, an object, as the client writes it. Anything else is "
    "kept as a refusal.",
}
_KEY: Final = {"description": "The key, a string, if no header contains it."}
_SENT: Final = {
    "description": "RFC 3339 with offset: used to correct clock skew. With anything else the "
    "messages are kept as refusals.",
}
"""No schema here names a type, because any is accepted: wrong input is kept, not rejected, and a
document that forbids what succeeds would itself be wrong."""


_POSTHOG_SENT: Final = {
    "name": "PostHog-Request-Timestamp",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "RFC 3339 with offset: used to correct clock skew, unless a message has the "
    "option `disable_skew_correction`. With anything else the messages are kept as refusals.",
}

_ANSWERS: Final = (
    "Content-Type is ignored; gzip, deflate and chunked bodies are decoded. A message that cannot "
    "be accepted is kept as a refusal (GET /v1/refusals), because the client would drop it. After "
    "429, 503 or a lost connection send the same ids again: one id is one event."
)


class _Same:
    """The same answer for every client, whatever the outcomes. A class: see Reply."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def add(self, items: Sequence[Item | Refused], outcomes: Sequence[Outcome]) -> int:
        del items, outcomes
        return 0

    def finish(self) -> Answer:
        return self._answer


def _success() -> Reply:
    return _Same(Answer(200, SUCCESS))


def _pixel() -> Reply:
    return _Same(Answer(200, PIXEL, media_type=b"image/gif"))


def _posting(collected: Collector) -> Callable[[Request], Any]:
    async def post(request: Request) -> Response:
        return await _collect(request, collected)

    return post


async def get_pixel(request: Request) -> Response:
    return await _collect(
        request,
        Collector(snowplow.SNOWPLOW, snowplow.unpack_one, _pixel, snowplow.body_of_query),
    )


async def _collect(request: Request, collected: Collector) -> Answer:
    return await collect(
        request,
        collected,
        reporting=part_of(request, Reporting),
        keys=part_of(request, KeyDirectory),
        budgets=part_of(request, MemoryBudgets),
    )


def _batch_of(member: str, *, key: str, sent_at: str) -> dict[str, Any]:
    messages = {"type": "array", "items": _MESSAGE}
    return {
        "type": "object",
        "required": [member],
        "properties": {member: messages, key: _KEY, sent_at: _SENT},
    }


def _one_with(key: str) -> dict[str, Any]:
    return {**_MESSAGE, "properties": {key: _KEY}}


def _route(
    path: str,
    collected: Collector,
    *,
    sentence: str,
    body: dict[str, Any],
    answer: type[Shape] = shapes.Collected,
    parameters: tuple[dict[str, Any], ...] = (),
) -> PlainRoute:
    return PlainRoute(
        path,
        _posting(collected),
        methods=["POST"],
        name=f"post {path}",
        tags=["clients of other services"],
        description=f"{sentence}\n\n{_ANSWERS}",
        response_model=answer,
        openapi_extra={
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "parameters": list(parameters),
        },
        responses={200: {"description": "On disk, or kept as refused"}},
    )


def _routes() -> Iterator[PlainRoute]:
    for path in SEGMENT_BATCH:
        yield _route(
            path,
            Collector(segment.SEGMENT, segment.unpack_batch, _success),
            sentence="Report a batch of a Segment or RudderStack client.",
            body=_batch_of("batch", key=segment.KEY, sent_at="sentAt"),
        )
    for call, paths in SEGMENT_CALLS.items():
        for path in paths:
            yield _route(
                path,
                Collector(segment.SEGMENT, partial(segment.unpack_one, call=call), _success),
                sentence=f"Report one {call} call of a Segment or RudderStack client.",
                body=_one_with(segment.KEY),
            )
    for path in POSTHOG_BATCH:
        yield _route(
            path,
            Collector(posthog.POSTHOG, posthog.unpack, _success),
            sentence="Report a batch of a PostHog client.",
            body=_batch_of("batch", key=posthog.KEY, sent_at="sent_at"),
        )
    yield _route(
        POSTHOG_RESULTS,
        Collector(posthog.POSTHOG, posthog.unpack, ResultsAnswer, sent_at=posthog.SENT_AT_HEADER),
        sentence="Report a batch of a newer PostHog client. The answer gives the outcome of each "
        "event by its `uuid`. `drop`: it was refused, and is kept as a refusal. `retry`: send it "
        "again after Retry-After.",
        body=_batch_of("batch", key=posthog.KEY, sent_at="sent_at"),
        answer=shapes.CaptureResults,
        parameters=(_POSTHOG_SENT,),
    )
    for path in POSTHOG_ONE:
        yield _route(
            path,
            Collector(posthog.POSTHOG, posthog.unpack_one, _success),
            sentence="Report one event of a PostHog client.",
            body=_one_with(posthog.KEY),
        )
    yield _route(
        SNOWPLOW_POST,
        Collector(snowplow.SNOWPLOW, snowplow.unpack, _success),
        sentence="Report payloads of a Snowplow tracker, whose `aid` is the key.",
        body={
            "type": "object",
            "required": ["data"],
            "properties": {"data": {"type": "array", "items": _MESSAGE}},
        },
    )
    yield PlainRoute(
        SNOWPLOW_GET,
        get_pixel,
        methods=["GET"],
        tags=["clients of other services"],
        description=f"Report a payload of a Snowplow tracker as a query string.\n\n{_ANSWERS}",
        response_class=Response,
        openapi_extra={
            "parameters": [
                {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
                for name in _PARAMETERS
            ]
        },
        responses={
            200: {
                "description": "On disk, or kept as refused; a transparent dot",
                "content": {"image/gif": {}},
            }
        },
    )


ROUTES: Final = tuple(_routes())
PATHS: Final = frozenset(route.path for route in ROUTES)
