"""Importing the examples in docs/import.md produces the figures at its end."""

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from service.command.importing.mapping_text import check_columns, read_mapping
from service.command.importing.opening import open_table
from service.command.importing.translation import batches_of, translation_of
from service.command.importing.values.readers import Surroundings
from service.command.sending import ImportTally, RefusedRow
from service.private_postgres import PrivatePostgres
from service.projected import ProjectedTables
from tests.support.http_service import Service, running_service

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = DOCS / "examples" / "import"
ORDER = ("sansan", "hubspot", "excel", "salesforce")


async def import_example(service: Service, name: str) -> None:
    mapping = read_mapping((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8"))
    refused: list[RefusedRow] = []
    with open_table(EXAMPLES / f"{name}.csv", mapping.table) as table:
        check_columns(mapping, table.header)
        surroundings = Surroundings(ZoneInfo("Asia/Tokyo"), datetime.now(UTC))
        (batch,) = batches_of(
            table.rows,
            translation_of(mapping, table.header, surroundings),
            events_max=1_000,
            personal=mapping.personal,
            tally=ImportTally(),
            on_refused=refused.append,
        )
    lines = {"content-type": "application/x-ndjson"}
    answer = await service.client.post("/v1/events", content=batch.body, headers=lines)
    assert (refused, answer.json()["refusals"]) == ([], [])
    assert answer.json()["recorded"] == len(batch.events)


async def test_the_figures_in_the_documentation_are_those_of_its_examples(
    postgres_server: PrivatePostgres,
) -> None:
    shown = re.findall(
        r"^([A-Z]+) +[a-z ]+? +(\d+) +(\d+) +(\d+)$",
        (DOCS / "import.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert {path.stem for path in EXAMPLES.glob("*.csv")} == set(ORDER)
    async with running_service(postgres_server) as service:
        for name in ORDER:
            await import_example(service, name)
        head = (await service.client.get("/v1/events", params={"limit": 1})).json()["head"]
        for projection in ("stage_intervals", "directory", "business"):
            await service.part(ProjectedTables).checkpoints.wait_for(
                int(head), name=projection, timeout_s=10
            )
        funnel = (await service.client.get("/v1/funnel")).json()
        year = {"from": "2026-01-01T00:00:00+09:00", "to": "2027-01-01T00:00:00+09:00"}
        found = await service.client.get("/v1/contribution", params=year)
    stages = funnel["leads"]["stages"]
    names = ("stage", "standing", "entered", "reached")
    assert [tuple(str(one[name]) for name in names) for one in stages] == shown
    share = found.json()["shares"][0]
    assert (share["number_of"], share["value_of"]) == (1, "1200000")
