"""The people and their companies, named by numbers so that no real person is ever meant."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

_COMPANY = {
    "industry": ("manufacturing", "software", "finance", "retail", "logistics", "healthcare"),
    "company_size": ("small", "small", "medium", "large"),
    "region": ("kanto", "kansai", "chubu", "kyushu", "tohoku"),
}
_JOB = {
    "job": ("information_systems", "production", "marketing", "general_affairs", "research"),
    "position": ("staff", "staff", "manager", "manager", "director", "executive"),
}
_PEOPLE_PER_COMPANY = 4
_COMPETITOR_SHARE, _HIDDEN_SHARE, _SHARED_COMPUTER_SHARE = 0.03, 0.06, 0.02


@dataclass(frozen=True, slots=True)
class Person:
    domain: str
    email: str
    phone: str
    cookie: str
    """The browser; occasionally shared with another person."""
    name: str
    profile: Mapping[str, str]
    traits: tuple[str, ...]
    """`competitor`, and `hidden` behind an address that does not identify the company."""

    def second(self) -> "Person":
        """Return the same person with a second address and another browser."""
        return replace(self, email=f"second.{self.email}", cookie=f"{self.cookie}-second")


def person(hand: random.Random, number: int, people: int) -> Person:
    """Make the person of this number, at a random company; `people` is how many there are."""
    company = hand.randrange(people // _PEOPLE_PER_COMPANY + 1) + 1
    of_company = random.Random(company)
    is_hidden = hand.random() < _HIDDEN_SHARE
    is_shared = number > 1 and hand.random() < _SHARED_COMPUTER_SHARE
    traits = {"hidden": is_hidden, "competitor": of_company.random() < _COMPETITOR_SHARE}
    domain = f"company-{company:05}.example"
    return Person(
        domain,
        email=f"person{number:06}@{'gmail.com' if is_hidden else domain}",
        phone=f"+8190{number:08}",
        name=f"Person {number:06}",
        cookie=f"browser-{number - 1 if is_shared else number:06}",
        profile={name: of_company.choice(values) for name, values in _COMPANY.items()}
        | {name: hand.choice(values) for name, values in _JOB.items()}
        | {"company": f"Company {company:05}"},
        traits=tuple(trait for trait, is_so in traits.items() if is_so),
    )
