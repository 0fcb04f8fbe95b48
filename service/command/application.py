"""Put the commands together, and turn what can go wrong into a sentence and an exit code.

A command's module is imported when the command is called, and nothing here imports what only the
service needs: a command that asks for one table must not first load a web server and a database.
"""

import importlib
import sys
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from service.command.exits import CommandFailed, Exit, explain_exits
from service.command.printing import complain


class Command(NamedTuple):
    """Where a command is, as module:name, and what the list of commands says of it."""

    place: str
    summary: str


COMMANDS = {
    "serve": Command("serve:serve_command", "Run the service until Ctrl-C or SIGTERM."),
    "migrate": Command("migrate:migrate", "Bring the database to this version."),
    "import": Command("import_table:import_table", "Turn the rows of a table into events."),
    "simulate": Command(
        "simulate:simulate", "Send the reports of an invented market to a running service."
    ),
    "funnel": Command("funnel:funnel", "Show the funnel, for now or any past moment."),
    "deadlines": Command("deadlines:deadlines", "Show deadlines, the first due first."),
    "history": Command("history:history", "Show what happened to a lead, and why."),
    "replay": Command("replay:replay", "Replay a lead: its state after each event."),
    "score": Command("score:score", "Explain a lead's score, point by point."),
    "select": Command("select:select", "Qualify the best candidates."),
    "verify": Command("verify:verify", "Check that nobody changed the past."),
    "rebuild": Command("rebuild:rebuild_projection", "Build a projection again from the log."),
    "lifecycle": Command(
        "lifecycle:lifecycle_commands",
        "Check, draw, compare and publish definitions of the funnel.",
    ),
    "key": Command("key:key_commands", "Make, list, rotate and revoke API keys."),
    "refusals": Command(
        "refusals:refusals_commands",
        "See what was refused, and try it again once the cause is mended.",
    ),
    "webhook": Command(
        "webhook:webhook_commands", "Have events sent to other systems as they happen."
    ),
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
    "events.database.failures.NotMigrated": Exit.DATABASE_UNAVAILABLE,
    "service.private_postgres.errors.PrivatePostgresError": Exit.DATABASE_UNAVAILABLE,
    "service.hosting.failures.WorkersFailed": Exit.UNEXPECTED,
    "domain.lifecycle.text.complaints.LifecycleInvalid": Exit.INVALID_FILE,
    "service.command.importing.tables.opening.TableInvalid": Exit.INVALID_FILE,
    "service.command.importing.refused.RefusedFileUnwritable": Exit.INVALID_FILE,
}
"""Errors that the user can act on; any other is a defect of ours, with its trace.

By name: an error that has been raised is of a module that has been imported, and the other modules
need not be.
"""


class LazyCommand(TyperCommand):
    """A command known by its summary until it is called; a class because Typer asks for one."""

    def __init__(self, name: str, command: Command) -> None:
        super().__init__(name, short_help=command.summary)
        self._place = command.place

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Hand over to the command itself, before anything of the command line is parsed."""
        module, _, name = self._place.partition(":")
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
    """Return the exit code of the nearest kind of error that has one; None for a defect."""
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__)
    return next((EXIT_OF[name] for name in names if name in EXIT_OF), None)
