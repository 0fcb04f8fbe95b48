"""What a key may do. A key has the scopes that it was given; no scope implies another."""

from enum import StrEnum


class Scope(StrEnum):
    """The names of the rights, as written in keys, responses and documents."""

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
    """Includes reading: its holder can have every event sent to an address of their own."""


DEFAULT_SCOPES = (Scope.EVENTS_WRITE,)
"""A new key may report facts and nothing else."""

REPORTING = frozenset({Scope.EVENTS_WRITE, Scope.DECISIONS_WRITE, Scope.LEDGER_ADMIN})
"""Any of these admits a key to reporting; each event's type then requires its own."""
