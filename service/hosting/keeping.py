"""Keep a database and the workers on it running until the service is stopped."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import structlog
from sqlalchemy import URL

from service.hosting.database import find_ledger, open_database
from service.hosting.limits import KEEP_EVERY_S, WATCH_END_WAIT_S, WATCH_EVERY_S
from service.hosting.preparing import Prepared, prepare
from service.hosting.workers import Workers
from service.ledgers.following import following
from service.private_postgres import PrivatePostgres, PrivatePostgresError
from service.settings import PREFIX, Settings

_PARENTS_ALONE = frozenset({"owner_url", "bootstrap_key", "workers", "host", "port"})
"""Settings that workers do not need, above all the owner's password."""

log = structlog.get_logger()


def keep_serving(
    settings: Settings,
    workers: Workers,
    *,
    on_prepared: Callable[[Prepared], None],
    on_ready: Callable[[], None],
) -> None:
    """Open and prepare the database, let the workers serve it, and replace those that die."""
    with open_database(settings, may_attach=False) as database:
        on_prepared(asyncio.run(prepare(settings, database)))
        node = asyncio.run(find_ledger(settings, database))
        with (
            watched(database.private),
            workers.serving(variables_of(settings, node or database.app_url)),
            following(
                settings,
                database.app_url,
                at=node,
                on_move=lambda url: workers.renew(variables_of(settings, url)),
            ),
        ):
            workers.await_ready()
            on_ready()
            while True:
                time.sleep(KEEP_EVERY_S)
                workers.keep()


def variables_of(settings: Settings, url: URL) -> Mapping[str, str]:
    """Return the variables that give a worker these settings and this database."""
    shared = settings.model_dump(exclude=set(_PARENTS_ALONE), by_alias=True, exclude_none=True)
    variables = {
        f"{PREFIX}{name.upper()}": (
            value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
        )
        for name, value in shared.items()
    }
    return {**variables, f"{PREFIX}DATABASE_URL": url.render_as_string(hide_password=False)}


@contextmanager
def watched(postgres: PrivatePostgres | None) -> Iterator[None]:
    """Restart a private server whenever it dies; in a thread, because recovery takes time."""
    if postgres is None:
        yield
        return
    is_over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(postgres, is_over), name="postgres-watch")
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        watcher.join(WATCH_END_WAIT_S)


def _watch(postgres: PrivatePostgres, is_over: threading.Event) -> None:
    while not is_over.wait(WATCH_EVERY_S):
        try:
            if postgres.ensure_running():
                log.warning("postgres.restarted", pid=postgres.pid)
        except PrivatePostgresError as error:
            # It is retried: space may be freed on a full disk, and until then the workers answer
            # 503.
            log.exception("postgres.not_restarted", reason=str(error))
        except Exception:
            # If this thread ended, nothing would restart the server.
            log.exception("postgres.not_watched")
