"""Run unmodified clients of other services against this one: only host and key change."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import httpx
import pytest

from service.routes.collectors import POSTHOG_RESULTS
from tests.safety.cutting_answers import cutting_answers
from tests.support.node_clients import CLIENTS, require_node_clients
from tests.support.postgres import scratch_directory
from tests.support.running_service import RunningService, environment, running_service

RUN_WAIT_S = 90

OF_SEGMENT = (
    "visit.recorded",
    "profile.updated",
    "form.submitted",
    "activity.recorded",
    "visit.recorded",
    "profile.updated",
    "profile.updated",
)
OF_BROWSER = (
    "visit.recorded",
    "profile.updated",
    "form.submitted",
    "activity.recorded",
    "profile.updated",
)
OF_POSTHOG = (
    "visit.recorded",
    "profile.updated",
    "profile.updated",
    "form.submitted",
    "activity.recorded",
    "account.updated",
)
OF_SNOWPLOW = ("visit.recorded", "form.submitted", "form.submitted", "activity.recorded")
OF_CLOUDEVENTS = ("form.submitted", "visit.recorded")


class Client(NamedTuple):
    """A program, and the events that it reports, in order."""

    program: str
    expected: Sequence[str]
    arguments: tuple[str, ...] = ()
    cuts: int = 2
    """How often it retries on its own without an answer, as far as this test requires.

    With GET, Snowplow's tracker drops a failed event unless it was the last of its batch.
    """
    posthog_mode: str = "v0"
    """Which of PostHog's protocols its clients use."""


CLIENTS_TESTED = (
    Client("segment_python.py", OF_SEGMENT),
    Client("rudder_python.py", OF_SEGMENT),
    Client("posthog_python.py", OF_POSTHOG),
    Client("posthog_python.py", OF_POSTHOG, cuts=1, posthog_mode="v1"),
    Client("snowplow_python.py", OF_SNOWPLOW, ("post",)),
    Client("snowplow_python.py", OF_SNOWPLOW, ("get",), cuts=1),
    Client("cloudevents_python.py", OF_CLOUDEVENTS, cuts=0),
    Client("segment_node.js", OF_SEGMENT),
    Client("segment_browser.js", OF_BROWSER, ("standard",)),
    Client("segment_browser.js", OF_BROWSER, ("batching",)),
    Client("rudder_node.js", OF_SEGMENT),
    Client("posthog_node.js", OF_POSTHOG),
    Client("posthog_node.js", OF_POSTHOG, cuts=1, posthog_mode="v1"),
    Client("cloudevents_node.js", OF_CLOUDEVENTS, cuts=0),
)


def named(client: Client) -> str:
    newer = ("newer",) if client.posthog_mode != "v0" else ()
    return "-".join((client.program, *client.arguments, *newer))


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    """Run one service with two workers: what one of them received is sent again to the other."""
    with (
        scratch_directory() as directory,
        running_service(directory / "data", "--workers", "2") as running,
    ):
        yield running


def key_for(service: RunningService, source: str) -> str:
    """Make a marketing key that may report facts from one source."""
    asked = {"name": source, "sources": [source], "department": "marketing"}
    with service.client(service.key) as http:
        return str(http.post("/v1/keys", json=asked).raise_for_status().json()["key"])


