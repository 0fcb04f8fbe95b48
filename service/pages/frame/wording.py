"""The words of the pages in one language, and how they write numbers and times.

The catalogues are `words/ja.toml` and `words/en.toml`. Stages, lists, events and reasons are not in
them: their words come from the lifecycle.
"""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

LANGUAGES: Final = ("ja", "en")
LANGUAGE_DEFAULT: Final = "en"
_DAY_S: Final = 86_400


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> Mapping[str, str]:
    """Return the words of a language by key, such as `funnel.title`."""
    text = files("service.pages").joinpath("words", f"{language}.toml").read_text(encoding="utf-8")
    return {
        f"{section}.{name}": words
        for section, entries in tomllib.loads(text).items()
        for name, words in entries.items()
    }


def language_for(asked: str | None, preferred: str) -> str:
    """Return the language of a page: the one in its URL, else the browser's first that we have."""
    if asked in LANGUAGES:
        return asked
    weighted = (_weighted(part) for part in preferred.split(","))
    known = [(weight, tag) for weight, tag in weighted if tag in LANGUAGES and weight > 0]
    # The first of equals, as the browser lists them.
    return max(known, key=lambda one: one[0])[1] if known else LANGUAGE_DEFAULT


def _weighted(part: str) -> tuple[float, str]:
    """Read `ja-JP;q=0.8`."""
    tag, _, parameter = part.partition(";")
    try:
        weight = float(parameter.strip().removeprefix("q=") or 1)
    except ValueError:
        weight = 0.0
    return weight, tag.strip().split("-")[0].lower()


class PageWords(NamedTuple):
    """The words of a page, and the zone in which it writes times."""

    language: str
    zone: ZoneInfo

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the words for a key, with numbers grouped. An unknown key is a mistake of ours."""
        shown = {name: self.shown(value) for name, value in values.items()}
        return catalogue(self.language)[key].format(**shown)

    def shown(self, value: object) -> str:
        """Write a number or a moment as people read it."""
        if isinstance(value, int):
            return f"{value:,}"
        if isinstance(value, datetime):
            return self.moment(value)
        return str(value)

    def moment(self, at: datetime) -> str:
        """Write a moment in the zone of the lifecycle."""
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M}"

    def day(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%Y-%m-%d}"

    def time(self, at: datetime | str) -> Markup:
        """Write a moment that machines can read as well."""
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        local = moment.astimezone(self.zone).isoformat(timespec="seconds")
        return Markup('<time datetime="{}">{}</time>').format(local, escape(self.moment(moment)))

    def counted(self, key: str, count: int, **values: Any) -> str:
        """Return the words for a number of things: English has a form of its own for one."""
        return self(f"{key}_{'one' if count == 1 else 'other'}", count=count, **values)

    def lasting(self, since: datetime, until: datetime) -> str:
        """Write how long something lasted, in whole days, or hours if it was less than one."""
        seconds = max(0, int((until - since).total_seconds()))
        if seconds >= _DAY_S:
            return self.counted("frame.days", seconds // _DAY_S)
        return self.counted("frame.hours", seconds // 3_600)
