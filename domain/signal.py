"""The signal: what an outside system reported, parsed, before anything is decided."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from domain.event import NOTHING
from domain.lifecycle.definition import EventType, SubjectKind

ANONYMOUS_ID = "anonymous_id"
"""The one weak kind of identifier: a cookie names a browser, never a person."""


REFERENCES = frozenset({"opportunity", "order"})
"""Kinds of identifiers that lead to a lead without naming a person."""


class Identifier(NamedTuple):
    """A keyed digest of something that names a lead or an account, never the thing itself."""

    kind: str
    digest: bytes

    @property
    def is_strong(self) -> bool:
        return self.kind != ANONYMOUS_ID


class Ignored(NamedTuple):
    """Something that was given as an identifier and identifies nobody."""

    kind: str
    """Of identifier: `email`, `phone`, `user_id`, the name of an outside system."""
    reason: str
    """`placeholder`, `malformed`, `role_mailbox`, `switchboard`, `free_mail`, `public_suffix` or
    `shared`."""

    @property
    def text(self) -> str:
        """Say both at once, to be counted by."""
        return f"{self.kind}: {self.reason}"


class Signal(NamedTuple):
    """One report, already valid in form: declared type, declared fields, UTC times.

    The first fields every report has; of the others each report has those that it tells.
    """

    source: str
    id: str
    type: EventType
    subject: SubjectKind
    occurred_at: datetime
    """When it happened: skew taken out, never later than receipt."""
    data: Mapping[str, Any]
    """The declared fields: nothing personal."""
    claimed_at: datetime | None = None
    """What the sender said, where that differs."""
    key_id: str = ""
    """The key that reported it; the service's own reports have none."""
    department: str | None = None
    """The department of that key."""
    lead_id: str | None = None
    """The lead, addressed by the ledger's own id."""
    identifiers: tuple[Identifier, ...] = ()
    references: tuple[Identifier, ...] = ()
    """Keys of the deal and the order: they lead to a lead, but do not name a person."""
    shared_references: tuple[Identifier, ...] = ()
    """The same by the keys of sources that share numbers with this one: looked up, never linked."""
    account_id: str | None = None
    account_identifiers: tuple[Identifier, ...] = ()
    account_name: tuple[Identifier, ...] = ()
    """What the company is called, under two kinds: one for companies known by nothing else, one
    for those that are known by more. Only the first ever finds a company."""
    names_account: bool = False
    """Whether the account was named outright; one that only a mail address tells never takes a
    lead from the account that it belongs to."""
    attributes: Mapping[str, Any] = NOTHING
    """What the rules need of the person, derived at intake: nothing personal."""
    personal: bytes | None = None
    """Everything else, as bytes that are stored apart from the record."""
    holds_personal_data: bool = False
    """Whether it tells who somebody is; a cookie alone does not."""
    ignored: tuple[Ignored, ...] = ()
    """What it gave as identifiers that identify nobody, for the answer to name."""
    fingerprint: bytes = b""
    """Of its content; what nobody can send a second time needs none."""
    cause: int | None = None
    """Position of the event that this one follows from, where the service itself reports it."""
    timer: str | None = None
    """Name of the timer that it is the firing of."""
    may_administer: bool = False
    """Whether who reports it may take back what other sources reported."""
