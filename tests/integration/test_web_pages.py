"""The pages: what they show is what the API answers, in both languages, and every number opens."""

import html
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from zoneinfo import ZoneInfo

import httpx
import pytest
import pytest_asyncio

from service.feed.log import Log
from service.keys.scopes import Scope
from service.pages.running.audit import CHANGES
from service.private_postgres import PrivatePostgres
from service.projected import ProjectedTables
from service.tables.spreadsheet import Column, Sheet, as_xlsx
from tests.support.calls import Calls
from tests.support.http_service import Service, running_service, serving_with
from tests.support.page_visits import (
    OURS,
    browsing,
    counted,
    key_of,
    links,
    log_in,
    settled,
    simulate,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
}
PAGE_BYTES_MAX = 100_000
EVERY_PAGE = (
    *("/", "/funnel", "/conversion", "/deals", "/campaigns", "/contribution", "/leads"),
    *("/targets", "/targets?period=this_quarter"),
    *("/accounts", "/worklist", "/worklist?team=yes"),
    *("/figures", "/figures/deadlines", "/figures/flow?by=origin,channel"),
    *(
        "/figures/revival",
        "/figures/deals",
        "/figures/losses",
        "/figures/pipeline",
        "/figures/customers",
        "/figures/campaigns",
        "/campaigns?period=last_half&within=30",
        "/figures/capacity",
        "/figures/lists",
        "/figures/lists?by=owner",
    ),
    *("/conflicts", "/refusals", "/selections", "/audit", "/audit?show=rules"),
    *("/audit?show=reads", "/audit?show=intake", "/settings", "/sessions"),
)
LATE = {
    "id": "late-1",
    "type": "form.submitted",
    "time": "2026-02-01T10:00:00+09:00",
    "data": {"form": "whitepaper"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(postgres_server: PrivatePostgres) -> AsyncIterator[Service]:
    async with running_service(postgres_server) as running:
        await simulate(running, people=40)
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with browsing(service) as client:
        assert (await log_in(client, key_of(service))).status_code == 303
        yield client


async def read(browser: httpx.AsyncClient, path: str) -> str:
    answer = await browser.get(path)
    assert answer.status_code == 200, (path, answer.status_code, answer.text)
    return answer.text


def numbers(page: str) -> dict[str, int]:
    """Return every linked number of a page by the address of its list."""
    found = re.findall(r'<a href="(/leads\?[^"]+)">([\d,]+)</a>', page)
    return {html.unescape(link): int(text.replace(",", "")) for link, text in found}


async def length_of(browser: httpx.AsyncClient, path: str) -> tuple[int, int]:
    """Return what a list says that it counts, and its rows on all its pages."""
    total, rows, following = None, 0, path
    while following:
        page = await read(browser, following)
        (said,) = re.findall(r'<b class="total">([\d,]+)', page)
        total = total or int(said.replace(",", ""))
        body = page.split("<tbody>")[1].split("</tbody>")[0]
        rows += body.count("<tr>")
        onward = re.findall(r'href="([^"]+)" rel="next"', page)
        following = html.unescape(onward[0]) if onward else ""
    return total or 0, rows


async def test_every_page_has_the_headers_and_nothing_inline(
    service: Service, browser: httpx.AsyncClient
) -> None:
    for path in ("/login", *EVERY_PAGE, "/leads/nobody", "/funnel?as_of=x"):
        answer = await browser.get(path)
        rules = answer.headers["content-security-policy"].split("; ")
        assert dict(rule.split(" ", 1) for rule in rules) == POLICY
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "private, no-store"
        ours = re.compile(r'<script type="module" src="/static/\w+/pages\.js"></script>')
        text, scripts = ours.subn("", answer.text)
        assert scripts == (answer.status_code != 303)
        assert not re.search(r"<script|<style|\s(?:style|on\w+)=", text)
        assert not re.search(r"(?:https?:)?//[a-z0-9]", re.sub(r"<pre>.*?</pre>", "", answer.text))
    api = await service.client.get("/v1/funnel")
    assert "content-security-policy" not in api.headers


@pytest.mark.parametrize(
    ("name", "type", "bytes_max"),
    [("pages.css", "text/css", 12_000), ("pages.js", "text/javascript", 6_000)],
)
async def test_style_sheet_and_module_are_small_and_their_addresses_name_their_content(
    browser: httpx.AsyncClient, name: str, type: str, bytes_max: int
) -> None:
    page = await read(browser, "/funnel")
    (path,) = re.findall(rf'(?:href|src)="(/static/[^"]+/{name})"', page)
    answer = await browser.get(path)
    assert answer.headers["content-type"] == f"{type}; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert len(answer.content) <= bytes_max
    for other in (f"/static/0123456789abcdef/{name}", path.replace(name, "other.js")):
        assert (await browser.get(other)).status_code == 404


async def test_the_funnel_shows_the_numbers_of_the_api(
    service: Service, browser: httpx.AsyncClient
) -> None:
    shown = numbers(await read(browser, "/funnel?from=2026-03-01&to=2026-04-30"))
    asked: dict[str, Any] = {"from": "2026-03-01", "to": "2026-04-30"}
    answers = {
        "stock": (await service.client.get("/v1/figures/stock")).json()["rows"],
        "flow": (await service.client.get("/v1/figures/flow", params=asked)).json()["rows"],
    }
    measures = (
        "standing",
        "before",
        "in",
        "forward",
        "back",
        "off",
        "otherwise",
        "absorbed",
        "after",
    )
    expected = sorted(
        number["count"]
        for name, rows in answers.items()
        for row in rows
        for measure, number in row["counts"].items()
        if number["count"] and measure in measures
    )
    assert sorted(shown.values()) == expected
    assert len(expected) > 30


async def test_every_link_opens_and_every_number_has_a_list_of_its_length(
    browser: httpx.AsyncClient,
) -> None:
    past = "/funnel?as_of=2026-04-30&from=2026-02-01&to=2026-04-30&lang=ja"
    expected: dict[str, int] = {}
    for path in (past, "/funnel?known_at=120&period=last_month&by=origin", "/funnel", "/leads"):
        expected |= numbers(await read(browser, path))
    cohorts = "/conversion?target=SQL&as_of=2026-05-20&period=last_quarter"
    expected |= dict(list(numbers(await read(browser, cohorts)).items())[::4])
    for path in (
        "/figures/deadlines?from=2026-01-01&to=2026-06-30",
        "/figures/acceptance?from=2026-01-01&to=2026-06-30&by=origin",
        "/figures/flow?from=2026-01-01&to=2026-06-30&by=origin,channel",
    ):
        expected |= dict(list(numbers(await read(browser, path)).items())[::3])
    found = {path: await length_of(browser, path) for path in expected}
    assert found == {path: (count, count) for path, count in expected.items()}
    assert {"conversion", "yield", "ageing", "flow"} <= {
        named for path in expected for named in parse_qs(urlsplit(path).query).get("figure", ())
    }
    visited: set[str] = set()
    todo = [past, cohorts, *EVERY_PAGE, *list(expected)[:3]]
    while todo and len(visited) < 100:
        path = todo.pop(0)
        if path not in visited:
            visited.add(path)
            page = await read(browser, path)
            assert len(page.encode()) <= PAGE_BYTES_MAX
            todo += links(page)


async def test_today_shows_what_newly_arrived_and_leads_to_what_waits(
    service: Service, browser: httpx.AsyncClient
) -> None:
    for event in (
        {"id": "today", "type": "form.submitted", "lead": {"email": "today@today.example"}},
        {"id": "nobody", "type": "lead.qualified", "lead": {"email": "nobody@today.example"}},
    ):
        await service.client.post("/v1/events", json=event)
    await counted(service)
    page = await read(browser, "/?lang=en")
    flow = (await service.client.get("/v1/figures/flow", params={"period": "this_month"})).json()
    expected = {row["row"]: row["counts"]["first"]["count"] for row in flow["rows"]}
    today = datetime.now(ZoneInfo("Asia/Tokyo")).date()
    shown = {
        asked["row"][0]: count
        for link, count in numbers(page).items()
        if (asked := parse_qs(urlsplit(link).query)).get("measure") == ["first"]
        and (asked["from"], asked["to"]) == ([f"{today:%Y-%m}-01"], [f"{today}"])
    }
    assert shown["ML"] > 0
    assert shown == {stage: expected[stage] for stage in shown}
    conflicts = (await service.client.get("/v1/conflicts")).json()["conflicts"]
    assert f'<a href="/conflicts?lang=en">{len(conflicts)}</a>' in page
    assert '<a href="/refusals?lang=en&amp;reason=lead-unknown">1</a>' in page


async def test_conversion_shows_the_shares_of_the_api_and_marks_what_is_immature(
    service: Service, browser: httpx.AsyncClient
) -> None:
    asked = {"base": "ML", "target": "SQL", "from": "2026-01-01", "to": "2026-05-31"}
    at = {"as_of": "2026-05-20", **asked}
    page = await read(browser, f"/conversion?{urlencode(at)}&lang=en")
    triangle = page.split('<table class="list figures triangle">')[1].split("</table>")[0]
    rows = {
        re.search(r'<th scope="row">(.*?)</th>', row)[1]: re.findall(  # type: ignore[index]
            r'<td class="num( young)?" data-label="within (\d+) days">\s*<span>(.*?) <span',
            row,
            re.DOTALL,
        )
        for row in triangle.split("<tr>")[2:]
    }
    for within in ("30", "90"):
        params = {**at, "within": within, "by": "month"}
        answer = (await service.client.get("/v1/figures/conversion", params=params)).json()
        for part in answer["parts"]:
            reached = part["rows"][0]
            is_young = bool(reached["counts"]["immature"]["count"])
            share = reached["shares"]["lower" if is_young else "rate"]
            text = "–" if share is None else f"{float(share) * 100:.1f} %"
            (cell,) = [cell for cell in rows[part["value"]] if cell[1] == within]
            assert (bool(cell[0]), re.sub("<[^>]+>|≥ ", "", cell[2])) == (is_young, text)


async def test_the_balance_of_every_stage_is_right(browser: httpx.AsyncClient) -> None:
    page = await read(browser, "/funnel?from=2026-02-01&to=2026-04-30&as_of=2026-04-30&lang=en")
    rows = re.findall(r"<tr>(.*?)</tr>", page.split("</thead>")[1], re.DOTALL)
    cells = [
        {
            label: int(re.sub(r"<[^>]+>|\D", "", cell))
            for label, cell in re.findall(r'data-label="([^"]+)">(.*?)</td>', row, re.DOTALL)
            if label != "Change"
        }
        for row in rows
    ]
    assert len(cells) > 10
    for cell in cells:
        out = sum(cell.get(name, 0) for name in ("forward", "back", "off", "otherwise", "absorbed"))
        assert cell["before"] + cell["in"] - out == cell["after"] == cell["standing"]


async def test_contribution_shows_the_shares_and_the_business_of_the_api(
    service: Service, browser: httpx.AsyncClient
) -> None:
    asked = {"from": "2026-01-01T00:00:00+09:00", "to": "2026-07-01T00:00:00+09:00"}
    answer = (await service.client.get("/v1/contribution", params=asked)).json()
    page = await read(browser, "/contribution?from=2026-01-01&to=2026-06-30")
    by_side, by_policy = page.split('id="policies"')
    for name, part in (("funnel_by_side", by_side), ("contribution", by_policy)):
        figure = (await service.client.get(f"/v1/figures/{name}", params=asked)).json()
        expected = {
            (row["row"], measure): one.get("amount") or one["count"]
            for row in figure["rows"]
            for measure, one in row["counts"].items()
            if one["count"]
        }
        found = {}
        for link, number in re.findall(r'href="(/leads[?][^"]+)">([\d,.]+)</a></td>', part):
            given = parse_qs(urlsplit(html.unescape(link)).query)
            assert given["figure"] == [name]
            [row], [measure] = given["row"], given.get("measure", [figure["main"]])
            found[row, measure] = number.replace(",", "")
        assert found == {key: str(count) for key, count in expected.items()}
    business = page.split("<tbody>")[-1]
    assert business.count("<tr>") == len(answer["business"])
    for name in ("funnel_by_side", "contribution"):
        (link,) = re.findall(rf'href="(/figures/{name}\?[^"]+)"', page)
        counted = await read(browser, html.unescape(link))
        assert "<caption" in counted
        assert "2026-06-30" in link
    disputed = await read(browser, "/contribution?from=2026-01-01&to=2026-06-30&disputed=yes")
    assert disputed.split("<tbody>")[-1].count("<code>") == answer["disputed"]


@pytest.mark.parametrize("format", ["csv", "xlsx"])
async def test_a_figure_is_exported_as_the_api_writes_it(
    service: Service, browser: httpx.AsyncClient, format: str
) -> None:
    asked = {"from": "2026-01-01", "to": "2026-06-30", "by": "origin"}
    answer = await browser.get("/figures/flow", params={**asked, "format": format, "lang": "ja"})
    name = f'attachment; filename="flow.{format}"'
    assert answer.headers["content-disposition"] == name
    assert answer.headers["cache-control"] == "private, no-store"
    accept = answer.headers["content-type"]
    api = await service.client.get(
        "/v1/figures/flow", params={**asked, "lang": "ja"}, headers={"accept": accept}
    )
    if format == "csv":
        assert answer.content.removeprefix(b"\xef\xbb\xbf") == api.content
    assert answer.content[:2] == {"csv": b"\xef\xbb", "xlsx": b"PK"}[format]


async def test_two_readings_of_a_number_are_compared_as_the_api_compares_them(
    service: Service, browser: httpx.AsyncClient
) -> None:
    asked = {"row": "MAL", "measure": "standing", "as_of": "2026-02-15"}
    other = {"other_as_of": "2026-04-15", "lang": "ja"}
    answer = await service.client.get("/v1/figures/stock/compare", params={**asked, **other})
    expected = answer.json()
    page = await read(browser, f"/compare?{urlencode({**asked, **other})}")
    heaps = re.findall(r"<b>([\d,]+)</b> (Aのみ|Bのみ|相違|一致)", page)
    counts = expected["counts"]
    names = {"Aのみ": "only_first", "Bのみ": "only_second", "相違": "different", "一致": "same"}
    assert {names[name]: int(count) for count, name in heaps} == {
        name: counts[name] for name in names.values()
    }
    assert counts["only_second"] > 0
    shown = re.findall(r'<th scope="row"><a href="/leads/([^"?]+)', page.split("<tbody>")[-1])
    assert shown == [one["subject"].removeprefix("lead/") for one in expected["differences"]]
    assert expected["differences"][0]["because_label"] in page
    forms = await read(browser, f"/compare?{urlencode(asked)}")
    assert ('type="file"' in forms, "<table" in forms) == (True, False)


async def test_a_number_is_compared_with_a_file_as_the_api_compares_it(
    service: Service, browser: httpx.AsyncClient
) -> None:
    asked = {"row": "MAL", "measure": "standing"}
    listed = (await service.client.get("/v1/figures/stock/leads", params=asked)).json()["leads"]
    named = [one["subject"].removeprefix("lead/") for one in listed[1:]]
    lines = ["lead,stage", *(f"{lead},MAL" for lead in named), f"{named[0]},MAL"]
    lines += [f"{named[1]},MQL".replace(named[1], '"<b>@evil.example"')]
    body = "\n".join(lines).encode()
    api = await service.client.post("/v1/figures/stock/compare", params=asked, content=body)
    files = {"file": ("leads.csv", body, "text/csv")}
    url = f"/compare?{urlencode(asked)}&lang=en"
    answer = await browser.post(url, files=files, headers=OURS)
    assert answer.status_code == 200, answer.text
    counts = api.json()["counts"]
    assert (counts["not_in_file"], counts["repeated"], counts["not_identified"]) == (1, 1, 1)
    said = re.findall(r"<b>([\d,]+)</b> ([^<]+)<", answer.text)
    assert said == [
        (str(counts[because]), words)
        for because, words in (
            ("same", "in both"),
            ("not_in_file", "not in the file"),
            ("not_identified", "only in the file: no lead can be told"),
            ("repeated", "repeated in the file"),
        )
    ]
    assert "evil" not in answer.text
    assert f'<a href="/leads/{listed[0]["subject"].removeprefix("lead/")}' in answer.text
    book = as_xlsx(
        Sheet(
            "x",
            [Column(name) for name in ("lead", "stage")],
            [line.split(",") for line in lines[1:-1]],
        )
    )
    files_of_excel = {"file": ("leads.xlsx", book)}
    excel = await browser.post(url, files=files_of_excel, headers=OURS)
    counted = re.findall(r"<b>([\d,]+)</b> ([^<]+)<", excel.text)
    assert counted == [one for one in said if "no lead can be told" not in one[1]]
    assert (await browser.post(url, files=files)).status_code == 403
    for wrong, status in ((b"", 422), (b"PK\x03\x04", 400), (b"x" * 4_300_000, 413)):
        refused = await browser.post(url, files={"file": ("a.csv", wrong)}, headers=OURS)
        assert refused.status_code == status, refused.text
        assert refused.headers["content-type"] == "text/html; charset=utf-8"
    assert (await browser.post(url, data={"file": "a"}, headers=OURS)).status_code == 400


async def test_a_lead_shows_where_its_score_comes_from_and_what_it_was_then(
    service: Service, browser: httpx.AsyncClient
) -> None:
    leads = (await service.client.get("/v1/leads?stage=MAL")).json()["leads"]
    lead = leads[0]
    score = (await service.client.get(f"/v1/leads/{lead['id']}/score?lang=ja")).json()
    page = await read(browser, f"/leads/{lead['id']}?lang=ja")
    assert f"スコア {score['score']}" in page
    for one in score["attributes"]:
        assert one["label"] in page
    before = datetime.fromisoformat(lead["acquired_at"]) - timedelta(days=400)
    long_ago = await read(browser, f"/leads/{lead['id']}?lang=ja&as_of={before:%Y-%m-%d}")
    assert "この時点では、まだ記録がありません" in long_ago
    asked = {"as_of": "2026-06-01T00:00:00Z", "last": "true", "lang": "ja"}
    replay = await service.client.get(f"/v1/leads/{lead['id']}/replay", params=asked)
    stage = replay.json()["last"]["state"]["stage_label"]
    then = await read(browser, f"/leads/{lead['id']}?lang=ja&as_of=2026-06-01T00:00:00Z")
    assert f"<strong>2026-06-01 09:00</strong> {stage}" in then


async def test_a_company_shows_its_people_and_what_it_bought(
    service: Service, browser: httpx.AsyncClient
) -> None:
    companies = (await service.client.get("/v1/accounts")).json()["accounts"]
    customers = [one for one in companies if one["stage"] == "C"]
    listed = re.findall(
        r'<th scope="row"><a href="/accounts/([^"]+)"', await read(browser, "/accounts?stage=C")
    )
    assert listed == [one["id"] for one in customers]
    customer = next(one for one in companies if one["people"] and one["opportunities"])
    found = await read(browser, f"/accounts/{customer['id']}")
    assert f'<b class="total">{customer["people"]} ' in found
    assert all(number in found for number in (*customer["orders"], *customer["opportunities"]))
    people = (await service.client.get(f"/v1/accounts/{customer['id']}")).json()["leads"]
    assert all(f"/leads/{one['id']}" in found for one in people)


async def test_a_company_shows_its_segments_its_owners_and_the_latest_of_each_deal(
    service: Service, browser: httpx.AsyncClient
) -> None:
    companies = (await service.client.get("/v1/accounts")).json()["accounts"]
    customer = next(one for one in companies if one["people"])
    people = (await service.client.get(f"/v1/accounts/{customer['id']}")).json()["leads"]
    account, lead = {"account": {"id": customer["id"]}}, {"lead": {"id": people[0]["id"]}}
    reports: list[tuple[str, dict[str, Any]]] = [
        ("account.segmented", {"segment": "high", "key_role": "attack", "owner": "E-1"}),
        ("account.segmented", {"segment": "low", "key_role": "defend", "owner": "E-2"}),
        ("opportunity.created", {"opportunity": "D-77", "value": 100, "product": "scales"}),
        ("opportunity.updated", {"opportunity": "D-77", "value": 1234567, "currency": "JPY"}),
    ]
    body = [
        {
            **(account if type == "account.segmented" else lead),
            "id": f"company-{at}",
            "type": type,
            "data": data,
        }
        for at, (type, data) in enumerate(reports)
    ]
    answer = await service.client.post("/v1/events", json=body)
    assert answer.status_code == 200, answer.text
    await settled(service)

    page = await read(browser, f"/accounts/{customer['id']}?lang=ja")

    shown = re.findall(r'<td class="num">([^<]+ · [^<]+ · E-\d)</td>', page)
    assert shown == ["ローセグメント · 守り · E-2", "ハイセグメント · 攻め · E-1"]
    (deal,) = re.findall(r"<tr><th scope=\"row\"><code>[^<]*D-77</code>.*?</tr>", page, re.DOTALL)
    for said in ("scales", "進行中", "1,234,567 JPY"):
        assert said in deal
    for filters, is_found in (
        ("segment=low", True),
        ("segment=high", False),
        (f"key_role=defend&owner=E-2&stage={customer['stage']}", True),
        ("key_role=attack&owner=E-2", False),
        ("owner=E-1", False),
    ):
        listed = await read(browser, f"/accounts?{filters}")
        answer = await service.client.get(f"/v1/accounts?{filters}")
        ids = [one["id"] for one in answer.json()["accounts"]]
        assert re.findall(r'<th scope="row"><a href="/accounts/([^"]+)"', listed) == ids
        assert (customer["id"] in ids) is is_found, filters
    assert (await browser.get("/accounts?segment=none")).status_code == 422


async def test_managers_see_what_is_due_and_how_everyone_did(
    service: Service, browser: httpx.AsyncClient
) -> None:
    asked = {"from": "2026-01-01", "to": "2026-06-30"}
    page = await read(browser, f"/worklist?team=yes&lang=en&{urlencode(asked)}")
    expected, seen = {}, {}
    for name, row, measure, label in (
        ("screening", "first_contact", "contacted", "First contacts"),
        ("screening", "first_contact", "waiting", "Waiting"),
        ("deals", "created", "created", "Deals"),
        ("acceptance", "rejected", "leads", "Rejected"),
    ):
        answer = await service.client.get(f"/v1/figures/{name}", params={**asked, "by": "owner"})
        for part in answer.json()["parts"]:
            for counted_row in part["rows"]:
                count = int(counted_row["counts"].get(measure, {"count": 0})["count"])
                if (counted_row["track"], counted_row["row"]) == ("lead", row) and count:
                    expected[part["value"], label] = count
    for found in re.findall(r'<tr><th scope="row">(.*?)</tr>', page.split("<tbody>")[1], re.DOTALL):
        owners = re.findall(r'^<a href="[^"]+">([^<]+)</a>', found)
        for _, label in expected:
            number = rf'data-label="{label}"><?s?p?a?n?>?<a href="([^"]+)">([\d,]+)</a>'
            for link, count in re.findall(number, found):
                seen[owners[0] if owners else None, label] = int(count.replace(",", ""))
                listed = await read(browser, html.unescape(link))
                assert f'<b class="total">{count} ' in listed
    assert seen == expected
    assert len({label for _, label in expected}) > 2
    percentiles = re.findall(r'data-label="[^"]+ p[59]0"><a href="(/leads/[^"]+)">', page)
    assert percentiles
    assert (await browser.get("/worklist?period=last_month")).status_code == 422


async def test_the_audit_shows_what_was_corrected_newest_first_and_what_it_changes(
    service: Service, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.pages.running.audit.AUDIT_ROWS", 2)
    positions, path = [], "/audit"
    while path:
        page = await read(browser, path)
        positions += [
            int(one.replace(",", "")) for one in re.findall(r">([\d,]+)</a></td></tr>", page)
        ]
        onward = re.findall(r'href="([^"]+)" rel="next"', page)
        path = html.unescape(onward[0]) if onward else ""
    types = "&".join(f"type={type}" for type in CHANGES)
    feed = (await service.client.get(f"/v1/events?limit=1000&{types}")).json()["events"]
    assert positions == sorted((int(event["position"]) for event in feed), reverse=True)
    assert len(positions) > 2


async def test_a_page_that_is_not_now_says_so_and_can_be_pinned(
    service: Service, browser: httpx.AsyncClient
) -> None:
    now, past = await read(browser, "/funnel"), await read(browser, "/funnel?as_of=2026-04-30")
    assert 'class="when past"' not in now
    assert 'class="when past"' in past
    assert "As of 2026-04-30 23:59, not now" in past
    (pinned,) = re.findall(r'class="pin" href="([^"]+)"', now)
    before = await read(browser, html.unescape(pinned))
    lead = {"email": "taro@example.co.jp"}
    event = {"id": "after-pin", "type": "form.submitted", "lead": lead}
    assert (await service.client.post("/v1/events", json=event)).status_code == 201
    await counted(service)
    assert numbers(await read(browser, html.unescape(pinned))) == numbers(before)
    assert sorted(numbers(await read(browser, "/funnel")).values()) != sorted(numbers(now).values())


async def test_both_languages_use_the_words_of_the_lifecycle(browser: httpx.AsyncClient) -> None:
    ja, en = await read(browser, "/funnel?lang=ja"), await read(browser, "/funnel?lang=en")
    assert '<html lang="ja">' in ja
    assert "マーケ受入リード" in ja
    assert "見込客育成" in ja
    assert '<html lang="en">' in en
    assert "marketing accepted lead" in en
    assert not re.search(r"[ぁ-んァ-ヶ一-龠]", en.replace("日本語", ""))
    # A page keeps the language that its URL asked for, and only that.
    assert all("lang=ja" in link for link in links(ja) if link.startswith("/leads"))
    assert not any("lang=" in link for link in numbers(await read(browser, "/funnel")))


async def test_a_late_report_says_so_and_a_voided_event_does_not_count(
    service: Service, browser: httpx.AsyncClient
) -> None:
    lead = {"email": "late@example.co.jp"}
    first = {"id": "late-0", "type": "form.submitted", "lead": lead}
    answer = (await service.client.post("/v1/events", json=first)).json()
    await service.client.post("/v1/events", json={**LATE, "lead": lead})
    voided = {"id": "void-1", "type": "event.voided", "data": {"event": answer["position"]}}
    assert (await service.client.post("/v1/events", json=voided)).status_code == 201
    await counted(service)
    page = await read(browser, f"/{answer['subject'].replace('lead', 'leads')}?lang=ja")
    assert "後から報告" in page
    assert "にさかのぼって適用" in page
    assert re.search(rf'id="e{answer["position"]}" class="[^"]*void', page)
    record = await read(browser, f"/records/{answer['position']}")
    assert answer["leaf"] in record


async def test_the_history_of_a_lead_is_read_newest_first_page_by_page(
    service: Service, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.pages.leads.lead.PAGE_ROWS", 12)
    page = (await service.client.get("/v1/events?limit=1000")).json()["events"]
    recorded_at = {event["position"]: event["recordedtime"] for event in page}
    # A deadline that had passed before its beginning was reported.
    lead_id = next(
        event["subject"].removeprefix("lead/")
        for event in page
        if event["type"] == "deadline.breached"
        and recorded_at.get(event["cause"]) == event["recordedtime"]
    )
    asked = {"limit": 1000}
    history = (await service.client.get(f"/v1/leads/{lead_id}/history", params=asked)).json()
    positions, path = [], f"/leads/{lead_id}"
    while path:
        page = await read(browser, path)
        positions += [int(one) for one in re.findall(r'<tr id="e(\d+)"', page)]
        onward = re.findall(r'href="([^"]+)" rel="next"', page)
        path = html.unescape(onward[0]) if onward else ""
    recorded = [int(event["position"]) for event in history["events"]]
    assert len(recorded) > 12
    assert positions == sorted(positions, reverse=True)
    # What was derived at once is folded into its cause, unless a page begins between the two.
    # Everything else has a row of its own, above all deadlines, which are derived later.
    at = {event["position"]: (event["time"], event["recorded_time"]) for event in history["events"]}
    alone = {
        int(event["position"])
        for event in history["events"]
        if (cause := event.get("why", {}).get("cause")) is None
        or at.get(cause["position"]) != at[event["position"]]
    }
    assert alone <= set(positions)
    assert len(positions) < len(recorded)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/funnel?as_of=yesterday", 422, "指定を読み取れません"),
        ("/funnel?as_of=2999-01-01", 422, "未来の日付"),
        ("/funnel?asof=2026-01-01", 422, "no parameter asof"),
        ("/funnel?as_of=2026-01-01&as_of=2026-01-02", 422, "twice"),
        ("/funnel?known_at=999999999", 409, "その記録番号はまだありません"),
        ("/funnel?known_at=2026-02-30", 422, "指定を読み取れません"),
        ("/funnel?period=someday", 422, "someday"),
        ("/funnel?from=2026-03-01&to=2026-02-01", 422, "before it begins"),
        ("/leads?row=NOWHERE", 422, "NOWHERE"),
        ("/leads?row=MAL&measure=wrong", 422, "wrong"),
        ("/leads?row=MAL&figure=wrong", 422, "wrong"),
        ("/leads?row=MAL&track=wrong", 422, "wrong"),
        ("/leads?row=MAL&after=x", 422, "after"),
        ("/leads?row=%00", 422, "NUL"),
        ("/leads/nobody", 404, "リードが見つかりません"),
        ("/leads/01890000-0000-7000-8000-000000000000", 404, "リードが見つかりません"),
        ("/records/0", 404, "記録が見つかりません"),
        ("/records/99999999999999999999", 404, "記録が見つかりません"),
        ("/funnel?%3Cscript%3E=1", 422, "&lt;script&gt;"),
    ],
)
async def test_what_cannot_be_shown_is_explained_on_a_page(
    browser: httpx.AsyncClient, path: str, status: int, words: str
) -> None:
    answer = await browser.get(path, headers={"accept-language": "ja"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert (answer.status_code, words in answer.text) == (status, True), answer.text


@pytest.mark.parametrize("period", ["from=2020-01-01", "to=2026-01-01", ""])
async def test_a_list_opens_whichever_end_its_period_has(
    browser: httpx.AsyncClient, period: str
) -> None:
    answer = await browser.get(f"/leads?figure=flow&row=ML&measure=in&{period}")
    assert answer.status_code == 200, answer.text


async def test_a_list_of_nobody_says_so(browser: httpx.AsyncClient) -> None:
    path = "/leads?figure=flow&row=MAL&measure=absorbed&from=2020-01-01&to=2020-01-02&lang=ja"
    page = await read(browser, path)
    assert "該当するリードはありません" in page
    (wider,) = re.findall(r'href="([^"]+)">最後の絞り込みを外す', page)
    assert html.unescape(wider) == "/leads?lang=ja&figure=flow&row=MAL&measure=absorbed"
    # A list that has no filter to remove does not offer to.
    roster = await read(browser, "/leads?owner=no-one&lang=ja")
    assert "最後の絞り込みを外す" not in roster
    both = await read(browser, "/leads?owner=no-one&list=house&lang=ja")
    assert 'href="/leads?lang=ja&amp;owner=no-one">最後の絞り込みを外す' in both
    assert (await browser.get(html.unescape(wider))).status_code == 200


@pytest.mark.parametrize(
    ("query", "origin"),
    [
        ("figure=flow&row=MAL&measure=in", "/funnel?"),
        ("figure=deadlines&row=acceptance&measure=met", "/figures/deadlines?"),
    ],
)
async def test_a_list_leads_back_to_its_number_with_the_same_filters(
    browser: httpx.AsyncClient, query: str, origin: str
) -> None:
    period = "from=2026-02-01&to=2026-04-30"
    page = await read(browser, f"/leads?{query}&{period}&lang=en")
    crumbs = re.findall(r'<nav class="crumbs".*?</nav>', page)
    ((back),) = re.findall(r'href="([^"]+)"', crumbs[0])
    assert html.unescape(back) == f"{origin}lang=en&{period}"
    assert (await browser.get(html.unescape(back))).status_code == 200


async def test_a_page_needs_the_scope_of_what_it_shows(service: Service) -> None:
    key = (await service.key(Scope.PROJECTIONS_READ, person="E9"))["authorization"].removeprefix(
        "Bearer "
    )
    async with browsing(service) as client:
        await log_in(client, key)
        found = {
            path: (await client.get(path)).status_code
            for path in ("/funnel", "/leads", "/records/1", "/sessions")
        }
    assert found == {"/funnel": 200, "/leads": 403, "/records/1": 403, "/sessions": 200}
    headers = await service.key(Scope.LEADS_READ, person="E10")
    async with browsing(service) as client:
        await log_in(client, headers["authorization"].removeprefix("Bearer "))
        # A person who works but may see no figures begins with the work.
        assert (await client.get("/")).headers["location"] == "/worklist"


async def test_a_stopped_projection_is_explained(
    service: Service, browser: httpx.AsyncClient
) -> None:
    tables = service.part(ProjectedTables)

    class Stopped:
        def known(self, _: str) -> Any:
            return type("Checkpoint", (), {"position": 7, "failure": "Fault"})()

    stopped = ProjectedTables(tables.engine, Stopped(), tables.log)  # type: ignore[arg-type]
    with serving_with(service, ProjectedTables, stopped):
        answer = await browser.get("/funnel?lang=ja")
    assert (answer.status_code, "集計が停止しています" in answer.text) == (503, True)
    assert answer.headers["retry-after"]


SAYS_HOW_FAR = (
    *("/", "/funnel", "/conversion", "/deals", "/contribution", "/figures/flow"),
    *("/leads", "/leads?list=house", "/leads?row=MAL", "/accounts", "/worklist"),
)


class LogAhead(Log):
    """A log that has grown since it was counted."""

    async def head(self) -> int:
        return await super().head() + 5


async def test_a_page_says_how_far_it_is_behind(
    service: Service, browser: httpx.AsyncClient
) -> None:
    await settled(service)
    assert "集計待ち" not in await read(browser, "/funnel?lang=ja")
    with serving_with(service, Log, LogAhead(service.engine, "ledger")):
        assert "集計待ち 5件" in await read(browser, "/funnel?lang=ja")
        for path in SAYS_HOW_FAR:
            page = await read(browser, f"{path}{'&' if '?' in path else '?'}lang=ja")
            assert "集計待ち 5件" in page, path
        # What was known at a record has been counted, and stays so.
        assert "集計待ち" not in await read(browser, "/funnel?known_at=9&lang=ja")


async def test_a_day_of_reporting_includes_that_day(browser: httpx.AsyncClient) -> None:
    everything = numbers(await read(browser, "/funnel")).values()
    long_ago = await read(browser, "/funnel?known_at=2020-01-01&lang=ja")
    assert numbers(long_ago) == {}
    assert "まだ記録がありません" in long_ago
    later = numbers(await read(browser, "/funnel?known_at=2099-12-31")).values()
    assert sorted(later) == sorted(everything)


async def test_an_empty_ledger_says_how_to_fill_it(postgres_server: PrivatePostgres) -> None:
    async with running_service(postgres_server) as empty, browsing(empty) as client:
        await log_in(client, key_of(empty))
        await counted(empty)
        page = await read(client, "/funnel?lang=ja")
        assert "まだ記録がありません" in page
        assert "leadledger simulate" in page
        assert "<table" not in page
        for path in EVERY_PAGE:
            await read(client, path)
        for path in ("/", "/conversion"):
            assert "leadledger simulate" in await read(client, path)
        for path in ("/worklist", "/conflicts", "/refusals", "/selections", "/accounts"):
            assert 'class="empty"' in await read(client, path), path


async def test_a_lead_with_ten_thousand_events_opens_in_a_second(
    service: Service, browser: httpx.AsyncClient
) -> None:
    lead, begin = {"email": "many@many.example"}, datetime(2026, 1, 1, tzinfo=UTC)
    for batch in range(20):
        visits = [
            {
                "id": f"many-{number}",
                "type": "visit.recorded" if number else "form.submitted",
                "time": (begin + timedelta(minutes=number)).isoformat(),
                "lead": lead,
            }
            for number in range(batch * 500, batch * 500 + 500)
        ]
        assert (await service.client.post("/v1/events", json=visits)).status_code == 200
    found = (await service.client.post("/v1/leads/find", json=lead)).json()["id"]
    await counted(service)
    calls = Calls()
    with calls.counted():
        page = await read(browser, f"/leads/{found}")
    # Some forty calls replay one event; at sixty, the page would take a second where many work.
    assert calls.count < 600_000
    assert len(page) < PAGE_BYTES_MAX
