"""What the log records about keys: what each may do and who allowed it; never name or secret.

A name is for people, and may be a person's.
"""

from functools import partial
from typing import Any

from domain.lifecycle.service_events import KEY_CHANGED, KEY_CREATED, KEY_REVOKED
from events.append.locked import LedgerEvent, LockedLedger
from events.records import key_event_id
from events.verification.key_audit import terms_of_key
from service.keys.terms import StoredKey


def record_created(
    ledger: LockedLedger, key: StoredKey, *, by: str | None, replaces: StoredKey | None = None
) -> None:
    """Record a new key, and the end that a key replaced by it gets."""
    data = recorded_terms(key)
    if replaces is None:
        _record(ledger, key, LedgerEvent(KEY_CREATED, data), by=by)
        return
    created = LedgerEvent(KEY_CREATED, {**data, "replaces": replaces.key_id})
    _record(ledger, key, created, LedgerEvent(KEY_CHANGED, recorded_terms(replaces)), by=by)


def record_changed(ledger: LockedLedger, key: StoredKey, *, by: str | None) -> None:
    """Record the current terms of a key. If only its name changed they are the same."""
    _record(ledger, key, LedgerEvent(KEY_CHANGED, recorded_terms(key)), by=by)


def record_revoked(ledger: LockedLedger, key: StoredKey, *, by: str | None) -> None:
    _record(ledger, key, LedgerEvent(KEY_REVOKED, {"key": key.key_id}), by=by)


def recorded_terms(key: StoredKey) -> dict[str, Any]:
    """Build what the log records of a stored key."""
    terms = key.terms
    return terms_of_key(
        key_id=key.key_id,
        secret_digest=key.secret_digest,
        scopes=terms.scopes,
        sources=terms.sources,
        department=terms.department,
        origins=terms.origins,
        events_per_second=terms.events_per_second,
        expires_at=terms.expires_at,
        is_founder=key.is_founder,
        is_person=terms.person is not None,
    )


def _record(ledger: LockedLedger, key: StoredKey, *events: LedgerEvent, by: str | None) -> None:
    ledger.record(*events, name=partial(key_event_id, key.key_id), by=by)
