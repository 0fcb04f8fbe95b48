"""The service as its worker runs it, but that it bears to be asked everything.

    python -m tests.interface.examined_worker SOCKET_FD READY_FD PARENT_PID

The administrator's key cannot be ended: whoever follows every answer soon ends the key that asks,
and learns nothing more. What cannot be delivered to a webhook is given up at the first attempt, so
that there are dead letters to ask for.
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
    """Let one of the ways to end a key find none where it is the administrator's."""

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
