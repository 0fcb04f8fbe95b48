"""Run a PostgreSQL of our own, so that the service needs nothing but a data directory.

    with PrivatePostgres(Path("data")) as postgres:
        engine = create_async_engine(postgres.app_url)

The server is a direct child of this process and never outlives it: Linux signals it when we die,
for whatever reason. It listens only on a Unix socket, in a directory that no one else may enter,
and asks every role for its password. Two roles exist: `leadledger_owner` owns the database and
migrates it, and `leadledger_app` serves. No superuser can connect at all.
"""

from service.private_postgres.attached import Attached, attach, cluster_behind
from service.private_postgres.binaries import Binaries
from service.private_postgres.errors import (
    BinariesNotFoundError,
    DataDirectoryInUseError,
    DataDirectoryUnusableError,
    InitialisationError,
    NotRunningError,
    PrivatePostgresError,
    StartError,
)
from service.private_postgres.supervisor import PrivatePostgres

__all__ = [
    "Attached",
    "Binaries",
    "BinariesNotFoundError",
    "DataDirectoryInUseError",
    "DataDirectoryUnusableError",
    "InitialisationError",
    "NotRunningError",
    "PrivatePostgres",
    "PrivatePostgresError",
    "StartError",
    "attach",
    "cluster_behind",
]
