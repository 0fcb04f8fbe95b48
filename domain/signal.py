"""The signal: what an external system reported, parsed, before any decision."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from domain.event import NOTHING
from domain.lifecycle.definition import EventType, SubjectKind

ANONYMOUS_ID = "anonymous_id"
"""The only weak kind of identifier: a cookie names a browser, never a person."""


REFERENCES = frozenset({"opportunity", "order"})
"""Kinds of identifiers that lead to a lead without naming a person."""


class Identifier(NamedTuple):
    """A keyed digest of something that names a lead or an account, never the plain value."""

    kind: str
    digest: bytes

    @property
    def is_strong(self) -> bool:
        return self.kind != ANONYMOUS_ID


class Ignored(NamedTuple):
    """A value that was given as an identifier but identifies no person."""

    kind: str
    """Of identifier: `email`, `phone`, `user_id`, or the name of an external system."""
    reason: str
    """`placeholder`, `malformed`, `role_mailbox`, `switchboard`, `free_mail`, `public_suffix` or
    `shared`."""

    @property
    def text(self) -> str:
        """Return kind and reason as one key for counting."""
        return f"{self.kind}: {self.reason}"


class Signal(NamedTuple):
    """One report, already valid in form: declared type, declared fields, UTC times.

    Every report has the first fields; of the others it has those that it states.
    """

    source: str
    id: str
    type: EventType
    subject: SubjectKind
    occurred_at: datetime
    """When it happened: corrected for clock skew, never later than receipt."""
    data: Mapping[str, Any]
    """The declared fields: nothing personal."""
    claimed_at: datetime | None = None
    """The sender's time, if it differs."""
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
    """The same under the keys of sources that share numbers with it: looked up, never linked."""
    account_id: str | None = None
    account_identifiers: tuple[Identifier, ...] = ()
    account_name: tuple[Identifier, ...] = ()
    """The company's name, under two kinds: one for companies known only by name, one for those
    also known by something else. Only the first is ever used to find a company."""
    names_account: bool = False
    """Whether the account was named explicitly, and not derived from a mail address."""
    recorded_by_name: bool = False
    """For a report that is decided again: whether it named its company by the name alone."""
    attributes: Mapping[str, Any] = NOTHING
    """What the rules need to know about the person, derived at intake: nothing personal."""
    mail_domain: str | None = None
    """The domain of the person's address, unless it is a mail provider's. Not recorded: the version
    that decides knows which of its word lists the domain is in, and only that is."""
    personal: bytes | None = None
    """Everything else, as bytes that are stored separately from the record."""
    actor: str | None = None
    """Who did it, as claimed: a person too, so stored separately from both."""
    holds_personal_data: bool = False
    """Whether it identifies a person; a cookie alone does not."""
    ignored: tuple[Ignored, ...] = ()
    """Values given as identifiers that identify no person, for the response to name."""
    fingerprint: bytes = b""
    """Of its content; a signal that cannot be sent a second time needs none."""
    cause: int | None = None
    """Position of the causing event, if the service itself reports this one."""
    timer: str | None = None
    """Name of the timer whose firing this is."""
    may_administer: bool = False
    """Whether the reporting key may take back what other sources reported."""

    @property
    def names_company_only(self) -> bool:
        """Whether nothing but its name says which company it is about."""
        if self.account_id is not None or self.account_identifiers:
            return False
        return self.recorded_by_name or bool(self.account_name)
