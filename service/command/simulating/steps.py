"""The steps of a journey: reports, each some time after the previous one."""

import math
import random
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, NamedTuple, TypeAlias, TypeVar

from service.command.simulating.market import Person

WEB, MAIL, CRM, SEMINARS, CALLS, ORDERS = "website", "ma", "crm", "seminars", "cti", "erp"
"""The systems that report."""


class SimulatedStep(NamedTuple):
    after: timedelta
    """The time since the previous step."""
    source: str
    report: Mapping[str, Any]
    """The event, without id, source and time."""
    reported_late_by: timedelta = timedelta()
    """The delay between happening and being reported."""


Found = TypeVar("Found")
StepsTo: TypeAlias = Generator[SimulatedStep, None, Found]
"""A part of a journey; its result determines the next part."""
Steps: TypeAlias = StepsTo[None]


@dataclass(frozen=True, slots=True)
class Reporter:
    """Makes the steps of one person. A class, because each needs the person and randomness."""

    person: Person
    hand: random.Random

    def happens(self, share: float) -> bool:
        return self.hand.random() < share

    def after(self, days: float) -> timedelta:
        """Return about this many days: times between steps are skewed, most short, a few long."""
        return timedelta(days=days * self.hand.lognormvariate(-0.3, 0.75))

    def number(self) -> str:
        """Make a number for something new: a meeting, a deal, an order."""
        return f"{self.hand.getrandbits(48):012x}"

    def under_another_address(self) -> "Reporter":
        return replace(self, person=self.person.under_another_address())

    def seen(self, type: str, days: float, **data: Any) -> SimulatedStep:
        """Report what a browser did, anonymously."""
        lead = {"anonymous_id": self.person.cookie}
        return self._step(WEB, type, days, lead, data)

    def named(self, source: str, type: str, days: float, **data: Any) -> SimulatedStep:
        """Report what an identified person did, with everything known about the person."""
        person = self.person
        lead: dict[str, Any] = {"email": person.email, "profile": person.profile}
        if source == WEB:
            lead["anonymous_id"] = person.cookie
        else:
            lead["phone"] = person.phone
        return self._step(source, type, days, lead, data)

    def noted(self, source: str, type: str, days: float, **data: Any) -> SimulatedStep:
        """Report an event about a person whom the source identifies by e-mail address."""
        return self._step(source, type, days, {"email": self.person.email}, data)

    def linked(self, days: float) -> SimulatedStep:
        """Report the company of a person whose e-mail address does not reveal it."""
        lead, account = {"email": self.person.email}, {"domain": self.person.company.domain}
        report = {"type": "account.linked", "lead": lead, "account": account}
        return self._sent(CRM, days, report, {})

    def of_company(self, source: str, type: str, days: float, **data: Any) -> SimulatedStep:
        """Report an event about the company."""
        report = {"type": type, "account": {"domain": self.person.company.domain}}
        return self._sent(source, days, report, data)

    def _step(
        self, source: str, type: str, days: float, lead: Mapping[str, Any], data: Mapping[str, Any]
    ) -> SimulatedStep:
        return self._sent(source, days, {"type": type, "lead": lead}, data)

    def _sent(
        self, source: str, days: float, report: dict[str, Any], data: Mapping[str, Any]
    ) -> SimulatedStep:
        if data:
            report["data"] = dict(data)
        late = self.after(2) if source == CRM and self.happens(_LATE_SHARE) else timedelta()
        return SimulatedStep(self.after(days), source, report, late)


_LATE_SHARE = 0.05
"""The share of late CRM reports: a CRM synchronises at night, and people enter things later."""


def amount(hand: random.Random, typical: float) -> str:
    """Return a plausible order value: most near the typical one, a few much larger."""
    return str(int(math.exp(hand.gauss(math.log(typical), 0.6)) / 1000) * 1000 + 1000)
