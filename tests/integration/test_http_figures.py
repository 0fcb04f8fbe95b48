"""Figures over HTTP: definitions, numbers, the leads behind each, and what is asked wrongly."""

import csv
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from projections.figures.catalogue import FIGURES
from service.private_postgres import PrivatePostgres
from tests.support.http_service import LIFECYCLE_AT, Service, running_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

REPORTS = (
    ("visit.recorded", "2026-01-01T00:00:00Z", {"anonymous_id": "c"}),
    ("form.submitted", "2026-01-02T00:00:00Z", {"email": "a@example.co.jp"}),
    ("card.captured", "2026-01-03T00:00:00Z", {"email": "b@example.com"}),
    # On the last day of January in Tokyo, and in February elsewhere.
    ("form.submitted", "2026-01-31T14:59:59Z", {"email": "c@example.net"}),
    ("form.submitted", "2026-01-31T15:00:00Z", {"email": "d@example.org"}),
    ("lead.qualified", "2026-02-03T00:00:00Z", {"email": "a@example.co.jp"}),
)
JANUARY = {"from": "2026-01-01", "to": "2026-01-31"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        for number, (type, time, lead) in enumerate(REPORTS):
            event = {"id": f"r-{number}", "source": "website", "type": type, "time": time}
            answer = await running.client.post("/v1/events", json={**event, "lead": lead})
            assert answer.status_code == 201, answer.text
        head = (await running.client.get("/v1/events?limit=1")).json()["head"]
        await read(running, "stock", wait_for=head)
        yield running


async def read(service: Service, name: str, **params: Any) -> dict[str, Any]:
    answer = await service.client.get(f"/v1/figures/{name}", params=params)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


def counts(answer: dict[str, Any], measure: str) -> dict[str, int]:
    return {
        row["row"]: row["counts"][measure]["count"]
        for row in answer["rows"]
        if row["counts"][measure]["count"] and row["track"] == "lead"
    }


def numbers_of(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in ({"rows": answer["rows"]}, *answer["parts"]):
        for row in part["rows"]:
            yield from row["counts"].values()


async def test_every_figure_is_defined_in_both_languages(service: Service) -> None:
    answer = (await service.client.get("/v1/figures")).json()
    assert [figure["name"] for figure in answer["figures"]] == list(FIGURES)
    for figure in answer["figures"]:
        parts = ("measures", "shares", "durations", "breakdowns")
        described = [figure, *(one for part in parts for one in figure[part])]
        for one in described:
            assert set(one["label"]) == set(one["definition"]) == {"ja", "en"}, one
        for text in (figure["formula"], figure["unit"], *figure["traps"]):
            assert set(text) == {"ja", "en"}, text


async def test_days_and_periods_are_cut_in_another_time_zone_if_asked(service: Service) -> None:
    assert counts(await read(service, "flow", **JANUARY), "first")["ML"] == 3
    elsewhere = await read(service, "flow", **JANUARY, zone="Europe/London")
    assert counts(elsewhere, "first")["ML"] == 4
    listed = elsewhere["rows"][2]["counts"]["first"]
    leads = (await service.client.get(listed["leads"])).json()["leads"]
    assert len(leads) == listed["count"] == 4
    end_of_day = await read(service, "stock", as_of="2026-01-31", zone="Europe/London")
    assert end_of_day["as_of"] == "2026-01-31T23:59:59.999999Z"
    summer = await read(service, "flow", **{"from": "2026-04-01"}, zone="Europe/London")
    assert summer["from"] == "2026-03-31T23:00:00.000000Z"


@pytest.mark.parametrize(
    ("name", "asked", "said"),
    [
        ("stock", {"zone": "Europe/London", "by": "origin,month"}, "months of Asia/Tokyo"),
        ("flow", {"zone": "Europe/London", "by": "acquired"}, "months of Asia/Tokyo"),
        ("stock", {"zone": "Europe/Londn"}, "nearest known: Europe/London"),
        ("stock", {"zone": "../Europe/London"}, "No time zone is called"),
        ("pipeline", {"zone": "Europe/London"}, "The figure pipeline has no parameter zone"),
    ],
)
async def test_a_time_zone_in_which_a_figure_cannot_be_cut_is_refused_by_name(
    service: Service, name: str, asked: dict[str, str], said: str
) -> None:
    answer = await service.client.get(f"/v1/figures/{name}", params=asked)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    own = await service.client.get(
        "/v1/figures/stock", params={"zone": "Asia/Tokyo", "by": "month"}
    )
    assert own.status_code == 200


async def test_a_date_is_the_end_of_that_day_where_the_ledger_is(service: Service) -> None:
    assert counts(await read(service, "stock", as_of="2026-01-31"), "standing") == {
        "AL": 1,
        "MAL": 3,
    }
    assert counts(await read(service, "stock", as_of="2026-01-31T15:00:00Z"), "standing") == {
        "AL": 1,
        "MAL": 4,
    }
    assert counts(await read(service, "flow", **JANUARY), "first") == {"AL": 1, "ML": 3, "MAL": 3}


async def test_a_period_can_be_named(service: Service) -> None:
    flow = await read(service, "flow", period="last_month", as_of="2026-02-10")
    assert (flow["from"], flow["to"]) == (
        "2025-12-31T15:00:00.000000Z",
        "2026-01-31T15:00:00.000000Z",
    )
    assert flow["is_open"] is False
    assert counts(flow, "first") == {"AL": 1, "ML": 3, "MAL": 3}
    assert (await read(service, "flow", period="this_month"))["is_open"] is True
    whole = await read(service, "flow", to="2026-01-31", as_of="2026-01-31")
    assert whole["is_open"] is False


async def test_the_funnel_and_the_figures_agree(service: Service) -> None:
    funnel = (await service.client.get("/v1/funnel", params={"by": "origin"})).json()
    stock = await read(service, "stock", by="origin")
    for track, subject in (("leads", "lead"), ("accounts", "account")):
        for one in (funnel, *funnel["parts"]):
            rows = stock["rows"]
            if "value" in one:
                (rows,) = (part["rows"] for part in stock["parts"] if part["value"] == one["value"])
            own = {row["row"]: row["counts"] for row in rows if row["track"] == subject}
            assert own["unplaced"]["standing"]["count"] == one[track]["unplaced"]
            for stage in one[track]["stages"]:
                for measure in ("standing", "entered", "reached"):
                    assert own[stage["stage"]][measure]["count"] == stage[measure]


async def test_every_number_leads_to_a_list_of_that_length(service: Service) -> None:
    asked = [
        ("stock", {}),
        ("flow", JANUARY),
        ("stock", {"by": "origin", "as_of": "2026-01-31"}),
        ("flow", {"by": "campaign,department", **JANUARY}),
    ]
    for name, params in asked:
        answer = await read(service, name, lang="ja", **params)
        for number in numbers_of(answer):
            if number["leads"] is None:
                assert number["count"] == 0
                continue
            listed = (await service.client.get(number["leads"])).json()
            assert len(listed["leads"]) == number["count"], number
            assert listed["as_of_position"] == answer["as_of_position"]


async def test_a_list_shows_why_each_lead_counts_and_continues_where_it_ended(
    service: Service,
) -> None:
    flow = await read(service, "flow", lang="en", **JANUARY)
    (row,) = (row for row in flow["rows"] if row["row"] == "ML")
    path = row["counts"]["in"]["leads"]
    first = (await service.client.get(f"{path}&limit=2")).json()
    page = (await service.client.get(f"{path}&limit=2&after={first['next']}")).json()
    seen = [*first["leads"], *page["leads"]]
    assert page["next"] is None
    assert (page["row_label"], page["measure_label"]) == ("marketing lead", "in")
    assert len({one["subject"] for one in seen}) == len(seen) == 3
    for one in seen:
        event = (
            await service.client.get(
                "/v1/events", params={"after": int(one["position"]) - 1, "limit": 1}
            )
        ).json()["events"][0]
        assert (event["subject"], event["stageto"]) == (one["subject"], "ML")
        assert (one["then"]["stage"], one["then"]["kind"]) == ("MAL", "advanced")


async def test_a_figure_is_read_as_it_was_known(service: Service) -> None:
    known = await read(service, "stock", known_at=str(LIFECYCLE_AT + 2))
    assert counts(known, "standing") == {"AL": 1}
    assert known["as_of_position"] == str(LIFECYCLE_AT + 2)
    assert counts(await read(service, "stock", known_at="1"), "standing") == {}


async def test_a_cohort_is_mature_once_its_time_is_up(service: Service) -> None:
    asked = {"base": "マーケ受入リード", "target": "MQL", "within": 33, "lang": "ja"}
    early = await read(service, "conversion", as_of="2026-02-05", **asked)
    reach = early["rows"][0]
    found = {name: number["count"] for name, number in reach["counts"].items()}
    assert (early["base"], early["target"], early["within"]) == ("MAL", "MQL", 33)
    assert (found["base"], found["mature"], found["immature"]) == (4, 2, 2)
    assert (found["hits"], found["so_far"], found["possible"]) == (1, 1, 2)
    assert reach["matures_at"] == "2026-03-05T15:00:00.000000Z"
    # There are only four: no share is shown.
    assert set(reach["shares"].values()) == {None}
    assert reach["row_label"] == "到達"


async def test_a_duration_names_its_case(service: Service) -> None:
    lead_time = await read(service, "lead_time", base="MAL", target="MQL", as_of="2026-02-05")
    (row,) = lead_time["rows"]
    (lead,) = (await service.client.get(row["counts"]["completed"]["leads"])).json()["leads"]
    assert row["durations"]["p50"] == {
        "days": "32.000000",
        "subject": lead["subject"],
        "position": lead["position"],
    }
    assert row["counts"]["open"]["count"] == 3
    assert (await read(service, "lead_time", base="SAL"))["rows"][0]["durations"]["p50"] is None


async def test_a_period_is_compared_with_another(service: Service) -> None:
    february = {"from": "2026-02-01", "to": "2026-02-28", "lang": "en"}
    flow = await read(service, "flow", **february, against="previous", by="origin")
    # The 28 days before, of which the first three are not in it.
    assert flow["against"]["from"] == "2026-01-03T15:00:00.000000Z"
    assert flow["against"]["to"] == flow["from"]
    assert counts(flow, "first") == {"ML": 1, "MAL": 1, "MQL": 1}
    assert counts(flow["against"], "first") == {"ML": 1, "MAL": 1}
    named = await read(service, "flow", period="this_month", as_of="2026-02-10", against="previous")
    january = await read(service, "flow", **JANUARY, as_of="2026-02-10")
    assert counts(named["against"], "first") == counts(january, "first")
    for number in numbers_of(named["against"]):
        if number["count"]:
            listed = (await service.client.get(number["leads"])).json()["leads"]
            assert len(listed) == number["count"]
    year = await read(service, "flow", **february, against="last_year")
    assert (year["against"]["from"], year["against"]["to"]) == (
        "2025-01-31T15:00:00.000000Z",
        "2025-02-28T15:00:00.000000Z",
    )
    headers = {"accept": "text/csv"}
    asked = {**february, "against": "previous"}
    table = await service.client.get("/v1/figures/flow", params=asked, headers=headers)
    rows = list(csv.DictReader(table.text.splitlines()))
    (ml,) = (row for row in rows if row["row"] == "ML")
    assert (ml["first"], ml["first (previous period)"]) == ("1", "1")


async def test_two_breakdowns_at_a_time_add_up_to_either(service: Service) -> None:
    def sums(answer: dict[str, Any], *names: str) -> Counter[Any]:
        return Counter(
            {
                (tuple(part[name] for name in names), row["row"]): row["counts"]["in"]["count"]
                for part in answer["parts"]
                for row in part["rows"]
            }
        )

    both = await read(service, "flow", by="acquired_by,department", lang="ja")
    labels = [(part.get("value_label"), part.get("second_value_label")) for part in both["parts"]]
    assert both["by"] == "acquired_by,department"
    assert ("フォーム送信", "インサイドセールス") in labels
    for by, name in (("acquired_by", "value"), ("department", "second_value")):
        one = sums(await read(service, "flow", by=by), "value")
        added: Counter[Any] = Counter()
        for (values, row), count in sums(both, "value", "second_value").items():
            added[(values[name == "second_value"],), row] += count
        assert +added == +one


async def test_a_breakdown_has_labels(service: Service) -> None:
    stock = await read(service, "stock", by="origin", lang="ja")
    assert [part.get("value_label") for part in stock["parts"]] == [
        "マーケティング(デジタル)",
        "マーケティング(オフライン)",
        "未確定",
    ]
    assert stock["label"] == "現在件数"


async def test_a_number_is_compared_with_a_file(service: Service) -> None:
    async def compared(*lines: str, **asked: Any) -> dict[str, Any]:
        params = {"row": "MAL", "measure": "standing", "as_of": "2026-01-31", **asked}
        answer = await service.client.post(
            "/v1/figures/stock/compare",
            params=params,
            content="\r\n".join(lines).encode("utf-8-sig"),
            headers={"content-type": "text/csv"},
        )
        assert answer.status_code == 200, answer.text
        content: dict[str, Any] = answer.json()
        return content

    path = "/v1/figures/stock/leads?row=MAL&measure=standing&as_of=2026-01-31"
    leads = {one["subject"] for one in (await service.client.get(path)).json()["leads"]}
    asked = {"email": "c@example.net"}
    known = (await service.client.post("/v1/leads/find", json=asked)).json()["id"]

    found = await compared(
        "email,lead,stage,date,memo",
        "a@example.co.jp,,MAL,2026-01-02,",
        " B@EXAMPLE.com ,,SQL,2026/01/04,x",
        "d@example.org,,,,",
        "nobody@example.org,,,,",
        '"",lead/{},マーケ受入リード,,'.replace("{}", known),
        ",{},,,".replace("{}", known),
        ",,,,",
        "no address,,,,",
        lang="ja",
    )

    assert (found["rows"], found["count"], found["ignored_columns"]) == (7, 3, ["memo"])
    assert found["counts"] == {
        "same": 2,
        "differs": 1,
        "not_in_file": 0,
        "elsewhere": 0,
        "not_known": 1,
        "not_identified": 2,
        "repeated": 1,
    }
    assert [(one["line"], one["because"]) for one in found["differences"]] == [
        (3, "differs"),
        (4, "not_known"),
        (5, "not_identified"),
        (7, "repeated"),
        (9, "not_identified"),
    ]
    differs, _, _, repeated, _ = found["differences"]
    assert differs["fields"] == [
        {"field": "stage", "file": "SQL", "figure": "MAL"},
        {"field": "date", "file": "2026-01-04", "figure": "2026-01-03"},
    ]
    assert repeated["first_line"] == 6
    later = await compared("email", "a@example.co.jp", as_of="2026-02-05", lang="ja", limit=2)
    assert (later["counts"]["elsewhere"], later["counts"]["not_in_file"]) == (1, 3)
    elsewhere, missing = later["differences"]
    assert later["truncated"]
    assert (elsewhere["stands"]["stage"], elsewhere["stands"]["type"]) == ("MQL", "lead.qualified")
    assert missing["counted"]["subject"] == missing["subject"]
    assert {one["subject"] for one in found["differences"] if one["counted"]} <= leads


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name\nx", "must name a column that identifies: lead, email"),
        (b"", "must name a column that identifies"),
        (b"email,date\na@example.com,soon", "Line 2: the date must be like 2026-09-02"),
        (b'email\n"a', "is not CSV"),
        ("email\n伊藤".encode("cp932"), "must be UTF-8"),
    ],
)
async def test_a_file_that_cannot_be_compared_is_explained(
    service: Service, content: bytes, said: str
) -> None:
    params = {"row": "MAL", "measure": "standing"}
    answer = await service.client.post("/v1/figures/stock/compare", params=params, content=content)
    assert (answer.status_code in (400, 422), said in answer.text) == (True, True), answer.text


