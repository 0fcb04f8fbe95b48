"""A key as people and programs see it: all of it except its secret."""

from domain.times import format_optional_utc, format_utc
from service.keys.terms import StoredKey
from service.shapes.administration import ApiKey


def describe_key(key: StoredKey, *, shows_name: bool = True) -> ApiKey:
    """Describe a key for a response or for the command. Its name may be a person's."""
    terms = key.terms
    return {
        "id": key.key_id,
        "name": terms.name if shows_name else None,
        "sources": list(terms.sources),
        "department": terms.department,
        "holder": "system" if terms.person is None else "person",
        "person": terms.person if shows_name else None,
        "scopes": [str(scope) for scope in terms.scopes],
        "origins": list(terms.origins),
        "events_per_second": terms.events_per_second,
        "created_at": format_utc(key.created_at),
        "expires_at": format_optional_utc(terms.expires_at),
        "revoked_at": format_optional_utc(key.revoked_at),
        "founder": key.is_founder,
    }
