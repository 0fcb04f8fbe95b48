"""Administer keys and refusals with the command, while two processes serve."""

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from events.remote.roles import Role
from tests.support.examples import examples_of, run_example
from tests.support.postgres import scratch_directory
from tests.support.running_service import ROOT, RunningService, environment, running_service

REVOKED_WITHIN_S = 5.0
CALLS_MAX = 200

VISIT: dict[str, Any] = {"id": "v", "type": "visit.recorded", "lead": {"anonymous_id": "c"}}


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    with (
        scratch_directory() as directory,
        running_service(directory / "data", "--workers", "2") as running,
    ):
        yield running


def run(service: RunningService, *arguments: str, code: int = 0) -> str:
    done = service.command(*arguments, key=service.key)
    assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout if code in {0, 6} else done.stderr


def make_key(service: RunningService, *options: str) -> dict[str, Any]:
    made = run(service, "key", "create", "test", "--source", "website", *options, "--json")
    return dict(json.loads(made))


def report(service: RunningService, key: str, **event: Any) -> httpx.Response:
    """Report on a separate connection, which either process may accept."""
    with service.client(key) as client:
        return client.post("/v1/events", json=VISIT | event)


def process_of(answer: httpx.Response) -> str:
    return str(answer.headers["x-request-id"]).partition("-")[0]


def test_both_processes_reject_a_revoked_key_within_five_seconds(
    service: RunningService,
) -> None:
    made = make_key(service)
    serving: set[str] = set()
    for _ in range(CALLS_MAX):
        answer = report(service, made["key"])
        assert answer.status_code in {200, 201}
        serving.add(process_of(answer))
        if len(serving) == 2:
            break
    assert serving == {f"{worker.pid:x}" for worker in service.of_role(Role.FRONT)}
    revoked = json.loads(run(service, "key", "revoke", made["id"], "--json"))
    assert revoked["revoked_at"] is not None
    time.sleep(REVOKED_WITHIN_S)
    turned_away: set[str] = set()
    for _ in range(CALLS_MAX):
        answer = report(service, made["key"])
        assert answer.status_code == 401
        turned_away.add(process_of(answer))
        if len(turned_away) == 2:
            break
    assert turned_away == serving


def test_an_event_recorded_by_one_process_is_a_duplicate_in_the_other(
    service: RunningService,
) -> None:
    made = make_key(service)
    answers = [report(service, made["key"], id="both") for _ in range(20)]
    assert [answer.status_code for answer in answers] == [201, *[200] * 19]
    assert len({answer.json()["position"] for answer in answers}) == 1
    while len({process_of(answer) for answer in answers}) < 2 and len(answers) < CALLS_MAX:
        answers.append(report(service, made["key"], id="both"))
    assert {answer.json()["position"] for answer in answers} == {answers[0].json()["position"]}
    assert len({process_of(answer) for answer in answers}) == 2


def test_a_key_is_rotated_without_a_gap(service: RunningService) -> None:
    old = make_key(service, "--rate", "50")
    new = json.loads(run(service, "key", "rotate", old["id"], "--overlap-hours", "1", "--json"))
    assert new["replaces"]["id"] == old["id"]
    assert new["events_per_second"] == 50
    for key in (old["key"], new["key"]):
        assert report(service, key).status_code in {200, 201}
    ended = json.loads(run(service, "key", "rotate", old["id"], "--overlap-hours", "0", "--json"))
    assert report(service, ended["key"], id="ended").status_code == 201
    listed = json.loads(run(service, "key", "list", "--json"))
    assert listed == json.loads(run(service, "key", "list", "--json", "--database"))
    assert {old["id"], new["id"], ended["id"]} <= {row["id"] for row in listed}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rotate", "nobody"), "No key has this id"),
        (("revoke", "nobody/../x"), "404"),
        (("create", "x", "--source", "x", "--department", "kitchen"), "(at /department)"),
        (("rotate", "nobody", "--database"), "there is no key nobody"),
        (
            ("create", "x", "--source", "x", "--origin", "x.jp", "--database"),
            "origins/0: expected an origin",
        ),
    ],
)
def test_invalid_arguments_are_reported_with_their_own_exit_code(
    service: RunningService, arguments: tuple[str, ...], said: str
) -> None:
    assert said in run(service, "key", *arguments, code=9)