async def test_a_figure_and_its_lists_are_tables_as_well(service: Service) -> None:
    async def table(path: str, **params: Any) -> list[list[str]]:
        headers = {"accept": "text/csv"}
        answer = await service.client.get(f"/v1/figures/{path}", params=params, headers=headers)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"].startswith('attachment; filename="figures-')
        assert ("link" in answer.headers) == ("limit" in params)
        return list(csv.reader(answer.text.splitlines()))

    stock = await read(service, "stock", lang="ja", by="origin", as_of="2026-01-31")
    heading, *rows = await table("stock", lang="ja", by="origin", as_of="2026-01-31")
    assert heading[:6] == ["origin", "origin 名称", "対象", "行", "行 名称", "現在件数"]
    counted = {(row[0], row[2], row[3]): int(row[5]) for row in rows}
    assert counted == {
        (part["value"] or "", row["track"], row["row"]): row["counts"]["standing"]["count"]
        for part in stock["parts"]
        for row in part["rows"]
    }

    asked = {"row": "MAL", "measure": "standing", "as_of": "2026-01-31"}
    _, *leads = await table("stock/leads", **asked)
    assert len(leads) == 3
    assert len(await table("stock/leads", limit=1, **asked)) == 2
    _, *differing = await table("stock/compare", other_as_of="2026-02-05", **asked)
    assert sorted(row[1:4] for row in differing) == [
        ["first", "left", "lead.qualified"],
        ["second", "happened", "lead.accepted"],
    ]

    accept = {"accept": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
    answer = await service.client.get("/v1/figures/stock", headers=accept)
    assert answer.content.startswith(b"PK")


async def test_two_readings_are_compared_lead_by_lead(service: Service) -> None:
    asked: dict[str, Any] = {
        "row": "MAL",
        "measure": "standing",
        "as_of": "2026-01-31",
        "lang": "en",
    }
    url = "/v1/figures/stock/compare"

    later = (await service.client.get(url, params={**asked, "other_as_of": "2026-02-05"})).json()
    assert later["counts"] == {
        "first": 3,
        "second": 3,
        "same": 2,
        "only_first": 1,
        "only_second": 1,
        "different": 0,
    }
    found = {
        "first" if one["first"] else "second": (one["because"], one["event"]["type"])
        for one in later["differences"]
    }
    assert found == {
        "first": ("left", "lead.qualified"),
        "second": ("happened", "lead.accepted"),
    }

    # What was known when only two people had been reported.
    known = {**asked, "other_known_at": str(LIFECYCLE_AT + 8), "limit": 1}
    before = (await service.client.get(url, params=known)).json()
    (first,) = before["differences"]
    rest = (await service.client.get(url, params={**known, "after": before["next"]})).json()
    differing = before["counts"]["only_first"]
    assert (first["because"], first["because_label"]) == (
        "reported",
        "became known after the other was read",
    )
    assert len(rest["differences"]) == 1
    assert (rest["counts"], differing) == (None, 2)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("stok", 404, "nearest known: stock"),
        ("stock?as-of=2026-01-01", 422, "no parameter as-of; known are as_of"),
        ("stock?from=2026-01-01", 422, "The figure stock has no parameter from"),
        ("stock?by=chanel", 422, "nearest known: channel"),
        ("stock?by=origin,origin", 422, "up to 2 different breakdowns"),
        ("stock?by=origin,month,owner", 422, "up to 2 different breakdowns"),
        ("stock?as_of=2026-02-30", 422, "must be a date"),
        ("stock?as_of=yesterday", 422, "must be a date"),
        ("stock?as_of=2199-01-01", 422, "must not be in the future"),
        ("stock?known_at=99999", 409, "log"),
        ("flow?from=2026-02-01&to=2026-01-01", 422, "must not end before it begins"),
        ("flow?period=last_moon", 422, "last_month"),
        ("flow?period=this_month&from=2026-01-01", 422, "use one"),
        ("flow?period=this_month&closing_day=31", 422, "from 1 to 28"),
        ("flow?closing_day=20", 422, "name a period"),
        ("flow?against=last_yeer&period=this_month", 422, "known are previous, last_year"),
        ("flow?against=previous", 422, "has a start and an end"),
        ("stock?against=previous", 422, "no parameter against"),
        ("flow/leads?row=ML&measure=in&against=previous&period=this_month", 422, "one period"),
        ("conversion?base=MQR", 422, "nearest known: MQL"),
        ("conversion?base=MQL&target=ML", 422, "must come after MQL"),
        ("conversion?base=MQL&target=MQL", 422, "must come after MQL"),
        ("conversion?base=MQL&target=KA", 422, "two stages of one track"),
        ("conversion?within=0", 422, "from 1 to 3,650"),
        ("conversion?within=1.5", 422, "from 1 to 3,650"),
        ("yield?target=WON", 422, "The figure yield has no parameter target"),
        ("stock/leads?row=MQL&measure=standin", 422, "known are standing"),
        ("stock/leads?row=MQR&measure=standing", 422, "known are unplaced, AL"),
        ("stock/leads?row=MQL&measure=standing&value=x", 422, "expected 0, found 1"),
        (
            "stock/leads?row=MQL&measure=standing&by=origin,owner&value=x",
            422,
            "expected 2, found 1",
        ),
        ("stock/leads?row=MQL&measure=standing&after=x", 422, "unchanged"),
        ("stock/leads?measure=standing", 422, "row"),
        ("stock/compare?row=MQL&measure=standing", 422, "name it with one of other_as_of"),
        ("stock/compare?row=MQR&measure=standing&other_known_at=2", 422, "known are unplaced, AL"),
        ("stock/compare?row=MQL&measure=standing&other_known_at=2&after=x", 422, "unchanged"),
        ("stock/compare?row=MQL&measure=standing&other_from=2026-01-01", 422, "no parameter from"),
    ],
)
async def test_what_is_asked_wrongly_is_explained(
    service: Service, path: str, status: int, said: str
) -> None:
    answer = await service.client.get(f"/v1/figures/{path}")
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text
