"""A selection that is killed midway is finished by the next start, and qualifies no one twice."""

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson

from tests.support.running_service import RunningService, eventually, running_service

LEADS = 1_500
PERIOD = ("--team", "inside-1", "--from", "2026-11-02", "--to", "2026-11-06")
BODY = {
    "id": "week-45",
    "team": "inside-1",
    "starts_on": "2026-11-02",
    "ends_on": "2026-11-06",
    "capacity": LEADS,
}


def lines() -> Iterator[bytes]:
    for number in range(LEADS):
        who = {"email": f"{number}@company-{number}.example", "profile": {"industry": "steel"}}
        yield orjson.dumps({"id": f"f{number}", "type": "form.submitted", "lead": who}) + b"\n"


def test_a_killed_selection_is_finished_by_the_next_start(data_dir: Path) -> None:
    with running_service(data_dir) as service:
        key = service.key
        eventually(lambda: is_known(service, key))
        tried = service.command(
            "select", *PERIOD, "--capacity", "5", "--dry-run", "--json", key=key
        )
        assert json.loads(tried.stdout)["selected"] == 5
        asking = threading.Thread(target=ask, args=(service, key))
        asking.start()
        eventually(lambda: qualified(service, key) > 0)
        service.end(signal.SIGKILL)
        asking.join()
    with running_service(data_dir) as service:
        before = run(service, key)
        eventually(lambda: run(service, key)["status"] == "completed")
        found = run(service, key)
        assert (found["qualified"], found["skipped"]) == (LEADS, [])
        assert qualified(service, key) == LEADS
        again = service.command(
            *("select", *PERIOD, "--capacity", str(LEADS), "--id", "week-45", "--json"), key=key
        )
        assert json.loads(again.stdout)["digest"] == found["digest"]
        assert qualified(service, key) == LEADS
        verified = service.command("verify", "--json")
        assert verified.returncode == 0, verified.stderr
        explained = service.command("score", "7@company-7.example", "--lang", "ja", key=key)
        assert "ターゲット業種" in explained.stdout
        assert "score 20 = fit 10 + interest 10" in explained.stdout
    assert before["status"] == "running", "the service was killed too late to prove anything"


def is_known(service: RunningService, key: str) -> bool:
    """Send every lead, and retry those that get 503."""
    headers = {"content-type": "application/x-ndjson"}
    with service.client(key) as client:
        body = b"".join(lines())
        sent = client.post("/v1/events", content=body, headers=headers, timeout=60).json()
    return bool(sent["recorded"] + sent["duplicates"] == LEADS)


def ask(service: RunningService, key: str) -> None:
    with service.client(key) as client:
        try:
            client.post("/v1/selections", json=BODY, timeout=60)
        except httpx.TransportError:
            return


def run(service: RunningService, key: str) -> dict[str, object]:
    with service.client(key) as client:
        found: dict[str, object] = client.get("/v1/selections/week-45").json()
        return found


def qualified(service: RunningService, key: str) -> int:
    """Count the leads that runs have qualified, according to the feed."""
    found, after = 0, "0"
    with service.client(key) as client:
        while True:
            params = {"after": after, "limit": "1000", "type": "lead.qualified"}
            page = client.get("/v1/events", params=params).json()
            found += len(page["events"])
            after = page["next"]
            if after == page["head"]:
                return found
