"""The service as its users run it: one command, a data directory, a port."""

import json
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from events.remote.roles import Role
from service.command.application import application
from tests.support.postgres import scratch_directory
from tests.support.running_service import (
    ROOT,
    START_WAIT_S,
    RunningService,
    command,
    eventually,
    running_service,
)

FORM = {
    "id": "form-1",
    "source": "website",
    "type": "form.submitted",
    "time": "2026-01-05T10:15:00+09:00",
    "lead": {"email": "hanako@example.co.jp"},
    "data": {"form": "whitepaper"},
}
HANAKO = {"email": "hanako@example.co.jp"}
TARO = {"email": "taro@example.co.jp"}

SAMPLE = Path("tests/data/olist_sample")
MAPPINGS = Path("docs/examples/olist")


def import_sample(service: RunningService, table: str, mapping: str) -> dict[str, Any]:
    """Import a table of the sample, and return the summary."""
    run = service.command(
        *("import", str(SAMPLE / table), "--mapping", str(MAPPINGS / mapping), "--json"),
        key=service.key,
    )
    assert run.returncode in {0, 6}, run.stderr
    return dict(json.loads(run.stdout))


@pytest.fixture(scope="module")
def two_workers() -> Iterator[RunningService]:
    """Run one service with two fronts, for the tests that leave it unchanged."""
    with (
        scratch_directory() as directory,
        running_service(directory / "data", "--workers", "2") as service,
    ):
        yield service


def test_a_start_prints_a_key_once_and_the_next_start_finds_what_was_posted() -> None:
    with scratch_directory() as directory:
        with running_service(directory / "data") as service:
            key = service.key
            with service.client(key) as client:
                assert client.post("/v1/events", json=FORM).status_code == 201
            assert service.end(signal.SIGINT) == 0
        with running_service(directory / "data") as service:
            assert "llk_" not in service.printed
            with service.client(key) as client:
                found = client.post("/v1/leads/find", json=HANAKO).json()
                assert (found["stage"], found["known"]) == ("MAL", True)
            assert service.end(signal.SIGTERM) == 0


def test_a_killed_service_leaves_nothing_running_and_loses_nothing(data_dir: Path) -> None:
    with running_service(data_dir) as service:
        key = service.key
        leads = import_sample(service, "olist_mql.csv", "mql.yaml")
        deals = import_sample(service, "olist_closed_deals.csv", "deals.yaml")
        assert service.end(signal.SIGKILL) == -signal.SIGKILL
    with running_service(data_dir) as service:
        printed = service.command("funnel", "--json", key=key).stdout
    # The deal without a lead has its acceptance refused, and becomes a lead with its deal. So does
    # the acceptance of the deal that was won before its first contact.
    assert (leads["recorded"], deals["recorded"], deals["refused_by_reason"]) == (
        18,
        14,
        {"lead-unknown": 1, "move-not-allowed": 1},
    )
    stages = {stage["stage"]: stage for stage in json.loads(printed)["leads"]["stages"]}
    figures = {name: list(one.values())[1:4] for name, one in stages.items() if one["reached"]}
    assert figures == {
        "AL": [0, 0, 7],
        "ML": [0, 5, 7],
        "MAL": [0, 5, 7],
        "MQL": [3, 5, 7],
        "SAL": [0, 2, 4],
        "SQL": [0, 2, 4],
        "OPP": [0, 4, 4],
        "WON": [4, 4, 4],
    }


@pytest.mark.parametrize("role", [Role.FRONT, Role.WRITER, Role.READER])
def test_a_killed_process_is_replaced_and_the_others_go_on(
    two_workers: RunningService, role: Role
) -> None:
    before = two_workers.workers()
    victim = two_workers.of_role(role)[0]
    victim.kill()
    eventually(lambda: not victim.is_running() and len(two_workers.workers()) == len(before))
    assert all(other.is_running() for other in before if other != victim)
    eventually(lambda: recorded_and_counted(two_workers))
    eventually(lambda: httpx.get(f"{two_workers.url}/readyz").json()["status"] == "ready")
    eventually(lambda: measured(two_workers) == {worker.pid for worker in two_workers.workers()})


def test_without_help_from_the_system_all_processes_end_with_their_parent(data_dir: Path) -> None:
    """As on systems other than Linux, which do not end a process with its parent."""
    path = f"{ROOT}:{ROOT}/tests/safety/no_system_ties"
    with running_service(data_dir, "--workers", "1", PYTHONPATH=path) as service:
        assert len(service.workers()) == 3
        assert service.end(signal.SIGKILL) == -signal.SIGKILL


