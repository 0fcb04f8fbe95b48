"""The words of the pages: both languages have all of them, and nothing is left over."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

from service.http.problem import KINDS
from service.pages.frame.wording import LANGUAGES, PageWords, catalogue, language_for
from service.reading.figures.periods import PERIODS
from tests.support.stories import demand_funnel

PAGES = Path(__file__).parents[2] / "service" / "pages"
SOURCES = "".join(
    path.read_text(encoding="utf-8")
    for path in sorted(PAGES.rglob("*"))
    if path.suffix in {".py", ".html"}
)
BUILT = re.compile(
    r"(?:period|problem|remedy|field|refused)\."
    r"|(?:accounts|audit|conflicts|refusals|settings)\.is_|compare\.(?:only_|same|different|file_)|contribution\.(?:by|means)_|intake\.(?:received|recorded|duplicates|refused|ignored)$|selections\.(?:backlog|requests|places|candidates)$|login\.failed_|work\.(?:true$|false$|due_)|.*_(?:one|other)$"
)
"""Keys that are put together when they are used."""


def placeholders(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name is not None}


def test_both_languages_have_the_same_keys_with_the_same_placeholders() -> None:
    ja, en = (
        {key: placeholders(words) for key, words in catalogue(language).items()}
        for language in LANGUAGES
    )
    assert len(en) > 100
    assert ja == en


def test_every_key_is_used_and_every_used_key_exists() -> None:
    used = set(re.findall(r'(?:say|words)(?:\.\w+)?\(\s*"([a-z_]+\.[\w-]+)"\s*[,)]', SOURCES))
    counted = {key.rpartition("_")[0] for key in catalogue("en") if key.endswith("_one")}
    assert used - catalogue("en").keys() - counted == set()
    facts = {
        f"lead.{name}"
        for name in re.findall(r'"(\w+)", (?:lifecycle|state|name|view|channel)', SOURCES)
    }
    left_over = [
        key
        for key in catalogue("en").keys() - facts
        if f'"{key}"' not in SOURCES and not BUILT.match(key)
    ]
    assert left_over == []


def test_every_period_and_every_problem_has_words() -> None:
    words = catalogue("ja")
    assert [name for name in PERIODS if f"period.{name}" not in words] == []
    problems = {key.partition(".")[2] for key in words if key.startswith("problem.")} - {"back"}
    remedies = {key.partition(".")[2] for key in words if key.startswith("remedy.")}
    assert problems == remedies
    assert {key.partition(".")[2] for key in words if key.startswith("refused.")} <= {
        *KINDS,
        "other",
    }


def test_words_of_fields_are_those_of_fields_that_lifecycles_have() -> None:
    named = {key.partition(".")[2] for key in catalogue("ja") if key.startswith("field.")}
    fields = {name for type in demand_funnel().lifecycle.events.values() for name in type.fields}
    assert named <= fields


@pytest.mark.parametrize(
    ("asked", "preferred", "expected"),
    [
        ("ja", "en", "ja"),
        (None, "ja-JP,ja;q=0.9,en;q=0.8", "ja"),
        (None, "en-GB,en;q=0.9,ja;q=0.8", "en"),
        (None, "de,ja;q=0.3,en;q=0.5", "en"),
        (None, "ja;q=0,en;q=0.1", "en"),
        (None, "ja;q=wrong", "en"),
        ("tlh", "ja", "ja"),
        (None, "", "en"),
    ],
)
def test_the_url_decides_the_language_and_otherwise_the_browser(
    asked: str | None, preferred: str, expected: str
) -> None:
    assert language_for(asked, preferred) == expected


def test_times_are_written_in_the_zone_of_the_lifecycle_and_numbers_in_groups() -> None:
    say = PageWords("en", ZoneInfo("Asia/Tokyo"))
    at = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
    assert say.time(at) == '<time datetime="2026-11-23T00:30:00+09:00">2026-11-23 00:30</time>'
    assert say("when.upto", position=8850) == "up to record 8,850"
    assert say.counted("frame.leads", 1) == "1 lead"
    assert say.lasting(at, at + timedelta(hours=49)) == "2 days"
    assert say.lasting(at, at - timedelta(hours=1)) == "0 hours"
