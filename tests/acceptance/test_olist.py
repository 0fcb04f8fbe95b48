"""A real funnel, imported by the command and read back over HTTP.

The data is not part of this repository. It is searched for in LEADLEDGER_OLIST_DIR, then in
`shared/data/olist` next to the checkout.
"""

import json
import os
import statistics
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.postgres import scratch_directory
from tests.support.running_service import ROOT, RunningService, running_service

OLIST = Path(os.environ.get("LEADLEDGER_OLIST_DIR", ROOT.parent / "shared" / "data" / "olist"))
MAPPINGS = Path("docs/examples/olist")
PAGE = 1_000
DAY = timedelta(days=1)

pytestmark = pytest.mark.skipif(
    not OLIST.is_dir(),
    reason=f"NOT TESTED: the Olist tables are not in {OLIST}; name their directory in "
    "LEADLEDGER_OLIST_DIR",
)


@pytest.fixture(scope="module")
def olist() -> Iterator[RunningService]:
    """Import both tables, the second one twice: the repetition must record nothing new."""
    with (
        scratch_directory() as directory,
        running_service(directory / "data") as service,
    ):
        # The acceptance of the deal that was won before its first contact is refused.
        for table, mapping, expected, code in (
            ("olist_mql.csv", "mql.yaml", '"recorded": 24000', 0),
            ("olist_closed_deals.csv", "deals.yaml", '"recorded": 3367', 6),
            ("olist_closed_deals.csv", "deals.yaml", '"duplicates": 3367', 6),
        ):
            run = service.command(
                *("import", str(OLIST / table), "--mapping", str(MAPPINGS / mapping), "--json"),
                key=service.key,
            )
            assert (run.returncode, expected in run.stdout) == (code, True), run.stdout
        yield service


def events_of(service: RunningService, *types: str) -> Iterator[dict[str, Any]]:
    after = "0"
    with service.client(service.key) as client:
        while True:
            page = client.get(
                "/v1/events", params={"after": after, "limit": PAGE, "type": list(types)}
            ).json()
            # A restatement that names one of the types matches as well.
            yield from (event for event in page["events"] if event["type"] in types)
            after = page["next"]
            if after == page["head"]:
                return


def moment(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["time"])


def test_the_funnel_of_olist_matches_the_published_figures(olist: RunningService) -> None:
    contacted = {event["subject"]: moment(event) for event in events_of(olist, "form.submitted")}
    qualified = {event["subject"] for event in events_of(olist, "lead.qualified")}
    won = {event["subject"]: moment(event) for event in events_of(olist, "opportunity.won")}
    waits = [won[lead] - contacted[lead] for lead in won]
    within = [sum(wait <= days * DAY for wait in waits) for days in (7, 14, 30, 60, 90, 167, 365)]
    assert (len(qualified), len(won)) == (8_000, 842)
    assert within == [249, 412, 547, 644, 691, 765, 838]
    assert round(statistics.median(wait / DAY for wait in waits), 2) == 14.65


def test_a_deal_won_before_its_first_contact_is_neither_dropped_nor_negative(
    olist: RunningService,
) -> None:
    won = list(events_of(olist, "opportunity.won"))
    moved = [event for event in won if "effectivetime" in event]
    (early,) = [event for event in won if event["data"]["effects"].get("late")]
    (restated,) = [
        event for event in events_of(olist, "lead.restated") if event["subject"] == early["subject"]
    ]
    entered = {stay[0]: stay[1] for stay in restated["data"]["effects"]["stays"]}
    assert (len(won), len(moved)) == (842, 841)
    assert all(event["effectivetime"] == event["time"] for event in moved)
    # It keeps its own time, and so never entered the stage that it passed over.
    assert entered["WON"] == early["time"]
    assert "MQL" not in entered


def test_a_blank_origin_is_not_the_origin_unknown(olist: RunningService) -> None:
    channels = [event["data"].get("channel") for event in events_of(olist, "form.submitted")]
    assert (channels.count(None), channels.count("unknown")) == (60, 1_099)


def test_the_funnel_shows_how_many_leads_reached_each_stage(olist: RunningService) -> None:
    printed = olist.command("funnel", "--json", key=olist.key).stdout
    reached = {stage["stage"]: stage["reached"] for stage in json.loads(printed)["leads"]["stages"]}
    assert (reached["MQL"], reached["WON"]) == (8_000, 842)


def test_the_figures_of_olist_match_the_published_ones(olist: RunningService) -> None:
    stock = figure(olist, "stock")
    qualified = stock["MQL"]["counts"]
    assert [qualified[one]["count"] for one in ("reached", "entered")] == [8_000, 7_999]
    assert stock["WON"]["counts"]["reached"]["count"] == 842

    asked = {"base": "MQL", "target": "WON"}
    hits = []
    for days in (7, 14, 30, 60, 90, 167, 365):
        reached = figure(olist, "conversion", within=days, **asked)["reach"]["counts"]
        assert (reached["base"]["count"], reached["immature"]["count"]) == (7_999, 0)
        hits.append(reached["hits"]["count"])
    assert hits == [248, 411, 546, 643, 690, 764, 837]


def figure(service: RunningService, name: str, **params: Any) -> dict[str, dict[str, Any]]:
    with service.client(service.key) as client:
        rows = client.get(f"/v1/figures/{name}", params=params).json()["rows"]
    return {row["row"]: row for row in rows if row["track"] == "lead"}


def test_its_ledger_verifies(olist: RunningService) -> None:
    assert olist.command("verify").returncode == 0
