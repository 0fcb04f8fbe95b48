"""A body for each operation that takes JSON: what `/docs` starts with when somebody tries it.

A body generated from the schema alone is filled with "string" and refused. These are accepted as
they are, except that `post_conflict` needs a lead that is set aside.
"""

from collections.abc import Mapping
from typing import Any, Final

_EVENT: Final = {
    "id": "form-8841",
    "source": "website",
    "type": "form.submitted",
    "lead": {"email": "hanako@example.co.jp"},
    "data": {"form": "whitepaper", "channel": "organic"},
}

EXAMPLES: Final[Mapping[str, Any]] = {
    "post_events": _EVENT,
    "compare_events": [_EVENT],
    "post_leads_find": {"email": "hanako@example.co.jp"},
    "post_conflict": {"decision": "retry"},
    "post_selections": {
        "team": "inside-1",
        "starts_on": "2026-11-02",
        "ends_on": "2026-11-06",
        "capacity": 5,
    },
    "post_refusals_retry": {"reason": "lead-unknown"},
    "post_refusal_dismiss": {"reason": "Sent by mistake"},
    "post_keys": {"name": "web site", "sources": ["website"]},
    "patch_key": {"events_per_second": 100},
    "post_webhooks": {"url": "https://receiver.example/leads", "types": ["lead.qualified"]},
    "patch_webhook": {"enabled": False},
}
"""By operation."""


def describe_example(name: str, operation: Mapping[str, Any]) -> None:
    """Write into the body of an operation what may be sent, if there is an example of it."""
    if name in EXAMPLES:
        operation["requestBody"]["content"]["application/json"]["example"] = EXAMPLES[name]
