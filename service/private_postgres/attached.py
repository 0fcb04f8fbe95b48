"""Use a server that another process supervises: for a command next to a running service."""

from pathlib import Path
from typing import NamedTuple

from sqlalchemy import URL

from service.private_postgres.layout import Layout
from service.private_postgres.postmaster import accepting_postmaster
from service.private_postgres.supervisor import APP_ROLE, OWNER_ROLE, connection_url


class Attached(NamedTuple):
    """How the two roles connect; printing them hides the passwords."""

    owner_url: URL
    app_url: URL


def attach(data_dir: Path) -> Attached | None:
    """Return the URLs of the server running on a data directory; None if none accepts connections.

    Nothing is started and nothing is locked. The server ends with the service that runs it,
    whatever a command is doing at that time.
    """
    layout = Layout(data_dir.resolve())
    if accepting_postmaster(layout.cluster) is None:
        return None
    sockets = _sockets_of(layout)
    return Attached(
        connection_url(OWNER_ROLE, layout.owner_password, sockets),
        connection_url(APP_ROLE, layout.app_password, sockets),
    )


def cluster_behind(url: URL, data_dir: Path) -> Path | None:
    """Return the cluster of a URL's server; None if it is not in this data directory."""
    layout = Layout(data_dir.resolve())
    is_ours = layout.cluster.exists() and url.query.get("host") == str(_sockets_of(layout))
    return layout.cluster if is_ours else None


def _sockets_of(layout: Layout) -> Path:
    noted = layout.socket_directory_note
    return Path(noted.read_text(encoding="utf-8")) if noted.exists() else layout.socket_directory