def recorded_and_counted(service: RunningService) -> bool:
    """Return whether an event is recorded, and soon visible in the funnel."""
    with service.client(service.key) as client:
        event = FORM | {"id": str(time.time()), "lead": TARO}
        answer = client.post("/v1/events", json=event, timeout=START_WAIT_S)
        if answer.status_code != 201:
            return False
        position = answer.json()["position"]
        return client.get("/v1/funnel", params={"wait_for": position}).status_code == 200


def test_each_process_says_what_it_does_in_its_log_lines(two_workers: RunningService) -> None:
    lines = two_workers.log.read_text(encoding="utf-8").splitlines()
    answered = [line for line in lines if "http.answered" in line]
    assert answered
    assert all("process=front" in line for line in answered)


def measured(service: RunningService) -> set[int]:
    """Return the processes in the metrics, each of them once."""
    with service.client(service.key) as client:
        text = client.get("/metrics").text
    assert text.count("# TYPE process_resident_memory_bytes") == 1
    assert len(re.findall(r"(?m)^leadledger_build_info", text)) == 1
    series = re.findall(r'(?m)^process_resident_memory_bytes\{pid="(\d+)",role="(\w+)"\}', text)
    pids, roles = zip(*series, strict=True)
    assert set(roles) <= set(Role)
    assert len(pids) == len(set(pids))
    return set(map(int, pids))


def test_a_killed_database_comes_back(two_workers: RunningService) -> None:
    before = two_workers.postmaster()
    assert before is not None
    before.kill()
    eventually(lambda: two_workers.postmaster() not in {None, before})
    eventually(lambda: httpx.get(f"{two_workers.url}/readyz").status_code == 200)


