"""Verify selection runs from the history: the candidates, their order, and the selected leads.

The leads are surveyed again when the fold of the history reaches the position at which the run read
them. A ranking that does not follow from the leads is therefore found even if its digest matches.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from domain.lead.state import AccountState, LeadState
from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.rules.selection import Contender, Survey, digest_of, places, shown, survey_of
from events.batch.memory import Remembered
from events.limits import RANKED_PAGE
from events.records import Record, selection_id
from events.selections.evidence import COMPLETED, RANKED, RUN, Ranking, Run, ranked_in, run_of


class Doubt(NamedTuple):
    """A comparison of what a record of a run contains and what it should contain."""

    what: str
    expected: object
    found: object


@dataclass(slots=True)
class _Known:
    """A run so far. A class, because its evidence arrives record by record."""

    run: Run
    ranking: Ranking
    selected: frozenset[str]
    pages: int = 0
    qualified: set[str] = field(default_factory=set)


@dataclass(slots=True)
class SelectionAudit:
    """A class, because each record is judged on the state left by the records before it."""

    planned: Mapping[int, list[Run]]
    """Runs by the position at which they read the leads, according to the log."""
    _surveys: dict[str, Survey] = field(default_factory=dict)
    _known: dict[str, _Known] = field(default_factory=dict)

    def reach(
        self,
        position: int,
        subjects: Mapping[str, Remembered],
        lifecycles: Mapping[int, CompiledLifecycle],
    ) -> None:
        """Survey the leads for the runs that read them at this position."""
        for run in self.planned.get(position, ()):
            survey = survey_of(lifecycles, run.question)
            for standing in _standings(subjects):
                survey.look_at(standing)
            self._surveys[run.id] = survey

    def doubts(self, record: Record) -> Iterable[Doubt]:
        """Yield the comparisons for one record of a run."""
        match record.event.type:
            case type if type == RUN:
                return self._judge_run(record)
            case type if type == RANKED:
                return self._judge_page(record)
            case type if type == COMPLETED:
                return self._judge_end(record)
        return self._judge_lead(record)

    def _judge_run(self, record: Record) -> Iterable[Doubt]:
        run = run_of(record.event)
        yield Doubt(
            "the id of a run's event follows from the run", selection_id(run.id), record.envelope.id
        )
        survey = self._surveys.pop(run.id, None)
        if survey is None:
            yield Doubt(
                "a run reads its leads before its own position",
                f"before {run.position}",
                run.read_at,
            )
            return
        ranking = shown(survey.ranking())
        count = min(places(run.data["capacity"], taken=run.taken), len(ranking))
        yield Doubt("the survey of a run matches the history", _seen(survey), _recorded(run))
        yield Doubt("the number selected matches the places available", count, run.selected)
        yield Doubt("the ranking matches the history", digest_of(ranking), run.data["digest"])
        cut_line = ranking[count - 1][1] if count else None
        yield Doubt("the cut line is the last selected score", cut_line, run.data.get("cut_line"))
        selected = frozenset(lead_id for lead_id, _ in ranking[:count])
        self._known[run.id] = _Known(run, ranking, selected)

    def _judge_page(self, record: Record) -> Iterable[Doubt]:
        known = self._known_of(record)
        start = known.pages * RANKED_PAGE
        expected_id = selection_id(known.run.id, "ranked", str(known.pages))
        yield Doubt("the pages of a ranking are in order", expected_id, record.envelope.id)
        expected = known.ranking[start : start + RANKED_PAGE]
        yield Doubt("the page matches the ranking", expected, ranked_in(record.event))
        known.pages += 1

    def _judge_lead(self, record: Record) -> Iterable[Doubt]:
        known, event = self._known_of(record), record.event
        lead_id = event.subject.id
        expected = (selection_id(known.run.id, lead_id), known.run.position)
        found = (record.envelope.id, event.cause)
        yield Doubt("the id of a selection follows from its run and lead", expected, found)
        pages = -(-len(known.ranking) // RANKED_PAGE)
        yield Doubt("the ranking is complete before leads are selected", pages, known.pages)
        others = {lead_id} - known.selected
        yield Doubt("only the first of the ranking are selected", set(), others)
        known.qualified.add(lead_id)

    def _judge_end(self, record: Record) -> Iterable[Doubt]:
        known, data = self._known_of(record), record.event.data
        expected_id = selection_id(known.run.id, "completed")
        yield Doubt("the id of a run's end follows from the run", expected_id, record.envelope.id)
        skipped = {lead_id for lead_id, _ in data["skipped"]}
        yield Doubt("the number qualified is as reported", len(known.qualified), data["qualified"])
        yield Doubt(
            "every selected lead is qualified or skipped",
            known.selected - known.qualified,
            skipped,
        )
        del self._known[known.run.id]

    def _known_of(self, record: Record) -> _Known:
        """Return the run that a record belongs to. Raises LookupError if there is none."""
        return self._known[record.event.data["selection"]]


def _standings(subjects: Mapping[str, Remembered]) -> Iterable[Contender]:
    for subject_id, remembered in subjects.items():
        lead = remembered.state
        if isinstance(lead, LeadState):
            account = subjects.get(lead.account or "")
            state = account.state if account is not None else None
            yield Contender(subject_id, lead, state if isinstance(state, AccountState) else None)


def _seen(survey: Survey) -> dict[str, Any]:
    return {
        "backlog": len(survey.backlog),
        "requests": survey.requests,
        "candidates": len(survey.candidates),
    }


def _recorded(run: Run) -> dict[str, Any]:
    return {name: run.data[name] for name in ("backlog", "requests", "candidates")}
