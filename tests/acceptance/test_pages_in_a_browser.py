"""The pages in a real browser: for everyone, in both languages, without script, on any screen.

With LEADLEDGER_TEST_WRITE_SCREENSHOTS=1 the pictures in docs/ are made again.
"""

import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.postgres import scratch_directory
from tests.support.running_service import RunningService, running_service

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None,
    reason="PAGES NOT TESTED IN A BROWSER: apt-get install chromium fonts-noto-cjk",
)

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHECKED: dict[str, dict[str, Any]] = {
    "light": {"type": "tag", "values": WCAG},
    # The structure is the same in both schemes.
    "dark": {"type": "rule", "values": ["color-contrast"]},
}
PAST = "as_of=2026-04-30&known_at=400&from=2026-02-01&to=2026-04-30"
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
NARROW, WIDE = 320, 1335
PICTURED = {
    "today": "/",
    "funnel": "/funnel?period=last_month",
    "conversion": "/conversion?target=OPP",
    "worklist": "/worklist?owner=inside-sales-1",
    "contribution": "/contribution?period=last_half",
    "deals": "/deals?period=last_half",
    "targets": "/targets?period=last_month",
    "campaigns": "/campaigns?period=last_half&within=30",
}


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    with scratch_directory() as directory, running_service(directory / "data") as running:
        world = ("--people", "30", "--days", "200", "--seed", "7", "--until", "2026-06-01")
        done = running.command("simulate", *world, key=running.key)
        assert done.returncode == 0, done.stderr
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # As root, as in most containers, Chromium's own sandbox cannot be used.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


def logged_in(browser: Browser, service: RunningService, **options: Any) -> BrowserContext:
    """Provide a context with a session, in which every complaint of the browser is an error."""
    context = browser.new_context(base_url=service.url, **options)
    page = context.new_page()
    page.goto("/login")
    page.fill("#key", service.key)
    page.click("main button")
    page.close()
    return context


def watched(context: BrowserContext) -> tuple[Page, list[str]]:
    """Open a page, and collect what the browser complains about: violations of the policy."""
    page, complaints = context.new_page(), list[str]()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints


def addresses(context: BrowserContext) -> dict[str, str]:
    """Return one address of every page, and of an error."""
    page = context.new_page()
    page.goto("/leads?row=MAL")
    lead = page.get_attribute("table.list tbody th a", "href")
    page.goto("/accounts")
    company = page.get_attribute("table.list tbody th a", "href")
    assert lead is not None
    assert company is not None
    page.close()
    return {
        "today": "/",
        "conversion": f"/conversion?{PAST}",
        "funnel": "/funnel?by=origin",
        "funnel then": f"/funnel?{PAST}",
        "stages": "/leads",
        "named list": "/leads?list=house",
        "list": "/leads?figure=flow&row=MAL&measure=forward&from=2026-01-01&to=2026-05-31",
        "lead": lead,
        "record": "/records/100",
        "companies": "/accounts",
        "company": company,
        "worklist": "/worklist?owner=inside-sales-1",
        "team": "/worklist?team=yes&period=last_half",
        "deals": "/deals?period=last_half",
        "targets": "/targets?period=last_quarter",
        "campaigns": "/campaigns?period=last_half&within=30",
        "conflicts": "/conflicts",
        "refusals": "/refusals",
        "selections": "/selections",
        "contribution": f"/contribution?{PAST}",
        "figures": "/figures",
        "figure": "/figures/flow?by=origin",
        "compare": "/compare?row=MAL&as_of=2026-03-01&other_as_of=2026-05-01",
        "compare with a file": "/compare?row=MAL",
        "audit": "/audit",
        "reads": "/audit?show=reads",
        "settings": "/settings",
        "sessions": "/sessions",
        "error": "/funnel?as_of=tomorrow",
        "log-in": "/login?lang=en",
    }


COLOURFUL = ("funnel then", "conversion", "list", "lead", "log-in")
"""The pages that use every colour; the structure is the same in both schemes."""


@pytest.mark.parametrize(("lang", "scheme"), [("ja", "light"), ("en", "dark")])
def test_everyone_can_read_every_page_on_any_screen_and_the_policy_is_kept(
    browser: Browser, service: RunningService, lang: str, scheme: Any
) -> None:
    context = logged_in(browser, service, color_scheme=scheme, locale=lang)
    page, complaints = watched(context)
    found, widths = {}, {}
    for name, address in addresses(context).items():
        if scheme == "dark" and name not in COLOURFUL:
            continue
        if name == "log-in":
            context.clear_cookies()
        page.goto(address)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        results = Axe().run(page, options={"runOnly": CHECKED[scheme]})
        if results.violations_count:
            found[name] = results.generate_report()
        # The narrowest screen: no page scrolls sideways, even with everything unfolded.
        page.set_viewport_size({"width": NARROW, "height": 640})
        widths[name] = page.evaluate("document.documentElement.scrollWidth")
        page.set_viewport_size({"width": WIDE, "height": 800})
    context.close()
    assert found == {}, "\n".join(found.values())
    assert {name: width for name, width in widths.items() if width > NARROW} == {}
    # Chromium reports the status of the page that is an error.
    assert [said for said in complaints if "422" not in said] == []


