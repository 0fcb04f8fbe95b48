"""Name every exit code once: scripts depend on them."""

from enum import IntEnum


class Exit(IntEnum):
    """How the command ended; the meanings are in its help."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    SETTINGS = 3
    DATABASE_UNAVAILABLE = 4
    IN_USE = 5
    REFUSED_ROWS = 6
    FOUND_WRONG = 7
    SERVICE_UNAVAILABLE = 8
    ANSWERED_NO = 9
    INVALID_FILE = 10
    NOT_CHECKED = 11
    OTHER_FORMAT = 12
    INTERRUPTED = 130

    @property
    def meaning(self) -> str:
        return _MEANINGS[self]


_MEANINGS = {
    Exit.OK: "done",
    Exit.UNEXPECTED: "a bug in leadledger; the traceback shows where",
    Exit.USAGE: "the command line is invalid",
    Exit.SETTINGS: "a setting, the key or the secret is missing or wrong",
    Exit.DATABASE_UNAVAILABLE: "the database is unreachable, too old or not migrated",
    Exit.IN_USE: "the port or the data directory is in use by another process",
    Exit.REFUSED_ROWS: "import, refusals retry: everything was sent, some of it was refused",
    Exit.FOUND_WRONG: "verify or rebuild: differences were found",
    Exit.SERVICE_UNAVAILABLE: "the service does not answer, or is temporarily unavailable",
    Exit.ANSWERED_NO: "the service refused the request",
    Exit.INVALID_FILE: "a mapping, a table or a lifecycle is not valid",
    Exit.NOT_CHECKED: "verify: nothing differs, but not everything could be checked",
    Exit.OTHER_FORMAT: "the ledger has a format that this version does not read",
    Exit.INTERRUPTED: "stopped by Ctrl-C",
}


def explain_exits() -> str:
    """Return the codes as a paragraph for help texts."""
    return "\n".join(f"{code.value:>5}  {code.meaning}" for code in Exit)


class CommandFailed(Exception):
    """The command cannot continue; the message says why and what to do next."""

    def __init__(self, exit_code: Exit, message: str) -> None:
        super().__init__(message)
        self.exit_code = exit_code
