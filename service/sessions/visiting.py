"""The visitor of a page: a session's cookie stands for a key, and the key's rights decide.

No page accepts a key in its URL or a header, and no other route accepts the cookie.
"""

from typing import NamedTuple

from fastapi import Request

from events.signals.sender import Sender
from service.http.authentication import lacks, sees_personal
from service.http.parts import part_of
from service.keys.directory import Holder, KeyDirectory
from service.keys.scopes import Scope
from service.sessions.arrival import Arrival, TrustedProxies, arrival_of
from service.sessions.store import PageSession, SessionStore


class LogInNeeded(Exception):
    """No session, or one that has ended: log in."""


class Visitor(NamedTuple):
    """A person who is logged in."""

    name: str
    """The name of the key, or its id for those who may not see personal data, as it may be one."""
    person: str
    """The employee id, by which leads name their owners."""
    holder: Holder
    session: PageSession

    @property
    def sender(self) -> Sender:
        return self.holder.sender

    def check(self, scope: Scope) -> None:
        """Raise Problem: scope-missing."""
        if scope not in self.sender.scopes:
            raise lacks(scope)


def arrival_at(request: Request) -> Arrival:
    """Return how a request arrived. Raises Problem: https-needed."""
    return arrival_of(request.scope, request.headers, part_of(request, TrustedProxies))


async def visitor_of(request: Request) -> Visitor | None:
    """Return who is logged in, if anyone. Raises Problem: https-needed."""
    token = arrival_at(request).token(request.headers)
    session = await part_of(request, SessionStore).find(token) if token else None
    if session is None:
        return None
    # The directory knows within seconds that a key was revoked.
    holder = await part_of(request, KeyDirectory).current(session.key_id)
    if holder is None or holder.key.terms.person is None:
        return None
    name = holder.key.terms.name if sees_personal(holder.sender) else holder.key.key_id
    return Visitor(name, holder.key.terms.person, holder, session)


async def admit(request: Request, scope: Scope | None = None) -> Visitor:
    """Return who is logged in. Raises LogInNeeded, and Problem: https-needed, scope-missing."""
    visitor = await visitor_of(request)
    if visitor is None:
        raise LogInNeeded
    request.state.visitor = visitor
    if scope is not None:
        visitor.check(scope)
    return visitor
