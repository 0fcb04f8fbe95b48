"""Links of the OpenAPI document: which operation can follow an answer, and with which values.

They show readers of the document how to continue from an answer. The first element of a list
represents any other.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

_BODY: Final = "$response.body#"


class Link(NamedTuple):
    """One operation that can follow."""

    operation: str
    parameters: Mapping[str, str] = {}
    """Of the operation: a value in the answer or from the request."""
    body: str | None = None


Ways = Mapping[str, Link]
"""By name."""


def _lead(pointer: str) -> Ways:
    asked = {"lead_id": _BODY + pointer}
    return {
        "lead": Link("get_lead", asked),
        "history": Link("get_lead_history", asked),
        "replay": Link("get_lead_replay", asked),
        "score": Link("get_lead_score", asked),
    }


def _account(pointer: str) -> Ways:
    return {
        "account": Link("get_account", {"account_id": _BODY + pointer}),
        "people": Link("get_leads", {"account": _BODY + pointer}),
    }


def _refusal(pointer: str) -> Ways:
    asked = {"refusal_id": _BODY + pointer}
    return {
        "refusal": Link("get_refusal", asked),
        "retry": Link("post_refusal_retry", asked),
        "dismiss": Link("post_refusal_dismiss", asked),
    }


def _key(pointer: str) -> Ways:
    asked = {"key_id": _BODY + pointer}
    return {
        "change": Link("patch_key", asked),
        "rotate": Link("post_key_rotate", asked),
        "revoke": Link("delete_key", asked),
    }


def _webhook(pointer: str) -> Ways:
    asked = {"webhook_id": _BODY + pointer}
    return {
        "webhook": Link("get_webhook", asked),
        "change": Link("patch_webhook", asked),
        "remove": Link("delete_webhook", asked),
        "rotate": Link("post_rotate_secret", asked),
        "test": Link("post_test", asked),
        "dead_letters": Link("get_dead_letters", asked),
        "replay_all": Link("post_replay_all", asked),
    }


def _own_write(pointer: str) -> Ways:
    """Link to operations that show an event as soon as they include it."""
    asked = {"wait_for": _BODY + pointer}
    return {"funnel": Link("get_funnel", asked), "leads": Link("get_leads", asked)}


_LATER: Final = {"known_at": f"{_BODY}/as_of_position"}
"""Returns the same figures at any later time."""

LINKS: Final[Mapping[str, Mapping[int, Ways]]] = {
    "post_events": {
        201: _own_write("/position"),
        207: _refusal("/items/0/refusal"),
        404: _refusal("/refusal"),
        409: _refusal("/refusal"),
        422: _refusal("/refusal"),
    },
    "get_leads": {200: {**_lead("/leads/0/id"), **_account("/leads/0/account")}},
    "post_leads_find": {200: {**_lead("/id"), **_account("/account")}},
    "get_lead": {200: {**_lead("/id"), **_account("/account")}},
    "get_conflicts": {200: _lead("/conflicts/0/lead")},
    "get_lists": {200: {"list": Link("get_list", {"name": f"{_BODY}/lists/0/list"})}},
    "get_list": {200: _lead("/leads/0/id")},
    "get_worklist": {200: _lead("/due/0/lead")},
    "get_accounts": {200: _account("/accounts/0/id")},
    "get_account": {200: _lead("/leads/0/id")},
    "get_deadlines": {200: _lead("/deadlines/0/lead")},
    "get_funnel": {200: {"later": Link("get_funnel", _LATER)}},
    "get_flow": {
        200: {"later": Link("get_flow", {"from": f"{_BODY}/from", "to": f"{_BODY}/to", **_LATER})}
    },
    "get_contribution": {
        200: {**_lead("/business/0/lead"), "later": Link("get_contribution", _LATER)}
    },
    "post_selections": {201: {"selection": Link("get_selection", {"selection_id": f"{_BODY}/id"})}},
    "get_selections": {
        200: {"selection": Link("get_selection", {"selection_id": f"{_BODY}/selections/0/id"})}
    },
    "get_selection": {200: _lead("/leads/0/lead")},
    "get_refusals": {200: _refusal("/refusals/0/refusal")},
    "get_refusal": {200: _refusal("/refusal")},
    "post_refusals_retry": {
        200: _refusal("/items/0/refusal"),
        207: _refusal("/items/0/refusal"),
    },
    "get_lifecycle": {200: {"publish": Link("post_lifecycle", body=f"{_BODY}/text")}},
    "get_lifecycle_versions": {
        200: {"lifecycle": Link("get_lifecycle", {"version": f"{_BODY}/versions/0/version"})}
    },
    "post_lifecycle": {201: {"lifecycle": Link("get_lifecycle", {"version": f"{_BODY}/version"})}},
    "post_keys": {201: _key("/id")},
    "get_keys": {200: _key("/keys/0/id")},
    "post_key_rotate": {201: _key("/id")},
    "post_webhooks": {201: _webhook("/id")},
    "get_webhooks": {200: _webhook("/webhooks/0/id")},
    "get_webhook": {200: _webhook("/id")},
    "get_dead_letters": {
        200: {
            "replay": Link(
                "post_replay",
                {
                    "webhook_id": "$request.path.webhook_id",
                    "position": f"{_BODY}/dead_letters/0/position",
                },
            ),
        }
    },
}
"""By operation and by status of its answer."""


def describe_links(operation: str, responses: Mapping[str, dict[str, Any]]) -> None:
    """Add the links of an operation to its answers."""
    for status, ways in LINKS.get(operation, {}).items():
        responses[str(status)]["links"] = {name: _described(link) for name, link in ways.items()}


def _described(link: Link) -> dict[str, Any]:
    body = {"requestBody": link.body} if link.body is not None else {}
    return {"operationId": link.operation, "parameters": dict(link.parameters), **body}
