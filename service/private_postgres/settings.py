"""Say how the private server runs: one table, given to it on its command line.

The command line stands above every configuration file and ALTER SYSTEM, so that what stands here
is what runs, and nothing on disk can drift from it.
"""

from collections.abc import Mapping
from pathlib import Path

PORT = 5432
"""Names the socket only: nothing listens on the network."""

SETTINGS: Mapping[str, str] = {
    # A Unix socket only, and closed to everyone else.
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    # What is answered is on disk. These are the defaults; a promise is worth saying twice.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    # Room for the working set of a ledger, and few checkpoints under load.
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    # In small bites: at its usual pace a vacuum of what half a million leads leave behind takes the
    # disk of a small machine for ten seconds, and everybody's commits wait.
    "autovacuum_vacuum_cost_delay": "10ms",
    "max_connections": "100",
    # Our statements are short and prepared: compiling them costs more than running them.
    "jit": "off",
    # Times are UTC everywhere.
    "timezone": "UTC",
    "log_timezone": "UTC",
    # To standard error, which is a file that server_log bounds.
    "log_destination": "stderr",
    "logging_collector": "off",
    # Payloads are personal data, and errors quote them: "Key (…)=(…)", "Failing row contains (…)",
    # the statement itself. So errors go to the client, who caused them, and only what the server
    # has to say about itself goes into the log, without details.
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    # What stands in front of every process title.
    "cluster_name": "leadledger",
}


def arguments(
    *, cluster: Path, socket_directory: Path, extra_settings: Mapping[str, str]
) -> list[str]:
    """Return the server's command line; what is extra wins."""
    effective = {
        **SETTINGS,
        "unix_socket_directories": str(socket_directory),
        **extra_settings,
    }
    options = [f"--{name}={value}" for name, value in effective.items()]
    return ["-D", str(cluster), *options]
