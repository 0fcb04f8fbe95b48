"""What the log holds of keys: what each may do and who let it, never its name nor its secret.

A name is for people, and may be somebody's own.
"""

from functools import partial
from typing import Any

from domain.lifecycle.service_events import KEY_CHANGED, KEY_CREATED, KEY_REVOKED
from events.append.locked import LockedLedger, Told
from events.records import key_event_id
from events.verification.key_audit import terms_told
from service.keys.terms import StoredKey


def tell_created(
    ledger: LockedLedger, key: StoredKey, *, by: str | None, replaces: StoredKey | None = None
) -> None:
    """Tell of a new key, and of the end that a key which it replaces gets by it."""
    data = recorded_terms(key)
    if replaces is None:
        _tell(ledger, key, Told(KEY_CREATED, data), by=by)
        return
    created = Told(KEY_CREATED, {**data, "replaces": replaces.key_id})
    _tell(ledger, key, created, Told(KEY_CHANGED, recorded_terms(replaces)), by=by)


def tell_changed(ledger: LockedLedger, key: StoredKey, *, by: str | None) -> None:
    """Tell of the terms that a key has now. Where only its name is new they are the same."""
    _tell(ledger, key, Told(KEY_CHANGED, recorded_terms(key)), by=by)


def tell_revoked(ledger: LockedLedger, key: StoredKey, *, by: str | None) -> None:
    _tell(ledger, key, Told(KEY_REVOKED, {"key": key.key_id}), by=by)


def recorded_terms(key: StoredKey) -> dict[str, Any]:
    """Write what the log holds of a key as it is stored."""
    terms = key.terms
    return terms_told(
        key_id=key.key_id,
        secret_digest=key.secret_digest,
        scopes=terms.scopes,
        sources=terms.sources,
        department=terms.department,
        origins=terms.origins,
        events_per_second=terms.events_per_second,
        expires_at=terms.expires_at,
        is_founder=key.is_founder,
    )


def _tell(ledger: LockedLedger, key: StoredKey, *told: Told, by: str | None) -> None:
    ledger.tell(*told, name=partial(key_event_id, key.key_id), by=by)
