"""The companies and people, named by numbers so that no real person is ever meant."""

import random
from collections.abc import Sequence
from typing import NamedTuple

INDUSTRIES = ("manufacturing", "software", "finance", "retail", "logistics", "healthcare")
JOBS = ("information_systems", "production", "marketing", "general_affairs", "research")
POSITIONS = ("staff", "manager", "director", "executive")
SIZES = ("small", "medium", "large")
REGIONS = ("kanto", "kansai", "chubu", "kyushu", "tohoku")
CAMPAIGNS = ("spring-expo", "white-paper-week", "webinar-series", "search-always-on", "partner-day")
PRODUCTS = ("basic", "pro", "enterprise")
FREE_MAIL = "gmail.com"
COMPETITOR_SHARE, FREE_MAIL_SHARE, SHARED_COMPUTER_SHARE = 0.03, 0.06, 0.02


class Company(NamedTuple):
    domain: str
    industry: str
    size: str
    region: str
    is_competitor: bool


class Person(NamedTuple):
    number: int
    company: Company
    email: str
    phone: str
    cookie: str
    """The browser; occasionally shared with another person."""
    job: str
    position: str
    is_hidden: bool
    """Writes from a free-mail address, which does not identify the company."""

    @property
    def profile(self) -> dict[str, str]:
        company = self.company
        return {
            "industry": company.industry,
            "company_size": company.size,
            "region": company.region,
            "job": self.job,
            "position": self.position,
        }

    def under_another_address(self) -> "Person":
        """Return the same person with a second address and another browser."""
        name, host = self.email.split("@")
        return self._replace(email=f"{name}.second@{host}", cookie=f"{self.cookie}-second")


def companies(hand: random.Random, count: int) -> list[Company]:
    """Make a market of `count` companies."""
    return [
        Company(
            domain=f"company-{number:05}.example",
            industry=hand.choice(INDUSTRIES),
            size=hand.choices(SIZES, (5, 3, 2))[0],
            region=hand.choice(REGIONS),
            is_competitor=hand.random() < COMPETITOR_SHARE,
        )
        for number in range(1, count + 1)
    ]


def person(hand: random.Random, number: int, market: Sequence[Company]) -> Person:
    """Make one person at a random company."""
    company = hand.choice(market)
    is_hidden = hand.random() < FREE_MAIL_SHARE
    host = FREE_MAIL if is_hidden else company.domain
    is_shared = number > 1 and hand.random() < SHARED_COMPUTER_SHARE
    return Person(
        number=number,
        company=company,
        email=f"person{number:06}@{host}",
        phone=f"+8190{number:08}",
        cookie=f"browser-{number - 1 if is_shared else number:06}",
        job=hand.choice(JOBS),
        position=hand.choices(POSITIONS, (5, 4, 2, 1))[0],
        is_hidden=is_hidden,
    )
