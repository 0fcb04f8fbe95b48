"""Assemble the commands, and turn errors into a sentence and an exit code.

A command's module is imported when the command is called, and nothing here imports what only the
service needs: a command that fetches one table must not first load a web server and a database.
"""

import importlib
import sys
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from service.command.exits import CommandFailed, Exit, explain_exits
from service.command.printing import complain


class Command(NamedTuple):
    """Where a command is, as module:name, and its line in the list of commands."""

    target: str
    summary: str


COMMANDS = {
    "serve": Command("serve:serve_command", "Run the service until Ctrl-C or SIGTERM."),
    "migrate": Command("migrate:migrate", "Migrate the database to this version."),
    "ledger": Command(
        "ledgers:ledger_commands",
        "Create another ledger in the same database, and list all of them.",
    ),
    "import": Command("import_table:import_table", "Turn the rows of a table into events."),
    "simulate": Command(
        "simulate:simulate", "Send a simulated market's reports to a running service."
    ),
    "funnel": Command("funnel:funnel", "Show the funnel, for now or any past moment."),
    "figure": Command("figure:figure", "Read any figure, with a bar for each row."),
    "compare": Command(
        "compare:compare",
        "Compare a number of a figure in two readings: which leads count in only one, and why.",
    ),
    "deadlines": Command("deadlines:deadlines", "Show deadlines, earliest due first."),
    "history": Command("history:history", "Show what happened to a lead, and why."),
    "replay": Command("replay:replay", "Replay a lead: show its state after each event."),
    "score": Command("score:score", "Explain a lead's score, point by point."),
    "select": Command("select:select", "Qualify the best candidates."),
    "verify": Command("verify:verify", "Check that the past has not been changed."),
    "rebuild": Command("rebuild:rebuild_projection", "Rebuild a projection from the log."),
    "lifecycle": Command(
        "lifecycle:lifecycle_commands",
        "Check, draw, compare and publish lifecycles.",
    ),
    "key": Command("key:key_commands", "Create, list, rotate and revoke API keys."),
    "refusals": Command(
        "refusals:refusals_commands",
        "List what was refused, and retry it once the cause is fixed.",
    ),
    "intake": Command(
        "intake:intake", "Show how much came in from each source, and what became of it."
    ),
    "webhook": Command("webhook:webhook_commands", "Send events to other systems as they happen."),
}

EXIT_OF = {
    "service.settings.SettingsInvalid": Exit.SETTINGS,
    "service.hosting.failures.SecretMissing": Exit.SETTINGS,
    "events.database.failures.SecretDiffers": Exit.SETTINGS,
    "events.signals.digests.SecretTooShort": Exit.SETTINGS,
    "service.private_files.FileExposed": Exit.SETTINGS,
    "service.keys.bootstrap.BootstrapKeyMalformed": Exit.SETTINGS,
    "events.lifecycles.shipped.LifecycleNotFound": Exit.SETTINGS,
    "service.hosting.failures.AddressUnusable": Exit.SETTINGS,
    "service.hosting.failures.AddressInUse": Exit.IN_USE,
    "service.private_postgres.errors.DataDirectoryInUseError": Exit.IN_USE,
    "service.hosting.failures.DatabaseUnavailable": Exit.DATABASE_UNAVAILABLE,
    "events.database.failures.LedgerUnavailable": Exit.DATABASE_UNAVAILABLE,
    "events.database.failures.NotMigrated": Exit.DATABASE_UNAVAILABLE,
    "events.database.failures.FormatUnknown": Exit.OTHER_FORMAT,
    "migrations.bi.BiUnavailable": Exit.DATABASE_UNAVAILABLE,
    "service.private_postgres.errors.PrivatePostgresError": Exit.DATABASE_UNAVAILABLE,
    "service.hosting.failures.WorkersFailed": Exit.UNEXPECTED,
    "domain.lifecycle.text.complaints.LifecycleInvalid": Exit.INVALID_FILE,
    "service.command.importing.opening.TableInvalid": Exit.INVALID_FILE,
    "service.command.importing.refused.RefusedFileUnwritable": Exit.INVALID_FILE,
}
"""Errors that the user can act on; any other is a bug and keeps its traceback.

By name, so that modules need not be imported here: the module of a raised error already is.
"""


class LazyCommand(TyperCommand):
    """A command with only its summary until it is called. A class, because Typer requires one."""

    def __init__(self, name: str, command: Command) -> None:
        super().__init__(name, short_help=command.summary)
        self._target = command.target

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Hand over to the real command before the command line is parsed."""
        module, _, name = self._target.partition(":")
        found = getattr(importlib.import_module(f"service.command.{module}"), name)
        if not isinstance(found, typer.Typer):
            single = typer.Typer(add_completion=False, rich_markup_mode=None)
            single.command(self.name)(found)
            found = single
        return typer.main.get_command(found).make_context(*arguments, **options)


application = TyperGroup(
    name="leadledger",
    help="Keep the true history of every B2B lead.",
    epilog=f"Exit codes:\n\n\b\n{explain_exits()}",
    commands={name: LazyCommand(name, command) for name, command in COMMANDS.items()},
    no_args_is_help=True,
    rich_markup_mode=None,
)


def main() -> None:
    """Run the command line."""
    try:
        application()
    except CommandFailed as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except Exception as error:
        code = exit_of(error)
        if code is None:
            raise
        complain(str(error))
        sys.exit(code)


def exit_of(error: Exception) -> Exit | None:
    """Return the exit code of the closest error class that has one; None for a bug."""
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__)
    return next((EXIT_OF[name] for name in names if name in EXIT_OF), None)
