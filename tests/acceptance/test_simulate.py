"""After `leadledger simulate` every view has data; a second run records nothing twice."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from projections.figures.catalogue import FIGURES
from projections.figures.question import Dimension
from service.command.application import application
from service.command.exits import Exit
from tests.support.examples import examples_of
from tests.support.postgres import scratch_directory
from tests.support.running_service import ROOT, RunningService, running_service

UNTIL = datetime.now(UTC).date()
NUMBERS_CHECKED = 20
"""Lists read for each figure, of several hundred."""
WORLD = ("--people", "600", "--days", "330", "--seed", "7", "--until", str(UNTIL))


def simulate(service: RunningService, *arguments: str, key: str = "") -> dict[str, Any]:
    run = service.command("simulate", *WORLD, "--json", *arguments, key=key or service.key)
    assert run.returncode == 0, run.stderr
    return dict(json.loads(run.stdout))


@pytest.fixture(scope="module")
def simulated() -> Iterator[tuple[RunningService, dict[str, Any]]]:
    """Run one service, and simulate a market into it once."""
    with scratch_directory() as directory, running_service(directory / "data") as service:
        summary = simulate(service)
        with service.client(service.key) as client:
            # Timers that were due long ago fire in the background.
            silent = client.get("/v1/events", params={"type": "lead.dormant", "wait": 20})
        assert silent.json()["events"]
        yield service, summary


Simulated = tuple[RunningService, dict[str, Any]]


def read(simulated: Simulated, path: str, **asked: str | int) -> Any:
    service = simulated[0]
    with service.client(service.key) as client:
        head = client.get("/v1/events", params={"limit": 1}).json()["head"]
        if not path.startswith(("/v1/selections", "/v1/refusals", "/v1/conflicts", "/v1/events")):
            asked = {**asked, "wait_for": head}
        answer = client.get(path, params=asked, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_nearly_everything_is_recorded_and_some_is_refused(simulated: Simulated) -> None:
    summary = simulated[1]
    assert set(summary["refused_by_reason"]) <= {"move-not-allowed", "lead-unknown"}
    assert 0 < summary["refused"] < summary["events"] / 50
    assert len(read(simulated, "/v1/refusals")["refusals"]) > 0


def test_the_funnel_is_filled_from_end_to_end(simulated: Simulated) -> None:
    funnel = read(simulated, "/v1/funnel", by="origin")
    empty = [one["stage"] for one in funnel["leads"]["stages"] if not one["reached"]]
    assert empty == []
    assert len(funnel["parts"]) >= 5
    accounts = {one["stage"]: one["reached"] for one in funnel["accounts"]["stages"]}
    assert all(accounts[stage] for stage in ("PL", "PROSPECT", "C", "KC"))


def test_leads_come_and_go_in_the_last_month(simulated: Simulated) -> None:
    until = datetime.now(UTC)
    since = until - timedelta(days=30)
    flow = read(simulated, "/v1/funnel/flow", **{"from": iso(since), "to": iso(until)})
    moving = {stage["stage"] for stage in flow["leads"] if stage["entries"] and stage["exits"]}
    assert {"AL", "ML", "MAL", "MQL"} <= moving


@pytest.mark.parametrize("name", FIGURES)
def test_every_number_leads_to_as_many_leads(simulated: Simulated, name: str) -> None:
    by = {"by": "origin"} if Dimension.ORIGIN in FIGURES[name].dimensions else {}
    figure = read(simulated, f"/v1/figures/{name}", **by)
    numbers = [
        number
        for part in (figure, *figure["parts"])
        for row in part["rows"]
        for number in row["counts"].values()
        if number["leads"] is not None
    ]
    assert len(numbers) > len(figure["parts"])
    service = simulated[0]
    with service.client(service.key) as client:
        for number in numbers[:: max(1, len(numbers) // NUMBERS_CHECKED)]:
            page = client.get(f"{number['leads']}&limit=1000").json()
            assert len(page["leads"]) == number["count"]


def test_the_stock_is_the_funnel(simulated: Simulated) -> None:
    funnel, stock = read(simulated, "/v1/funnel"), read(simulated, "/v1/figures/stock")
    stages = {row["row"]: row["counts"] for row in stock["rows"] if row["track"] == "lead"}
    for stage in funnel["leads"]["stages"]:
        for measure in ("standing", "entered", "reached"):
            assert stages[stage["stage"]][measure]["count"] == stage[measure]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_examples_of_the_figures_show_something(
    simulated: Simulated, language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process: one for each of the two dozen examples would take longer than the rest."""
    service = simulated[0]
    crm = tmp_path / "crm.csv"
    crm.write_text("email,stage\nnobody@example.com,MQL\n")
    for example in examples_of(ROOT / "docs" / f"figures.{language}.md"):
        _, *arguments = example.script.replace(crm.name, str(crm)).split()
        with pytest.raises(SystemExit, match=r"^0$"):
            application([*arguments, "--url", service.url, "--key", service.key])
        printed = capsys.readouterr().out
        shown = {"en": "landing", "ja": "着地見込"}[language] if "targets" in arguments else "█"
        if arguments[0] == "compare":
            shown = {"en": "only in the first", "ja": "1番目のみ"}[language]
        if "--with" in arguments:
            shown = {"en": "names no single lead", "ja": "リードを特定できない"}[language]
        if "--csv" in arguments:
            shown = "MQL,"
            assert len({line.count(",") for line in printed.splitlines()}) == 1, printed
        assert shown in printed