def test_without_script_and_mouse_one_gets_from_the_log_in_to_a_record(
    browser: Browser, service: RunningService
) -> None:
    context = browser.new_context(base_url=service.url, java_script_enabled=False, locale="en")
    page = context.new_page()

    def follow(pattern: str) -> None:
        """Move the focus from link to link, and follow the first whose address matches."""
        for _ in range(80):
            page.keyboard.press("Tab")
            focused = page.locator(":focus")
            if focused.count() and re.search(pattern, focused.get_attribute("href") or ""):
                address = focused.get_attribute("href")
                page.keyboard.press("Enter")
                page.wait_for_url(re.compile(re.escape(str(address))))
                return
        pytest.fail(f"no link to {pattern} is reached with the keyboard")

    page.goto("/funnel")
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.locator("#key:focus").count():
            break
    page.keyboard.type(service.key)
    page.keyboard.press("Enter")
    page.wait_for_url("**/funnel")
    follow(r"row=SAL")
    follow(r"/leads/[0-9a-f-]{36}")
    follow(r"/records/\d+")
    assert '"specversion"' in page.content()
    page.goto("/leads?row=MAL")
    assert not page.locator("button.copy").is_visible()
    context.close()


def test_a_printed_page_is_dark_on_white_and_has_the_numbers_without_the_controls(
    browser: Browser, service: RunningService
) -> None:
    # The width of A4 landscape within its margins, on a screen that is set to dark.
    paper: Any = {"width": 1031, "height": 703}
    context = logged_in(browser, service, color_scheme="dark", locale="ja", viewport=paper)
    page, _ = watched(context)
    page.emulate_media(media="print")
    controls, colours, columns = {}, set(), {}
    for name, address in addresses(context).items():
        page.goto(address)
        seen = "[...document.querySelectorAll('form,button,summary,input')]"
        controls[name] = page.evaluate(
            f"{seen}.filter(one => one.checkVisibility() && !one.closest('td')).length"
        )
        colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        if page.query_selector(".cols"):
            of_columns = "getComputedStyle(document.querySelector('.cols')).gridTemplateColumns"
            columns[name] = len(page.evaluate(of_columns).split())
        if name == "conversion":
            kept = "getComputedStyle(document.querySelector('.young')).printColorAdjust"
            # A browser drops backgrounds from paper, and hatching is one.
            assert page.evaluate(kept) == "exact"
    context.close()
    assert {name: count for name, count in controls.items() if count} == {}
    assert colours == {"rgb(255, 255, 255)"}
    assert set(columns.values()) == {2}


def test_the_module_replays_a_lead_and_copies_the_permanent_link(
    browser: Browser, service: RunningService
) -> None:
    context = logged_in(browser, service, locale="en")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page, complaints = watched(context)
    page.goto("/leads?row=MAL")
    page.click("button.copy")
    page.wait_for_function("document.querySelector('button.copy').textContent === 'Copied'")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == service.url + str(page.get_attribute("a.pin", "href"))
    page.goto(addresses(context)["lead"])
    # Until a moment is chosen, there is none to mark.
    assert page.locator(".cursor").count() == 0
    page.focus(".replay input")
    page.keyboard.press("Home")
    first = page.locator("tr[data-stage]").last
    assert page.inner_text(".replay output").endswith(str(first.get_attribute("data-stage")))
    assert page.locator(".cursor").get_attribute("x1") == "132"
    events = page.locator(".events tbody tr").count()
    assert 0 < page.locator(".events .later").count() < events
    page.click(".then-form button")
    assert page.locator(".events .later").count() < events
    assert "as_of=" in page.url
    assert complaints == []
    context.close()


@pytest.mark.skipif(
    not os.environ.get("LEADLEDGER_TEST_WRITE_SCREENSHOTS"), reason="the pictures are kept in docs/"
)
def test_the_pictures_in_the_docs(browser: Browser, service: RunningService) -> None:
    world = ("--people", "700", "--days", "300", "--seed", "11")
    assert service.command("simulate", *world, key=service.key).returncode == 0
    PICTURES.mkdir(exist_ok=True)
    for lang, scheme in (("ja", "light"), ("en", "dark")):
        size = {"width": 1335, "height": 820}
        context = logged_in(browser, service, viewport=size, color_scheme=scheme, locale=lang)
        page = context.new_page()
        time.sleep(2)
        for name, address in PICTURED.items():
            if lang == "ja" or name in ("funnel", "today"):
                page.goto(address)
                page.screenshot(path=PICTURES / f"{name}-{lang}.png")
        if lang == "ja":
            page.goto("/leads?row=OPP")
            page.click("table.list tbody tr:nth-child(2) th a")
            page.screenshot(path=PICTURES / f"lead-{lang}.png")
        context.close()
