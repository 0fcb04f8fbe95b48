"""Bodies of the smaller requests: read as strictly as events, each into one model."""

from typing import Any, TypeVar

from fastapi import Request
from pydantic import TypeAdapter, ValidationError

from events.limits import EVENT_BYTES_MAX
from events.signals.validation import UNKNOWN, Complaint, complaint_of
from events.strict_json import JsonFault, JsonValue, TooLarge, Unacceptable, read_value
from service.bodies.body import read_body
from service.bodies.body_memory import MemoryBudgets
from service.http.parts import part_of
from service.http.problem import Problem
from service.http.request_headers import read_transfer

Model = TypeVar("Model")


async def read_model(request: Request, adapter: TypeAdapter[Model]) -> Model:
    """Read a JSON body into a model. Raises Problem with the memory of the error."""
    with part_of(request, MemoryBudgets).senders.memory() as memory:
        transfer = read_transfer(request.scope)
        body = await read_body(request.receive, transfer, memory, bytes_max=EVENT_BYTES_MAX)
        value = _read(body)
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = complaint_of(error)
        if first.kind == UNKNOWN:
            raise _unknown(first, adapter) from None
        raise Problem(
            "request-invalid", first.detail, pointer=first.pointer, expected=first.expected
        ) from None


def _unknown(complaint: Complaint, adapter: TypeAdapter[Any]) -> Problem:
    known = list(adapter.json_schema()["properties"])
    detail = f"{complaint.detail} Expected one of: {', '.join(known)}."
    return Problem("request-invalid", detail, pointer=complaint.pointer, expected=known)


def described_body(adapter: TypeAdapter[Any]) -> dict[str, Any]:
    """Describe the body for the OpenAPI document."""
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": adapter.json_schema()}},
        }
    }


def _read(body: bytes) -> JsonValue:
    try:
        return read_value(body)
    except Unacceptable as fault:
        raise Problem("request-invalid", str(fault), pointer=fault.pointer) from None
    except JsonFault as fault:
        reason = "body-too-large" if isinstance(fault, TooLarge) else "body-unreadable"
        raise Problem(reason, str(fault), expected=fault.expected) from None
