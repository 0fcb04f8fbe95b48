"""The event: the result of a decision, recorded in the ledger and folded into state."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from domain.effects import Effects
from domain.lifecycle.definition import SubjectKind

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Subject(NamedTuple):
    """What an event is about. The ledger itself has no id."""

    kind: SubjectKind
    id: str = ""

    def __str__(self) -> str:
        return f"{self.kind}/{self.id}" if self.id else str(self.kind)


LEDGER = Subject(SubjectKind.LEDGER)


class Event(NamedTuple):
    """One event with its outcome. It is a draft until the ledger has appended it.

    A tuple, because a replay makes millions of them. `effects` is everything apart from the move
    that `domain.lead.evolve` applies. The record holds it under `data.effects`, so a replay needs
    no lifecycle.
    """

    position: int
    type: str
    subject: Subject
    occurred_at: datetime
    data: Mapping[str, Any]
    effects: Effects
    cause: int | None = None
    forwarded_to: str | None = None
    """The lead that received the event, if it has absorbed the subject."""
    stage_from: str | None = None
    stage_to: str | None = None
    effective_at: datetime | None = None
    """When the move takes effect; None if nothing moved."""
    pass_number: int | None = None

    @property
    def receiver(self) -> Subject:
        """The subject that the event counts for: its own, unless another lead has absorbed it."""
        if self.forwarded_to is None:
            return self.subject
        return Subject(SubjectKind.LEAD, self.forwarded_to)

    @property
    def changed_subjects(self) -> tuple[Subject, ...]:
        """The subjects whose state changes: its receiver, and the account of a lead's business.

        The ledger itself has no state.
        """
        if self.subject.kind is SubjectKind.LEDGER:
            return ()
        receiver = self.subject if self.forwarded_to is None else self.receiver
        business_of = self.effects.get("business_of")
        if business_of is None:
            return (receiver,)
        return (receiver, Subject(SubjectKind.ACCOUNT, business_of))
