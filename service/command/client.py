"""Call a running service with a key, like any other client."""

import gzip
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from service.command.exits import CommandFailed, Exit
from service.command.limits import ANSWER_WAIT_S, CONNECT_WAIT_S

DEFAULT_URL = "http://127.0.0.1:8080"


GZIP_LEVEL = 1
"""Nearly the full gain, in a tenth of the time."""

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TRY_AGAIN = (
    httpx.codes.SERVICE_UNAVAILABLE,
    httpx.codes.TOO_MANY_REQUESTS,
    httpx.codes.BAD_GATEWAY,
    httpx.codes.GATEWAY_TIMEOUT,
    httpx.codes.REQUEST_TIMEOUT,
)


class ServiceUnavailable(CommandFailed):
    """The service does not answer or is temporarily unavailable; the request may be retried."""

    def __init__(self, message: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(Exit.SERVICE_UNAVAILABLE, message)
        self.retry_after_s = retry_after_s


class Service:
    """One service and one key. A class, because it keeps the connection open."""

    def __init__(self, url: str, key: str | None) -> None:
        if not key:
            raise CommandFailed(
                Exit.SETTINGS,
                "no key given: set LEADLEDGER_KEY to a key of the service; the first start of "
                "`leadledger serve` prints one, and `leadledger key create` makes more",
            )
        self._url = url
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=httpx.Timeout(ANSWER_WAIT_S, connect=CONNECT_WAIT_S),
            # A proxy is for remote hosts; most proxies refuse to connect back to this machine.
            trust_env=urlsplit(url).hostname not in _LOOPBACK,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def get(self, path: str, **parameters: str | int | None) -> Any:
        """Return the JSON at a path; parameters that are None are left out."""
        given = {name: value for name, value in parameters.items() if value is not None}
        return self._send("GET", path, params=given)

    def download(self, path: str, media_type: str, **parameters: str | int | None) -> bytes:
        """Return what is at a path in this format."""
        given = {name: value for name, value in parameters.items() if value is not None}
        answer = self._answer("GET", path, params=given, headers={"Accept": media_type})
        return answer.content

    def post(
        self, path: str, body: Mapping[str, Any] | None = None, **parameters: str | int | None
    ) -> Any:
        """Post a body and return the JSON answer; parameters that are None are left out."""
        given = {name: value for name, value in parameters.items() if value is not None}
        # httpx replaces the path's own query with the parameters, even an empty set of them.
        return self._send("POST", path, json=body or {}, params=given or None)

    def post_table(self, path: str, table: bytes, **parameters: str | int | None) -> Any:
        """Post CSV and return the JSON answer; parameters that are None are left out."""
        given = {name: value for name, value in parameters.items() if value is not None}
        headers = {"Content-Type": "text/csv"}
        return self._send("POST", path, content=table, headers=headers, params=given)

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._send("PATCH", path, json=body)

    def delete(self, path: str) -> Any:
        return self._send("DELETE", path)

    def compare(self, events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return, in order, how events differ from what is recorded under their ids."""
        answer = self._send("POST", "/v1/events/compare", json=events)
        items: list[dict[str, Any]] = answer["items"]
        return items

    def publish_lifecycle(
        self, text: str, *, stage_map: Sequence[str] = (), dry_run: bool = False
    ) -> Any:
        """Publish the text of a lifecycle, or only try it."""
        return self._send(
            "POST",
            "/v1/lifecycle",
            content=text.encode(),
            headers={"Content-Type": "application/yaml"},
            params={"dry_run": dry_run, "stage_map": list(stage_map)},
        )

    def post_lines(self, lines: bytes, *, compress: bool) -> Any:
        """Send events as NDJSON, and return the service's answer."""
        headers = {"Content-Type": "application/x-ndjson"}
        if compress:
            lines = gzip.compress(lines, GZIP_LEVEL)
            headers["Content-Encoding"] = "gzip"
        return self._send("POST", "/v1/events", content=lines, headers=headers)

    def complete(self) -> None:
        """State that earlier events are no longer to be expected."""
        self._send("POST", "/v1/events/complete")

    def _send(self, method: str, path: str, **request: Any) -> Any:
        return self._answer(method, path, **request).json()

    def _answer(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **request)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise CommandFailed(
                Exit.SETTINGS, f"expected a URL such as {DEFAULT_URL}, found {self._url}"
            ) from None
        except httpx.TransportError as error:
            raise ServiceUnavailable(
                f"no answer from {self._url} ({_reason(error)}); is `leadledger serve` running, "
                "and does LEADLEDGER_URL name it?"
            ) from None
        if answer.is_success:
            return answer
        raise _failure(answer)


def _reason(error: httpx.TransportError) -> str:
    return str(error) or type(error).__name__


def _failure(answer: httpx.Response) -> CommandFailed:
    """Turn a problem document into an error."""
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    title = problem.get("title", answer.reason_phrase)
    detail = problem.get("detail", "")
    if pointer := problem.get("pointer"):
        detail = f"{detail} (at {pointer})"
    message = f"the service answers {answer.status_code} {title}: {detail}".rstrip(": ")
    if answer.status_code in _TRY_AGAIN:
        wait = answer.headers.get("Retry-After", "")
        return ServiceUnavailable(message, retry_after_s=float(wait) if wait.isdecimal() else 0.0)
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        return CommandFailed(Exit.SETTINGS, f"{message}; check LEADLEDGER_KEY")
    return CommandFailed(Exit.ANSWERED_NO, message)
