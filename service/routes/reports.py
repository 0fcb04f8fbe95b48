"""`POST /v1/events`: reports from other systems. The one path where every microsecond counts."""

from typing import Any

from fastapi import Request
from starlette.responses import Response
from starlette.types import Scope

from events.signals.dialects import cloudevents
from events.signals.native import json_schema
from events.strict_json import JsonFault, TooLarge, is_array, write
from service.bodies.body import read_body, stream_body
from service.bodies.body_memory import MemoryBudgets
from service.http.access_log import visit_of
from service.http.authentication import admit_report, identify
from service.http.exact_route import make_exact
from service.http.parts import part_of
from service.http.plain_route import PlainRoute
from service.http.problem import Problem
from service.http.request_headers import read_transfer
from service.ingest.labels import asked_wording
from service.ingest.report import (
    report_batch,
    report_lines_strictly,
    report_one,
    report_stream,
)
from service.ingest.reporting import Reporting
from service.keys.directory import KeyDirectory
from service.shapes import reports as shapes

PATH = "/v1/events"


async def post_events(request: Request) -> Response:
    """Report what happened: one event, an array of events, or a stream of lines.

    An object with a `specversion` is a CloudEvent, whose `data` holds `lead`, `account` and `data`.
    One event is answered with 201 (recorded) or 200 (recorded before). A batch is answered item by
    item, in order: 200, or 207 if any item was refused. NDJSON is read to its end and answered with
    counts. After 429, 503 or a lost connection send the same ids again: one id is one event.
    """
    scope = request.scope
    reporting, keys = part_of(scope, Reporting), part_of(scope, KeyDirectory)
    budget = part_of(scope, MemoryBudgets).senders
    transfer = read_transfer(scope)
    holder = await identify(keys, transfer.authorization, transfer.origin)
    admit_report(holder)
    visit = visit_of(scope)
    if transfer.is_lines and not transfer.is_strict:
        pieces = stream_body(request.receive, transfer)
        return await report_stream(reporting, holder, pieces, visit, keys=keys, budget=budget)
    # A stream waits for its turn; any other report is refused at once if the queue is full.
    reporting.queue.admit()
    with budget.memory() as memory:
        body = await read_body(request.receive, transfer, memory)
        if transfer.is_lines:
            return await report_lines_strictly(reporting, holder, body, visit, memory)
        words = asked_wording(scope, reporting.lifecycles.in_force.lifecycle)
        if transfer.is_cloudevent:
            body = _of_headers(scope, body)
            return await report_one(reporting, holder, body, visit, memory, words=words)
        if is_array(body):
            return await report_batch(
                reporting, holder, body, visit, memory, is_strict=transfer.is_strict, words=words
            )
        return await report_one(reporting, holder, body, visit, memory, words=words)


def _of_headers(scope: Scope, body: bytes) -> bytes:
    """Convert a CloudEvent in binary mode to one JSON object."""
    try:
        return write(cloudevents.of_headers(scope["headers"], body))
    except JsonFault as fault:
        reason = "event-too-large" if isinstance(fault, TooLarge) else "body-unreadable"
        raise Problem(reason, str(fault), expected=fault.expected) from None


def _body() -> dict[str, Any]:
    event = {"$ref": "#/components/schemas/NativeEvent"}
    cloudevent = {"$ref": "#/components/schemas/CloudEvent"}
    return {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [event, {"type": "array", "items": event}]},
            },
            "application/x-ndjson": {
                "schema": {"type": "string", "description": "One event per line."}
            },
            "application/cloudevents+json": {"schema": cloudevent},
            "application/cloudevents-batch+json": {
                "schema": {"type": "array", "items": cloudevent}
            },
        },
    }


def schemas() -> dict[str, Any]:
    """Return the schemas that the body refers to, for the OpenAPI document."""
    schema = dict(json_schema())
    definitions = schema.pop("$defs", {})
    return {"NativeEvent": schema, "CloudEvent": cloudevents.SCHEMA, **definitions}


ROUTE = PlainRoute(
    PATH,
    post_events,
    methods=["POST"],
    tags=["events"],
    summary="Report events",
    response_model=shapes.Recorded,
    openapi_extra={
        "requestBody": _body(),
        "parameters": [
            {
                "name": "Prefer",
                "in": "header",
                "required": False,
                "schema": {"type": "string"},
                "description": "`handling=strict`: all or nothing, up to 5 MiB, 1,000 events.",
            },
            {
                "name": "lang",
                "in": "query",
                "required": False,
                "schema": {"type": "string"},
                "description": "The language in which refused decisions are explained, with "
                "labels. Accept-Language works too.",
            },
            {
                "name": "Content-Encoding",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "enum": ["identity", "gzip", "deflate"]},
            },
            {
                "name": "ce-specversion",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "enum": ["1.0"]},
                "description": "A CloudEvent in binary mode: its attributes are `ce-` headers, "
                "percent-encoded, and the body is its `data`.",
            },
        ],
    },
    status_code=201,
    responses={
        200: {
            "description": "Recorded before; a batch without refusals; or a stream",
            "model": shapes.Duplicate | shapes.Batch | shapes.Stream,
        },
        201: {"description": "Recorded"},
        207: {
            "description": "A batch with at least one refusal",
            "model": shapes.Batch,
        },
    },
)
make_exact(ROUTE)
