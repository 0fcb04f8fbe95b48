"""One message: sent to the address that was checked, within its time limit, and no further."""

import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from service.webhooks.client import Delivered, PinnedTransport, Poster, Resolve
from tests.support.webhook_receiver import Message, Receiver, Reply, receiving

NAME = "hooks.example.test"
HEADERS = {"webhook-id": "1"}
BODY = '{"name":"山田"}'.encode()


def resolving(*answers: tuple[str, ...]) -> Resolve:
    """Answer differently each time; the last answer stays."""
    left = list(answers)

    async def resolve(_: str, __: int) -> tuple[str, ...]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


@asynccontextmanager
async def poster(**given: Any) -> AsyncIterator[Poster]:
    made = Poster(**{"allows_private": True, "attempt_s": 2.0, **given})
    try:
        yield made
    finally:
        await made.close()


async def post(receiver: Receiver, url: str | None = None, **given: Any) -> Delivered:
    async with poster(**given) as made:
        return await made.post(url or receiver.url, HEADERS, BODY)


async def test_a_message_arrives_unchanged() -> None:
    async with receiving(lambda _: 204) as receiver:
        answer = await post(receiver, f"{receiver.url}?a=b%20c")
    (message,) = receiver.messages
    assert answer == Delivered(status=204)
    assert (message.target, message.body) == ("/hooks?a=b%20c", BODY)
    assert message.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert message.headers["content-type"] == "application/cloudevents+json"
    assert message.headers["webhook-id"] == "1"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(500), Delivered("answered 500", 500)),
        (Reply(503, "retry-after: 120"), Delivered("answered 503", 503, 120.0)),
        (Reply(429, "retry-after: tomorrow"), Delivered("answered 429", 429)),
        (Reply(410), Delivered("answered 410", 410)),
        (Reply(after_s=0.5), Delivered("no answer within 0.2 s")),
        (Reply(head="content-length: x"), Delivered("the exchange failed (RemoteProtocolError)")),
    ],
)
async def test_every_failure_is_reported(reply: Reply, expected: Delivered) -> None:
    async with receiving(lambda _: reply) as receiver:
        assert await post(receiver, attempt_s=0.2) == expected


async def test_a_redirect_is_not_followed() -> None:
    async with receiving() as other:

        def elsewhere(_: Message) -> Reply:
            return Reply(307, f"location: {other.url}\r\ncontent-length: 0")

        async with receiving(elsewhere) as receiver:
            assert await post(receiver) == Delivered("answered 307", 307)
    assert other.messages == []


async def test_an_endless_body_is_not_read() -> None:
    async with receiving(lambda _: Reply(head="x: y", is_endless=True)) as receiver:
        assert await post(receiver) == Delivered(status=200)


async def test_an_endless_head_is_cut_off() -> None:
    endless = Reply(head="x: " + "y" * 1_000_000)
    async with receiving(lambda _: endless) as receiver:
        answer = await post(receiver)
    assert answer.failure == "the exchange failed (RemoteProtocolError)"


async def test_a_refused_connection_is_reported_without_an_address() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        async with poster() as made:
            assert await made.post(url, HEADERS, BODY) == Delivered("no connection")


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".example", "a..b", "-"])
async def test_a_host_without_an_address_is_reported(host: str) -> None:
    async with poster() as made:
        answer = await made.post(f"http://{host}/", HEADERS, BODY)
    assert answer.failure is not None
    assert answer.failure.startswith(("the host has no address", "not sent: expected a URL"))


@pytest.mark.parametrize("name", ["localhost", "127.1", "2130706433", "0x7f000001", "0"])
async def test_a_name_of_this_machine_is_not_reached_unless_allowed(name: str) -> None:
    async with receiving() as receiver:

        async def resolve(host: str, port: int) -> tuple[str, ...]:
            del port
            return tuple({str(one[4][0]) for one in socket.getaddrinfo(host, receiver.port)})

        refused = await post(receiver, f"https://{name}/", allows_private=False, resolve=resolve)
        assert (refused.failure or "").startswith("not sent: expected ")
        assert receiver.messages == []
        url = f"http://{name}:{receiver.port}/"
        assert await post(receiver, url, resolve=resolve) == Delivered(status=200)