def test_a_second_service_on_the_same_data_is_refused_and_the_first_is_named(
    two_workers: RunningService,
) -> None:
    refused = two_workers.command("serve", "--port", "0")
    assert (refused.returncode, refused.stdout) == (5, "")
    assert f"in use by process {two_workers.process.pid}" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_port_in_use_is_reported_before_anything_is_created(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = command("serve", "--port", str(port), data_dir=tmp_path / "data")
    assert refused.returncode == 5
    assert refused.stderr.startswith(f"leadledger: port {port} on 127.0.0.1 is in use")
    assert list(tmp_path.iterdir()) == []


def test_a_different_secret_is_refused_with_instructions(data_dir: Path) -> None:
    with running_service(data_dir) as service:
        service.end(signal.SIGTERM)
    differs = command("serve", "--port", "0", data_dir=data_dir, LEADLEDGER_SECRET="x" * 32)
    (data_dir / "secret").chmod(0o644)
    exposed = command("serve", "--port", "0", data_dir=data_dir)
    assert (exposed.returncode, exposed.stdout) == (3, "")
    assert f"found mode 0644: chmod 600 {data_dir / 'secret'}" in exposed.stderr
    (data_dir / "secret").unlink()
    missing = command("serve", "--port", "0", data_dir=data_dir)
    assert [(one.returncode, "LEADLEDGER_SECRET" in one.stderr) for one in (differs, missing)] == [
        (3, True)
    ] * 2
    assert not (data_dir / "secret").exists()


def test_an_unreachable_database_and_an_unknown_setting_have_exit_codes_of_their_own(
    tmp_path: Path,
) -> None:
    away = command(
        "migrate",
        data_dir=tmp_path,
        LEADLEDGER_DATABASE_URL="postgresql://someone:hidden@127.0.0.1:1/leads",
    )
    unknown = command("serve", data_dir=tmp_path, LEADLEDGER_PROT="8080")
    assert (away.returncode, unknown.returncode) == (4, 3)
    assert "hidden" not in away.stderr
    assert "LEADLEDGER_PROT is unknown" in unknown.stderr


def test_tables_without_a_ledger_are_no_ledger_yet(data_dir: Path) -> None:
    assert command("migrate", data_dir=data_dir).returncode == 0
    for name in ("verify", "rebuild"):
        run = command(name, data_dir=data_dir)
        assert (run.returncode, run.stdout) == (4, "")
        assert "the first start of `leadledger serve` founds it" in run.stderr


def test_keys_are_made_and_revoked_while_a_service_runs(two_workers: RunningService) -> None:
    made = two_workers.command("key", "create", "web site", "--source", "website")
    key = made.stdout.strip()
    with two_workers.client(key) as client:
        assert client.post("/v1/events", json=FORM).status_code in {200, 201}
    revoked = two_workers.command("key", "revoke", key.split("_")[1])
    assert (made.returncode, revoked.returncode) == (0, 0)

    def is_rejected() -> bool:
        with two_workers.client(key) as client:
            return client.post("/v1/events", json=FORM).status_code == 401

    eventually(is_rejected, wait_s=5)


def test_importing_a_table_twice_changes_nothing(two_workers: RunningService) -> None:
    first = import_sample(two_workers, "olist_mql.csv", "mql.yaml")
    with two_workers.client(two_workers.key) as client:
        after_first = _reported(client)
        second = import_sample(two_workers, "olist_mql.csv", "mql.yaml")
        after_second = _reported(client)
    assert [(one["recorded"], one["duplicates"]) for one in (first, second)] == [(18, 0), (0, 18)]
    assert after_second == after_first


def _reported(client: httpx.Client) -> list[dict[str, Any]]:
    """Return all events except those that the service adds on its own schedule."""
    events = client.get("/v1/events", params={"limit": 1_000}).json()["events"]
    return [event for event in events if event["source"] != "leadledger"]


def test_rows_that_an_import_refuses_are_in_a_file_with_their_line(
    two_workers: RunningService, tmp_path: Path
) -> None:
    table, refused = tmp_path / "leads.csv", tmp_path / "refused.csv"
    table.write_text(
        "mql_id,first_contact_date,landing_page_id,origin\n"
        "lead-50,2018-01-10,page-a,social\n"
        "lead-51,10 January,page-a,social\n"
        f"lead-52,2018-01-12,{'x' * 300},social\n",
        encoding="utf-8",
    )
    run = two_workers.command(
        *("import", str(table), "--mapping", str(MAPPINGS / "mql.yaml")),
        *("--refused", str(refused)),
        key=two_workers.key,
    )
    reasons = [line.split(",")[:3] for line in refused.read_text(encoding="utf-8").splitlines()]
    assert run.returncode == 6
    assert reasons == [
        ["line", "event", "reason"],
        ["3", "", "row-invalid"],
        ["4", "lead-52/contact", "event-invalid"],
        ["4", "lead-52/accepted", "lead-unknown"],
        ["4", "lead-52/qualified", "lead-unknown"],
    ]


def test_a_lead_is_shown_by_its_identifier(two_workers: RunningService) -> None:
    key = two_workers.key
    with two_workers.client(key) as client:
        client.post("/v1/events", json=FORM)
    history = two_workers.command(
        "history", "hanako@example.co.jp", "--zone", "Asia/Tokyo", "--lang", "ja", key=key
    )
    replay = two_workers.command("replay", "email:hanako@example.co.jp", "--lang", "ja", key=key)
    nobody = two_workers.command("history", "nobody@example.co.jp", key=key)
    (form,) = [line for line in history.stdout.splitlines() if "フォーム送信" in line]
    shown = re.split(r"\s{2,}", form.strip())
    assert shown[1:5] == [
        "2026-01-05 10:15:00+09:00",
        "フォーム送信",
        "form.submitted",
        "form: whitepaper",
    ]
    assert "マーケティングリード → マーケ受入リード" in history.stdout
    assert "マーケ受入リード" in replay.stdout
    assert nobody.returncode == 9


def test_a_ledger_is_verified_while_a_service_runs(two_workers: RunningService) -> None:
    verified = two_workers.command("verify", "--json")
    rebuilt = two_workers.command("rebuild", "--compare-only")
    assert (verified.returncode, rebuilt.returncode) == (0, 0)
    assert '"verified": true' in verified.stdout


def test_a_lifecycle_is_compared_tried_and_published_with_the_command(data_dir: Path) -> None:
    """Clients of the other worker see the new version too."""
    with running_service(data_dir, "--workers", "2") as service:
        with service.client(service.key) as client:
            assert client.post("/v1/events", json=FORM).status_code == 201
        ours = data_dir.parent / "ours.yaml"
        shown = service.command("lifecycle", "show", "demand_funnel").stdout
        ours.write_text(re.sub(r"\bMAL\b", "READY", shown), encoding="utf-8")
        publish = ("lifecycle", "publish", str(ours))
        compared = service.command("lifecycle", "diff", str(ours), key=service.key)
        assert "MAL disappears, with 1 lead(s) in it." in compared.stdout
        tried = service.command(*publish, "--dry-run", key=service.key)
        assert tried.returncode == 9
        assert "Stages that are still occupied would disappear: MAL (1)." in tried.stdout
        refused = service.command(*publish, key=service.key)
        assert (refused.returncode, refused.stdout) == (9, "")
        published = service.command(*publish, "--stage-map", "MAL:READY", key=service.key)
        assert "Published as version 2" in published.stdout, published.stderr

        def stages() -> set[tuple[int, str]]:
            found = set()
            for _ in range(8):  # separate connections, to reach both workers
                with service.client(service.key) as client:
                    version = client.get("/v1/lifecycle").json()["version"]
                    lead = client.post("/v1/leads/find", json=HANAKO).json()
                    found.add((version, lead["stage"]))
            return found

        eventually(lambda: stages() == {(2, "READY")})
        verified = service.command("verify", "--json")
        assert verified.returncode == 0, verified.stderr


REVISED = """
format: 1
source: deals
time: {column: at}
lead: {email: '{mail}'}
events:
  - id: '{n}/form'
    type: form.submitted
    data: {form: '{form}', note: '{note}'}
  - id: '{n}/order'
    type: order.recorded
    data: {order: '{n}', currency: JPY, value: {column: value, as: amount}}
"""


def test_a_table_that_has_changed_is_revised_and_revising_again_changes_nothing(
    two_workers: RunningService, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, mapping = tmp_path / "deals.csv", tmp_path / "deals.yaml"
    mapping.write_text(REVISED, encoding="utf-8")

    def run(rows: list[str], *options: str) -> dict[str, Any]:
        table.write_text("n,at,mail,form,note,value\n" + "\n".join(rows), encoding="utf-8")
        asked = ["--mapping", str(mapping), "--url", two_workers.url, "--key", two_workers.key]
        with pytest.raises(SystemExit, match=r"^[06]$"):
            application(["import", str(table), *asked, "--json", *options])
        said: dict[str, Any] = json.loads(capsys.readouterr().out)
        return said

    def revised(rows: list[str]) -> dict[str, int]:
        said = run(rows, "--revise")
        assert (said["refused"], said["rows_refused"]) == (0, 0), said
        return {"recorded": said["recorded"], **said["revised"]}

    rows = [
        "1,2026/1/5,a@a-deals.example,demo,,1200",
        "2,2026/1/5,b@b-deals.example,demo,,1200",
        "3,2026/1/5,c@c-deals.example,demo,,1200",
        "4,2026/1/5,d@d-deals.example,demo,,1200",
    ]
    assert run(rows)["recorded"] == 8
    changed = [
        "1,2026/1/6,a@a-deals.example,demo,,1300",  # another time, another value
        "2,2026/1/5,e@e-deals.example,demo,,1200",  # another person
        "3,2026/1/5,c@c-deals.example,demo,called,1200",  # other personal data of the form alone
        "4,2026/1/5,d@d-deals.example,demo,,1200",
        "5,2026/1/7,f@f-deals.example,demo,,1200",
    ]
    assert run(changed)["refused_by_reason"] == {"event-id-reused": 5}
    none = {"recorded": 0, "unchanged": 0, "corrected": 0, "replaced": 0, "left": 0}
    with two_workers.client(two_workers.key) as client:
        # As an interrupted run would leave it: voided, but not yet reported again.
        second = next(event for event in _reported(client) if event["id"] == "2/form")
        void = {"id": "2/form~voided", "source": "deals", "type": "event.voided"}
        client.post("/v1/events", json={**void, "data": {"event": second["position"]}})
        assert revised(changed) == {**none, "unchanged": 5, "corrected": 2, "replaced": 3}
        assert revised(changed) == {**none, "unchanged": 10}
        found = {
            mail: client.post(
                "/v1/leads/find", json={"email": f"{mail}@{mail}-deals.example"}
            ).json()
            for mail in "abe"
        }
        assert [found[mail].get("stage") for mail in "abe"] == ["WON", None, "WON"]
        recorded = {event["id"]: event for event in _reported(client)}
        assert recorded["1/order~corrected/1"]["data"]["fields"] == {
            "time": "2026-01-06T03:00:00.000001Z",
            "value": "1300",
        }
        assert recorded["2/order~2"]["subject"] == f"lead/{found['e']['id']}"
        # Back to the original, under new ids; and what a person voids stays voided.
        assert revised([*rows, changed[4]]) == {
            **none,
            "unchanged": 5,
            "corrected": 2,
            "replaced": 3,
        }
        last = {"event": recorded["4/order"]["position"]}
        client.post(
            "/v1/events",
            json={"id": "by hand", "source": "ops", "type": "event.voided", "data": last},
        )
        assert revised([*rows, changed[4]]) == {**none, "unchanged": 9, "left": 1}
