"""The settings of the private server: one table, passed on its command line.

The command line takes precedence over every configuration file and ALTER SYSTEM. So these settings
are in force, and nothing on disk can deviate from them.
"""

from collections.abc import Mapping
from pathlib import Path

PORT = 5432
"""Only part of the socket's name: nothing listens on the network."""

SETTINGS: Mapping[str, str] = {
    # A Unix socket only, closed to all other users.
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    # What has been answered is on disk. These are the defaults; a promise is worth stating twice.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    # Memory for the working set of a ledger, and few checkpoints under load.
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    # In small steps: at the default pace, vacuuming what half a million leads leave behind takes up
    # the disk of a small machine for ten seconds, and all commits wait.
    "autovacuum_vacuum_cost_delay": "10ms",
    "max_connections": "100",
    # Our statements are short and prepared: compiling them costs more than running them.
    "jit": "off",
    # Times are UTC everywhere.
    "timezone": "UTC",
    "log_timezone": "UTC",
    # To standard error, which goes to a file that `bound_log` keeps short.
    "log_destination": "stderr",
    "logging_collector": "off",
    # Payloads are personal data, and errors quote them: "Key (…)=(…)", "Failing row contains (…)",
    # the statement itself. So errors go to the client that caused them, and the log gets only
    # messages about the server itself, without details.
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    # The prefix of every process title.
    "cluster_name": "leadledger",
}


def arguments(
    *, cluster: Path, socket_directory: Path, extra_settings: Mapping[str, str]
) -> list[str]:
    """Return the server's command line; extra settings take precedence."""
    effective = {
        **SETTINGS,
        "unix_socket_directories": str(socket_directory),
        **extra_settings,
    }
    options = [f"--{name}={value}" for name, value in effective.items()]
    return ["-D", str(cluster), *options]