def test_every_list_has_a_lead_on_it(simulated: Simulated) -> None:
    empty = [one["list"] for one in read(simulated, "/v1/lists")["lists"] if not one["leads"]]
    assert empty == []


@pytest.mark.parametrize("status", ["breached", "met", "late"])
def test_deadlines_are_met_and_missed(simulated: Simulated, status: str) -> None:
    assert read(simulated, "/v1/deadlines", status=status)["deadlines"] != []


def test_marketing_has_a_share_of_business_and_the_policies_disagree(simulated: Simulated) -> None:
    found = read(simulated, "/v1/contribution")
    share = next(one for one in found["shares"] if one["policy"] == "origin")
    assert 0 < share["number"] < share["number_of"]
    assert found["disputed"] > 0
    assert {origin["origin"] for origin in found["origins"]} >= {None, "marketing-digital"}
    assert {one["business"] for one in found["apart"]} <= {"cross_sell", "renewal"}


def test_some_duplicates_are_undecided_and_others_are_merged(simulated: Simulated) -> None:
    waiting = read(simulated, "/v1/conflicts")["conflicts"]
    assert {one["kind"] for one in waiting} >= {"shared_identifier"}
    for type in ("identity.absorbed", "lead.restated", "event.voided", "event.corrected"):
        assert is_recorded(simulated, type), type


def test_a_selection_has_run_and_the_next_can_be_tried_out(simulated: Simulated) -> None:
    service = simulated[0]
    (run,) = read(simulated, "/v1/selections")["selections"]
    assert run["candidates"] > run["selected"] > 0
    tried = service.command(
        *("select", "--team", "inside_sales", "--from", run["starts_on"], "--to", run["ends_on"]),
        *("--capacity", "500", "--dry-run", "--json"),
        key=service.key,
    )
    assert json.loads(tried.stdout)["selected"] > 0, tried.stderr


def test_a_work_list_is_not_empty(simulated: Simulated) -> None:
    owners = [f"{team}-{one}" for team in ("inside-sales", "field-sales") for one in (1, 2, 3)]
    work = [read(simulated, "/v1/worklist", owner=owner) for owner in owners]
    assert any(one["due"] or one["callbacks"] or one["returned"] for one in work)
    assert all(one["unassigned"] for one in work)


def test_companies_are_listed_with_their_people(simulated: Simulated) -> None:
    customers = read(simulated, "/v1/accounts", stage="C")["accounts"]
    assert any(customer["people"] and customer["opportunities"] for customer in customers)


def test_a_second_run_can_only_record_what_was_refused_and_the_ledger_verifies(
    simulated: Simulated,
) -> None:
    service, first = simulated
    again = simulate(service)
    assert again["duplicates"] >= first["recorded"] + first["duplicates"]
    assert again["recorded"] <= first["refused"]
    assert again["events_by_type"] == first["events_by_type"]
    verified = service.command("verify", "--json")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert json.loads(verified.stdout)["verified"] is True


def test_a_key_that_may_only_report_simulates_and_its_missing_rights_are_named(
    simulated: Simulated,
) -> None:
    service = simulated[0]
    made = service.command(
        *("key", "create", "reporter", "--source", "test", "--source", "*", "--json"),
        *("--scope", "events:write", "--scope", "decisions:write"),
        key=service.key,
    )
    assert made.returncode == 0, made.stderr
    key = json.loads(made.stdout)["key"]
    few = ("--people", "30", "--days", "100", "--seed", "8", "--until", str(UNTIL))
    reported = service.command("simulate", *few, "--json", "--no-judge", key=key)
    assert reported.returncode == 0, reported.stderr
    summary = json.loads(reported.stdout)
    assert summary["recorded"] > summary["events"] * 0.8
    run = service.command("simulate", *few, key=key)
    assert run.returncode == Exit.ANSWERED_NO, run.stderr
    assert "events:read" in run.stderr


def is_recorded(simulated: Simulated, type: str) -> bool:
    """Page through the feed: a page covers what was searched, even if nothing matched."""
    after, head = "0", ""
    while after != head:
        page = read(simulated, "/v1/events", type=type, after=after, limit=1000)
        if page["events"]:
            return True
        after, head = page["next"], page["head"]
    return False


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
