"""The service as its worker runs it, but able to withstand every request.

    python -m tests.interface.examined_worker SOCKET_FD READY_FD PARENT_PID

The administrator key cannot be revoked: a client that follows every link soon revokes its own key,
and then learns nothing more. Webhook deliveries become dead letters after the first failed attempt,
so that there are dead letters to request.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import URL

from service.app import app_from_environment
from service.composition.whole import open_parts
from service.hosting import worker
from service.http.parts import Parts
from service.ingest.reporting import Reporting
from service.keys.bootstrap import ADMINISTRATOR
from service.keys.store import KeyStore
from service.projected import ProjectedTables
from service.settings import Settings
from service.webhooks.retry_schedule import RetrySchedule


class SparingKeyStore(KeyStore):
    """Finds no key to change or end if it is the administrator's."""

    async def change(self, key_id: str, *arguments: Any, **named: Any) -> Any:
        if await self._spares(key_id):
            return None
        return await super().change(key_id, *arguments, **named)

    async def rotate(self, key_id: str, *arguments: Any, **named: Any) -> Any:
        if await self._spares(key_id):
            return None
        return await super().rotate(key_id, *arguments, **named)

    async def revoke(self, key_id: str, *arguments: Any, **named: Any) -> Any:
        if await self._spares(key_id):
            return None
        return await super().revoke(key_id, *arguments, **named)

    async def _spares(self, key_id: str) -> bool:
        found = await self.find([key_id])
        return any(stored.terms.name == ADMINISTRATOR.name for stored in found)


@asynccontextmanager
async def open_examined(settings: Settings, url: URL) -> AsyncIterator[Parts]:
    async with open_parts(settings, url, schedule=RetrySchedule(attempts_max=1)) as parts:
        engine, seals = parts[ProjectedTables].engine, parts[Reporting].digests.seals
        parts[KeyStore] = SparingKeyStore(engine, settings.schema_name, seals)
        yield parts


if __name__ == "__main__":
    worker.main(lambda _: app_from_environment(open_examined))
