"""Play the journeys that `journeys.yaml` describes, and explains: which report comes when."""

import math
import random
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import yaml

from service.command.simulating.market import Person

_LATE_SHARE = 0.05
"""A CRM synchronises at night, and people enter things later."""
_WITH_STEPS = frozenset({"do", "if", "times", "try"})
_MADE = frozenset({"about", "any", "day", "first", "last", "name", "new"})


class SimulatedStep(NamedTuple):
    happens_at: datetime
    reported_at: datetime
    event: dict[str, Any]
    """The event, without id."""


Steps = Generator[SimulatedStep, None, str]
"""The steps of a journey; the result is the word that ended it early, if one did."""


@cache
def journeys() -> Mapping[str, list[Any]]:
    """Read the blocks of all journeys."""
    text = files("service.command.simulating").joinpath("journeys.yaml").read_text("utf-8")
    blocks: Mapping[str, list[Any]] = yaml.safe_load(text)
    return blocks


@dataclass(slots=True)
class Player:
    """One way through the journeys. A class, because it remembers what was drawn, and the time."""

    hand: random.Random
    person: Person
    moment: datetime
    names: dict[str, Any]
    blocks: Mapping[str, list[Any]]

    def play(self, block: str) -> Steps:
        return self._play(self.blocks[block])

    def _play(self, steps: list[Any]) -> Steps:
        for step in steps:
            line, content = (step, {}) if isinstance(step, str) else next(iter(step.items()))
            word, _, rest = str(line).partition(" ")
            if word in {"done", "leave"}:
                return word
            if word == "let":
                self.names.update(self._drawn(content))
            elif word in _WITH_STEPS or "%" in word:
                is_left = word == "try" and (yield from self.play(rest)) == "leave"
                steps_now = [] if is_left else self._chosen(word, rest, content, step)
                if ended := (yield from self._play(steps_now)):
                    return ended
            else:
                yield self._report(line, content)
        return ""

    def _chosen(self, word: str, rest: str, content: list[Any], fork: Any) -> list[Any]:
        """Return the steps to play next."""
        match word:
            case "try":
                return content
            case "do":
                return self.blocks[rest]
            case "times":
                return content * self.hand.randint(*map(int, rest.split("-")))
            case "if":
                is_so = rest in self.person.traits or rest in self.names.values()
                return content if is_so else []
        drawn = self.hand.random() * 100
        for share, branch in fork.items():
            drawn -= float(share.partition("%")[0])
            if drawn < 0:
                return list(branch)
        return []

    def _report(self, line: str, fields: Mapping[str, Any]) -> SimulatedStep:
        source, verb, type, days = line.split()
        self.moment += timedelta(days=float(days[1:])) if days[0] == "=" else self._about(days)
        is_late = source == "crm" and self.hand.random() < _LATE_SHARE
        event = {
            "source": source,
            "time": self.moment.isoformat(timespec="milliseconds"),
            "type": type,
            **self._named(verb, source),
        }
        if fields:
            event["data"] = self._drawn(fields)
        late_by = self._about("2") if is_late else timedelta()
        return SimulatedStep(self.moment, self.moment + late_by, event)

    def _about(self, days: str) -> timedelta:
        """Draw a time: times between steps are skewed, most short, a few long."""
        return timedelta(days=float(days) * self.hand.lognormvariate(-0.3, 0.75))

    def _named(self, verb: str, source: str) -> dict[str, Any]:
        """Return whom a report names."""
        person = self.person.second() if self.names.get("as") == "second" else self.person
        email, account = {"email": person.email}, {"domain": person.domain}
        is_web = source == "website"
        by = {"anonymous_id": person.cookie} if is_web else {"phone": person.phone}
        named: dict[str, dict[str, Any]] = {
            "sees": {"lead": {"anonymous_id": person.cookie}},
            "notes": {"lead": email},
            "names": {"lead": {**email, **by, "name": person.name, "profile": person.profile}},
            "links": {"lead": email, "account": account},
            "counts": {"account": account},
            "states": {},
        }
        return named[verb]

    def _drawn(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._draw(value) for name, value in fields.items()}

    def _draw(self, value: Any) -> Any:
        if isinstance(value, list):
            return self._draw(self.hand.choice(value))
        kind, _, rest = str(value).partition(" ")
        return self._made(kind, rest) if rest and kind in _MADE else value

    def _made(self, kind: str, rest: str) -> Any:
        match kind:
            case "name":
                return self.names[rest]
            case "new":
                return f"{rest}-{self.hand.getrandbits(48):012x}"
            case "day":
                return str((self.moment + timedelta(days=int(rest))).date())
            case "first" | "last":
                first = _month(self.moment.date(), int(rest) + (kind == "last"))
                return str(first if kind == "first" else first - timedelta(days=1))
            case "any":
                name, _, most = rest.rpartition("-")
                return f"{name}-{self.hand.randint(1, int(most))}"
        amount = math.exp(self.hand.gauss(math.log(float(rest)), 0.6))
        return str(int(amount / 1000) * 1000 + 1000)


def _month(day: date, later: int) -> date:
    """Return the first day of the month of a day, or of one some months later."""
    year, month = divmod(day.year * 12 + day.month - 1 + later, 12)
    return date(year, month + 1, 1)