def run(client: Client, service: RunningService, *, url: str, source: str) -> None:
    """Run a program to completion, as a user with only a host and a key would."""
    is_python = client.program.endswith(".py")
    command = sys.executable if is_python else require_node_clients()
    surroundings = environment(
        service.data_dir,
        LEADLEDGER_URL=url,
        LEADLEDGER_KEY=key_for(service, source),
        LEADLEDGER_SOURCE=source,
        POSTHOG_CAPTURE_MODE=client.posthog_mode,
        WHO=source,
        NO_PROXY="127.0.0.1",
        PYTHONWARNINGS="ignore",
    )
    done = subprocess.run(
        [command, os.fspath(CLIENTS / client.program), *client.arguments],
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=RUN_WAIT_S,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def reported(service: RunningService, source: str) -> list[dict[str, Any]]:
    """Return the records of one source, in order of position."""
    found: list[dict[str, Any]] = []
    after = "0"
    with service.client(service.key) as http:
        while True:
            page = http.get("/v1/events", params={"after": after, "limit": 1000}).json()
            found += [event for event in page["events"] if event["source"] == source]
            if not page["events"]:
                return found
            after = page["events"][-1]["position"]


def requests_to(service: RunningService, route: str) -> float:
    """Count the requests to an address that were answered with 200."""
    with service.client(service.key) as http:
        text = http.get("/metrics").text
    asked = f'leadledger_http_requests_total{{route="{route}",status="200"}} '
    return float(next((line for line in text.splitlines() if asked in line), "0").split()[-1])


def refusals(service: RunningService, source: str) -> list[dict[str, Any]]:
    with service.client(service.key) as http:
        listed = http.get("/v1/refusals", params={"limit": 1000}).json()["refusals"]
    return [row for row in listed if row["source"] == source]


@pytest.mark.parametrize("client", CLIENTS_TESTED, ids=named)
def test_a_client_works_with_only_its_host_and_key_changed(
    service: RunningService, client: Client
) -> None:
    source = f"{named(client)}-works"
    before = requests_to(service, POSTHOG_RESULTS)
    run(client, service, url=service.url, source=source)
    assert (requests_to(service, POSTHOG_RESULTS) > before) == (client.posthog_mode == "v1")
    records = reported(service, source)
    assert [record["type"] for record in records] == list(client.expected)
    assert refusals(service, source) == []
    people = {record["subject"] for record in records if record["subject"].startswith("lead/")}
    assert len(people) == 1, "the visitor is the person who filled in the form"
    with service.client(service.key) as http:
        lead = http.get(f"/v1/leads/{people.pop().removeprefix('lead/')}").json()
    # The stages are the lead's, not those of the answers: where each request brings its own
    # correction of the clock, the form may come to lie a millisecond before the visit, which then
    # moves nothing. The ledger selects the lead on its own.
    assert "ML" in lead["entered"]
    assert set(lead["entered"]) <= {"AL", "ML", "MAL"}


@pytest.mark.parametrize("client", [tested for tested in CLIENTS_TESTED if tested.cuts], ids=named)
def test_a_client_whose_answers_are_cut_off_records_nothing_twice(
    service: RunningService, client: Client
) -> None:
    source = f"{named(client)}-cut"
    with cutting_answers(service.url, cuts=client.cuts) as (cutter, url):
        run(client, service, url=url, source=source)
    assert cutter.cut == client.cuts
    assert sorted(one["type"] for one in reported(service, source)) == sorted(client.expected)
    assert refusals(service, source) == []


def test_a_batch_sent_again_after_a_crash_records_nothing_twice() -> None:
    messages = [
        {
            "type": "track",
            "event": "Form Submitted",
            "messageId": f"m-{number}",
            "userId": f"user-{number}",
            "timestamp": "2026-11-22T10:15:00.123+09:00",
        }
        for number in range(3)
    ]

    def send(service: RunningService, key: str, sent_at: str) -> None:
        batch = {"batch": messages, "sentAt": sent_at, "writeKey": key}
        with httpx.Client(base_url=service.url, trust_env=False) as http:
            answer = http.post("/v1/batch", json=batch)
        assert (answer.status_code, answer.json()) == (200, {"success": True})

    with scratch_directory() as directory:
        with running_service(directory / "data") as service:
            key = service.key
            send(service, key, "2026-11-22T01:15:01Z")
            service.end(signal.SIGKILL)
        with running_service(directory / "data") as service:
            send(service, key, "2026-11-22T01:20:00Z")
            with service.client(key) as http:
                events = http.get("/v1/events", params={"limit": 1000}).json()["events"]
                refused = http.get("/v1/refusals").json()["refusals"]
    assert [event["id"] for event in events if event["type"] == "form.submitted"] == [
        "m-0",
        "m-1",
        "m-2",
    ]
    assert refused == []


def test_events_reported_by_the_clients_can_be_decided_again(service: RunningService) -> None:
    """Every decision is recomputed from the records alone."""
    clients = ("segment_python.py", "posthog_python.py")
    for client in (tested for tested in CLIENTS_TESTED if tested.program in clients):
        run(client, service, url=service.url, source=f"{named(client)}-verified")
    done = service.command("verify")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
