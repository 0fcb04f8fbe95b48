"""Selection: narrow the candidates to the number that inside sales can screen.

A run looks at every lead at one position of the ledger. It ranks the candidates by score, highest
first, then by time waiting in the candidates' stage, longest first, then by id, so that no two are
equal. It selects as many as there are places: the capacity less the part already taken. The same
leads, rules and question always give the same ranking.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from domain.lead.score import amount, judged_at, score_at
from domain.lead.state import AccountState, LeadState, State
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.qualification import Qualification
from domain.rules.candidacy import obstacle, requests_of


class Question(NamedTuple):
    """The parameters of a run."""

    at: datetime
    """The as-of time of scores."""
    market: str | None
    """None: every lead, with or without a market."""
    begins_at_position: int
    """The first position of the period: requests for contact count from there."""


class Contender(NamedTuple):
    """A lead and its account as the run found them."""

    lead_id: str
    lead: LeadState
    account: AccountState | None


class Ranked(NamedTuple):
    """A candidate with the values that it is ranked by."""

    lead_id: str
    score: int
    """Hundredths of a point."""
    waiting_since: datetime


@dataclass(slots=True)
class Survey:
    """The findings of a run. A class, because leads are looked at one by one, page after page."""

    lifecycles: Mapping[int, CompiledLifecycle]
    question: Question
    candidates: list[Ranked]
    backlog: set[str]
    """Qualified leads that wait for their screening."""
    requests: int = 0
    """Leads that a contact request in the period qualified and that have been screened since; the
    others are in the backlog."""

    def look_at(self, contender: Contender) -> None:
        """Take one lead into account."""
        lead, question = contender.lead, self.question
        compiled = self.lifecycles[lead.lifecycle]
        qualification = compiled.lifecycle.qualification
        if qualification is None or question.market not in (None, lead.market):
            return
        if lead.stage == qualification.at:
            self._rank(compiled, contender)
        if lead.stage in qualification.unscreened and lead.screened_as is None:
            self.backlog.add(contender.lead_id)
        elif _came_by_request(compiled, qualification, lead, question.begins_at_position):
            self.requests += 1

    def _rank(self, compiled: CompiledLifecycle, contender: Contender) -> None:
        lead_id, lead, account = contender
        at = self.question.at
        if obstacle(compiled, State(lead, account), at) is not None:
            return
        scoring = compiled.lifecycle.scoring
        score = score_at(scoring, lead, judged_at(lead, at)).total if scoring is not None else 0
        assert lead.entered_at is not None, "a candidate is in a stage"
        self.candidates.append(Ranked(lead_id, score, lead.entered_at))

    def ranking(self) -> list[Ranked]:
        """Return the candidates in ranking order."""
        return sorted(
            self.candidates, key=lambda lead: (-lead.score, lead.waiting_since, lead.lead_id)
        )


def survey_of(lifecycles: Mapping[int, CompiledLifecycle], question: Question) -> Survey:
    """Begin a survey."""
    return Survey(lifecycles, question, [], set())


def places(capacity: int, *, taken: int) -> int:
    """Return how many leads a run may select."""
    return max(0, capacity - taken)


def digest_of(ranking: Iterable[tuple[str, str]]) -> str:
    """Return the digest of a ranking: hex SHA-256 over one line per lead with id and score."""
    hashed = sha256()
    for lead_id, score in ranking:
        hashed.update(f"{lead_id} {score}\n".encode())
    return hashed.hexdigest()


def shown(ranking: Iterable[Ranked]) -> list[tuple[str, str]]:
    """Write a ranking in the form that its records hold."""
    return [(lead.lead_id, str(amount(lead.score))) for lead in ranking]


def _came_by_request(
    compiled: CompiledLifecycle, qualification: Qualification, lead: LeadState, begins_at: int
) -> bool:
    targets = compiled.lead.targets(qualification.qualifies_by)
    return any(
        fact.position >= begins_at and not targets.isdisjoint(fact.moved_to)
        for fact in requests_of(compiled, qualification, lead)
    )
