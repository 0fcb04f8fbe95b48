"""The service as its worker runs it, but able to withstand every request.

    python -m tests.interface.examined_worker SOCKET_FD READY_FD PARENT_PID

The administrator key cannot be revoked: a client that follows every link soon revokes its own key,
and then learns nothing more. Webhook deliveries become dead letters after the first failed attempt,
so that there are dead letters to request.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from service.hosting import worker
from service.keys.bootstrap import ADMINISTRATOR
from service.keys.store import KeyStore
from service.webhooks import dispatcher
from service.webhooks.retry_schedule import RetrySchedule


def sparing(ending: Callable[..., Any]) -> Callable[..., Any]:
    """Make one of the ways to end a key find no key if it is the administrator's."""

    async def spare(self: KeyStore, key_id: str, *arguments: Any, **named: Any) -> Any:
        for stored in await self.find([key_id]):
            if stored.terms.name == ADMINISTRATOR.name:
                return None
        return await ending(self, key_id, *arguments, **named)

    return spare


if __name__ == "__main__":
    with ExitStack() as changes:
        for verb in ("change", "rotate", "revoke"):
            changes.enter_context(patch.object(KeyStore, verb, sparing(getattr(KeyStore, verb))))
        changes.enter_context(
            patch.object(dispatcher, "RetrySchedule", lambda: RetrySchedule(attempts_max=1))
        )
        worker.main()