def test_a_key_for_pages_is_made_with_its_origins(service: RunningService) -> None:
    made = make_key(service, "--origin", "https://www.example.co.jp")
    assert made["origins"] == ["https://www.example.co.jp"]
    assert report(service, made["key"], id="page").status_code == 403
    assert "https://www.example.co.jp" in run(service, "key", "list")


def test_refusals_are_listed_shown_retried_and_dismissed(service: RunningService) -> None:
    scopes = ("--scope", "events:write", "--scope", "decisions:write")
    sender = make_key(service, *scopes, "--department", "marketing")
    leads = [{"email": f"person{number}@example.co.jp"} for number in range(4)]
    refused = [
        report(service, sender["key"], id=f"q-{number}", type="lead.qualified", lead=lead).json()
        for number, lead in enumerate(leads)
    ]
    ids = [refusal["refusal"] for refusal in refused]
    wanted = ("--sender", sender["id"])
    listed = json.loads(run(service, "refusals", "list", *wanted, "--json"))
    assert [row["refusal"] for row in listed] == ids[::-1]
    assert len(json.loads(run(service, "refusals", "list", *wanted, "--limit", "2", "--json"))) == 2
    table = run(service, "refusals", "list", *wanted, "--zone", "Asia/Tokyo")
    assert all(id in table for id in ids)
    shown = json.loads(run(service, "refusals", "show", ids[0]))
    assert "person0@example.co.jp" in shown["content"]

    run(service, "refusals", "dismiss", ids[3], "--reason", "a test")
    assert "404" in run(service, "refusals", "retry", ids[0], code=9)
    for number, lead in enumerate(leads[:2]):
        form = {"id": f"f-{number}", "type": "form.submitted", "lead": lead}
        form["time"] = "2026-01-05T09:00:00Z"  # before the decisions that were refused
        assert report(service, sender["key"], **form).status_code == 201
    recorded = json.loads(run(service, "refusals", "retry", ids[0], "--json"))
    assert [one["status"] for one in recorded] == ["recorded"]
    said = run(service, "refusals", "retry", *wanted, code=6)
    assert said.startswith("Now events: 1; refused again: 1.")
    assert ids[2] in said
    left = json.loads(run(service, "refusals", "list", *wanted, "--status", "all", "--json"))
    assert {one["refusal"]: one["status"] for one in left} == {
        ids[0]: "retried",
        ids[1]: "retried",
        ids[2]: "open",
        ids[3]: "dismissed",
    }


def test_a_retry_must_say_which_refusals_to_retry(service: RunningService) -> None:
    assert "expected one of" in run(service, "refusals", "retry", code=2)
    assert "expected one of" in run(service, "refusals", "retry", "--all", "--source", "x", code=2)


def test_a_request_that_the_service_refuses_has_an_exit_code(service: RunningService) -> None:
    nobody = "01890000-0000-7000-8000-000000000000"
    assert "No refusal has this id" in run(service, "refusals", "show", nobody, code=9)


def test_the_key_of_the_document_about_pages_logs_in_where_serve_says(
    service: RunningService,
) -> None:
    (example,) = examples_of(ROOT / "docs" / "pages.md")
    settings = {"LEADLEDGER_URL": service.url, "LEADLEDGER_KEY": service.key}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    calling = {**environment(service.data_dir, **settings), "PATH": path}
    key = run_example(example, cwd=ROOT, environment=calling).strip()
    (address,) = re.findall(r"pages are at (\S+);", service.printed)
    ours = {"sec-fetch-site": "same-origin"}
    with httpx.Client(base_url=service.url, trust_env=False) as client:
        wanted = client.get(address).headers["location"]
        assert wanted == "/login"
        client.post("/login", data={"key": key, "next": "/funnel"}, headers=ours)
        for page in ("/funnel", "/leads", "/records/1"):
            assert client.get(page).status_code == 200
