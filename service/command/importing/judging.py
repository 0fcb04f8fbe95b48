"""Judge events without sending them: whether they are valid, and whether decisions are allowed.

Every event is read by the same code as in the service, and each lead of the table is decided from
its beginning, in order of time. What the ledger already holds about the leads is unknown here, so
a decision that precedes everything else the table reports about its lead is not judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import dropwhile
from typing import Any

from domain.deciding.redecide import Report, decide_all_again
from domain.lifecycle.compiled.table import CompiledLifecycle, compile_lifecycle
from domain.lifecycle.definition import EventKind, Right
from domain.lifecycle.published import expansion_of
from domain.lifecycle.service_events import is_offered
from domain.lifecycle.text.load import load
from domain.signal import Identifier, Ignored, Signal
from events.lifecycles.expansion import expand
from events.limits import SECRET_BYTES_MIN
from events.refusals import Refusal
from events.signals import native
from events.signals.context import Context
from events.signals.digests import Digests
from events.signals.sender import ANY_SOURCE, Sender
from service.command.limits import JUDGED_EVENTS_MAX
from service.command.sending import OnRefused, RefusedRow, RowBatch

NOT_LEGAL = "move-not-allowed"


@dataclass(slots=True)
class Judge:
    """Collects the events of a table. A class, because leads are known only once all are read."""

    context: Context
    compiled: CompiledLifecycle
    signals: list[tuple[int, Signal]] = field(default_factory=list)
    """Each with its line."""
    leads: dict[Identifier, Identifier] = field(default_factory=dict)
    """A union-find forest: each identifier's parent among the identifiers of the same lead."""
    sent: dict[tuple[Any, str], Mapping[str, Any]] = field(default_factory=dict)
    """The event for each source and id."""
    is_full: bool = False

    def read(self, batch: RowBatch, on_refused: OnRefused) -> list[Ignored]:
        """Read the events of a batch as the service would, and keep them to be judged.

        Returns the identifiers that identify no lead.
        """
        ignored: list[Ignored] = []
        for line, event in zip(batch.lines, batch.events, strict=True):
            signal = native.read(event, self.context)
            if isinstance(signal, Refusal):
                detail = f"{signal.pointer} {signal.detail}".strip()
                on_refused(RefusedRow(line, event["id"], signal.reason, detail))
                continue
            ignored += signal.ignored
            if len(self.signals) >= JUDGED_EVENTS_MAX:
                self.is_full = True
            elif self.sent.setdefault((event.get("source"), event["id"]), event) == event:
                self.signals.append((line, signal))
                self._join(signal)
            else:
                detail = "another row makes an event with this id and different content"
                on_refused(RefusedRow(line, event["id"], "event-id-reused", detail))
        return ignored

    def judge(self, on_refused: OnRefused) -> int:
        """Decide the events of each lead in order of time, and report refused decisions.

        Returns how many decisions are not judged.
        """
        by_lead: dict[Identifier, list[int]] = {}
        for index, (_, signal) in enumerate(self.signals):
            lead = self._lead_of(signal)
            if lead is not None:
                by_lead.setdefault(lead, []).append(index)
        return sum(
            self._judge_lead(lead, sorted(indices, key=self._moment), on_refused)
            for lead, indices in by_lead.items()
        )

    def _judge_lead(self, lead: Identifier, indices: Sequence[int], on_refused: OnRefused) -> int:
        reported = list(dropwhile(self._is_decision, indices))
        before = len(indices) - len(reported)
        steps = [self._step(lead, index) for index in reported]
        if not steps:
            return before
        outcomes = decide_all_again(
            steps,
            lifecycles={self.compiled.version: self.compiled},
            merged_into={},
            upto={_name(lead): steps[-1].occurred_at},
        )
        decided = outcomes.leads.get(_name(lead))
        for index in decided.refused if decided is not None else ():
            line, signal = self.signals[index]
            detail = f"{signal.type.name} is not allowed from the lead's stage at that time"
            on_refused(RefusedRow(line, signal.id, NOT_LEGAL, detail))
        return before

    def _step(self, lead: Identifier, index: int) -> Report:
        signal = self.signals[index][1]
        accounts = signal.account_identifiers
        return Report(
            position=index,
            compiled=self.compiled,
            signal=signal,
            lead=_name(lead),
            account=_name(accounts[0]) if accounts else None,
        )

    def _is_decision(self, index: int) -> bool:
        return self.signals[index][1].type.kind is not EventKind.FACT

    def _moment(self, index: int) -> tuple[datetime, int]:
        return self.signals[index][1].occurred_at, index

    def _join(self, signal: Signal) -> None:
        names = (*signal.identifiers, *signal.references, *signal.shared_references)
        for name in names:
            self.leads.setdefault(name, name)
        for other in names[1:]:
            self.leads[self._root(other)] = self._root(names[0])

    def _lead_of(self, signal: Signal) -> Identifier | None:
        """Return the lead of an event; None if it is about an account or is a service event."""
        names = (*signal.identifiers, *signal.references, *signal.shared_references)
        return self._root(names[0]) if names and not is_offered(signal.type) else None

    def _root(self, name: Identifier) -> Identifier:
        while self.leads[name] != name:
            self.leads[name] = self.leads[self.leads[name]]
            name = self.leads[name]
        return name


def judge_by(lifecycle_text: str) -> Judge:
    """Return a judge that uses this lifecycle and has every right."""
    now = datetime.now(UTC)
    lifecycle = load(lifecycle_text)
    compiled = compile_lifecycle(lifecycle, expansion=expansion_of(expand(lifecycle, now)))
    sender = Sender("", ("import", ANY_SOURCE), None, frozenset(map(str, Right)))
    digests = Digests(bytes(SECRET_BYTES_MIN))
    return Judge(Context(compiled.lifecycle, digests, sender, now), compiled)


def _name(identifier: Identifier) -> str:
    return f"{identifier.kind}:{identifier.digest.hex()}"