async def test_a_public_name_that_resolves_to_this_machine_is_not_reached() -> None:
    async with receiving() as receiver:

        async def resolve(host: str, port: int) -> tuple[str, ...]:
            del host, port
            return ("127.0.0.1",)

        url = f"https://{NAME}/"
        refused = await post(receiver, url, allows_private=False, resolve=resolve)
        assert (refused.failure or "").startswith("not sent: the address is not public")
        assert receiver.messages == []


async def test_one_private_address_among_public_ones_rules_out_all() -> None:
    connected: list[str] = []
    transport = PinnedTransport(
        resolving(("8.8.8.8", "10.0.0.1")), noting(connected), allows_private=False
    )
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(Exception, match="not public"):
            await client.post(f"https://{NAME}/")
    assert connected == []


def noting(connected: list[str]) -> httpx.MockTransport:
    """Stand in for the network: note where a connection would go, and with which name."""

    def connect(request: httpx.Request) -> httpx.Response:
        connected.append(f"{request.url.host} {request.headers['host']}")
        connected.append(request.extensions.get("sni_hostname", request.url.host))
        return httpx.Response(200)

    return httpx.MockTransport(connect)


async def connected_when_the_answer_changes(
    transport: Callable[[Resolve, httpx.AsyncBaseTransport], httpx.AsyncBaseTransport],
) -> list[str]:
    """Resolve a name to a public address first, and to this machine from then on."""
    connected: list[str] = []
    resolve = resolving(("93.184.215.14",), ("127.0.0.1",))
    async with httpx.AsyncClient(transport=transport(resolve, noting(connected))) as client:
        await client.post(f"https://{NAME}/")
    return connected


async def test_a_name_is_resolved_once_even_if_it_would_change() -> None:
    found = await connected_when_the_answer_changes(
        lambda resolve, inner: PinnedTransport(resolve, inner, allows_private=False)
    )
    assert found == [f"93.184.215.14 {NAME}", NAME]


async def test_a_second_resolution_would_lead_to_this_machine() -> None:
    """The negative twin: a check, then a connection that resolves the name again."""

    class Naive(PinnedTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await super().handle_async_request(request)
            (address,) = await self._resolve(request.url.host, 443)
            request.url = request.url.copy_with(host=address)
            return await self._inner.handle_async_request(request)

    found = await connected_when_the_answer_changes(
        lambda resolve, inner: Naive(resolve, inner, allows_private=False)
    )
    assert found[-2].startswith("127.0.0.1")


async def test_the_next_address_of_a_host_is_tried() -> None:
    async with receiving() as receiver:
        url = f"http://{NAME}:{receiver.port}/"
        resolve = resolving(("127.0.0.2", "127.0.0.1"))
        assert await post(receiver, url, resolve=resolve) == Delivered(status=200)
    assert receiver.messages[0].headers["host"] == f"{NAME}:{receiver.port}"


@pytest.fixture
def contexts(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for NAME; return the receiver's context, and one that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    return serving, ssl.create_default_context(cafile=str(file))


async def test_the_certificate_is_checked_against_the_name_not_the_address(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    serving, trusting = contexts
    resolve = resolving(("127.0.0.1",))
    async with receiving(context=serving) as receiver:
        good = f"https://{NAME}:{receiver.port}/"
        assert await post(receiver, good, resolve=resolve, context=trusting) == Delivered(
            status=200
        )
        for url, context in (
            (f"https://other.example.test:{receiver.port}/", trusting),
            (receiver.url, trusting),
            (good, None),
        ):
            answer = await post(receiver, url, resolve=resolve, context=context)
            assert answer == Delivered("the certificate is not valid for this host")
    assert len(receiver.messages) == 1
