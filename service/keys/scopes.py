"""What a key may do. A key has the scopes that it was given, and nothing follows from another."""

from enum import StrEnum


class Scope(StrEnum):
    """The names of the rights, as they stand in keys, answers and documents."""

    EVENTS_WRITE = "events:write"
    DECISIONS_WRITE = "decisions:write"
    LEDGER_ADMIN = "ledger:admin"
    EVENTS_READ = "events:read"
    LEADS_READ = "leads:read"
    PERSONAL_READ = "personal:read"
    PROJECTIONS_READ = "projections:read"
    SELECTIONS_WRITE = "selections:write"
    REFUSALS_WRITE = "refusals:write"
    KEYS_ADMIN = "keys:admin"
    WEBHOOKS_ADMIN = "webhooks:admin"
    """Whoever has it can have every event sent to a place of their own: it includes reading."""


DEFAULT_SCOPES = (Scope.EVENTS_WRITE,)
"""A new key may report facts and nothing else."""

REPORTING = frozenset({Scope.EVENTS_WRITE, Scope.DECISIONS_WRITE, Scope.LEDGER_ADMIN})
"""Any of these opens the door for events; each event's type then asks for its own."""
