"""Problems: every unsuccessful response, in the form of RFC 9457.

One table maps each reason to HTTP; nothing else in the service chooses a status for an error. The
type is a URN, because it must stay the same wherever a ledger is served, and because a URL would
promise a page that does not exist. `code` and `message` are added to the standard members for
clients that look for them (and retry a request endlessly if its error has neither).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import orjson

from events.refusals import Refusal
from service.limits import RETRY_AFTER_S
from service.shapes.shape import ProblemDetails

MEDIA_TYPE = b"application/problem+json"
TYPE_PREFIX = "urn:leadledger:problem:"


class Kind(NamedTuple):
    """What a reason means in HTTP."""

    status: int
    title: str


KINDS: Mapping[str, Kind] = {
    # What cannot be read.
    "body-unreadable": Kind(400, "The body cannot be read"),
    "event-unreadable": Kind(400, "The event cannot be read"),
    "body-too-large": Kind(413, "The body is too large"),
    "event-too-large": Kind(413, "The event is too large"),
    "url-too-long": Kind(414, "The URL is too long"),
    "head-too-large": Kind(431, "The headers are too large"),
    "body-too-slow": Kind(408, "The body did not arrive in time"),
    "encoding-unsupported": Kind(415, "The encoding of the body is not supported"),
    # What is not permitted.
    "key-missing": Kind(401, "A key is needed"),
    "key-unknown": Kind(401, "The key is not known"),
    "scope-missing": Kind(403, "The key lacks a scope"),
    "source-not-allowed": Kind(403, "The key may not speak for this source"),
    "department-not-allowed": Kind(403, "The decision belongs to another department"),
    "event-type-reserved": Kind(403, "The event type is the service's own"),
    "grant-not-held": Kind(403, "A key cannot grant what it does not hold"),
    "origin-not-allowed": Kind(403, "The key is not for pages of this origin"),
    "https-needed": Kind(403, "Pages are shown only over https"),
    "form-foreign": Kind(403, "The form was not sent by a page of this service"),
    # What is readable, but wrong.
    "event-invalid": Kind(422, "The event is not valid"),
    "event-type-unknown": Kind(422, "The event type is not known"),
    "event-not-storable": Kind(422, "The event cannot be stored"),
    "batch-refused": Kind(422, "The batch was refused as a whole"),
    "lifecycle-invalid": Kind(422, "The lifecycle is not valid"),
    "stage-map-invalid": Kind(422, "The stage map is not valid"),
    "parameter-invalid": Kind(422, "A parameter is not valid"),
    "request-invalid": Kind(422, "The request is not valid"),
    "capacity-unknown": Kind(422, "The capacity is not known"),
    "too-many-candidates": Kind(422, "There are too many candidates"),
    # What conflicts with what is already there.
    "log-shorter": Kind(409, "The log ends before this position"),
    "event-id-reused": Kind(409, "The id belongs to another event"),
    "identifier-shared": Kind(409, "The identifier belongs to several people"),
    "move-not-allowed": Kind(409, "The move is not allowed from here"),
    "refusal-settled": Kind(409, "The refusal is settled"),
    "key-ended": Kind(409, "The key has ended"),
    "webhooks-full": Kind(409, "The limit of webhooks is reached"),
    "not-a-candidate": Kind(409, "The lead is no longer a candidate"),
    "selection-not-declared": Kind(409, "The lifecycle declares no selection"),
    "selection-id-reused": Kind(409, "The id belongs to another selection"),
    "lifecycle-unchanged": Kind(409, "The lifecycle is already in force"),
    "stages-occupied": Kind(409, "Stages that would disappear still have leads or accounts"),
    "taking-back-not-possible": Kind(409, "The event cannot be taken back"),
    "merge-not-possible": Kind(409, "The leads cannot be merged or kept apart"),
    "history-too-long": Kind(409, "There is too much to redecide"),
    "search-expired": Kind(404, "The search can no longer be opened"),
    "event-unknown": Kind(404, "The event is not known"),
    "lead-unknown": Kind(404, "The lead is not known"),
    "account-unknown": Kind(404, "The account is not known"),
    "not-found": Kind(404, "There is nothing here"),
    "method-not-allowed": Kind(405, "The method is not allowed here"),
    # What is too much, or the service's fault.
    "rate-exceeded": Kind(429, "The key exceeds its rate"),
    "event-not-comparable": Kind(503, "The event cannot be compared with the first one"),
    "queue-full": Kind(503, "Too much is waiting"),
    "streams-full": Kind(503, "Too many streams are open"),
    "too-many-connections": Kind(503, "Too many connections are open"),
    "ledger-unavailable": Kind(503, "The ledger is not available"),
    "not-ready": Kind(503, "The service is not ready"),
    "projection-stopped": Kind(503, "The projection has stopped"),
    "internal-error": Kind(500, "The service has an internal fault"),
    "unexpected": Kind(500, "Something unexpected went wrong"),
}
_OTHER = Kind(422, "The event was refused")
"""A reason known only to the domain: the event was readable and was judged."""


class ClientGone(Exception):
    """The client disconnected before its body was complete."""


class Problem(Exception):
    """A request that cannot be answered as asked."""

    def __init__(
        self,
        reason: str,
        detail: str,
        *,
        pointer: str | None = None,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
        self.pointer = pointer
        self.members: Mapping[str, Any] = members
        self.headers = dict(headers or {})
        if self.status == KINDS["ledger-unavailable"].status:
            self.headers.setdefault("retry-after", str(RETRY_AFTER_S))

    @property
    def status(self) -> int:
        return kind_of(self.reason).status

    @property
    def body(self) -> bytes:
        """The bytes of the response."""
        content = describe(self.reason, self.detail, self.pointer, self.members)
        return orjson.dumps(content, default=str)


def kind_of(reason: str) -> Kind:
    """Return what a reason means in HTTP."""
    return KINDS.get(reason, _OTHER)


def of_refusal(refusal: Refusal) -> ProblemDetails:
    """Describe a refused event."""
    return describe(refusal.reason, refusal.detail, refusal.pointer, refusal.members)


def describe(
    reason: str, detail: str, pointer: str | None, members: Mapping[str, Any]
) -> ProblemDetails:
    """Build the members of a problem, the standard ones first."""
    kind = kind_of(reason)
    content: ProblemDetails = {
        "type": TYPE_PREFIX + reason,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "code": reason,
        "message": detail,
    }
    if pointer is not None:
        content["pointer"] = pointer
    further = {name: value for name, value in members.items() if name not in content}
    # Which further members there are depends on the reason, which no type expresses.
    return cast("ProblemDetails", {**content, **further})
