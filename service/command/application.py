"""Put the commands together, and turn what can go wrong into a sentence and an exit code."""

import sys

import typer

from domain.lifecycle.complaints import LifecycleInvalid
from events.digests import SecretTooShort
from events.failures import NotMigrated, SecretDiffers
from events.shipped import LifecycleNotFound
from service.command.deadlines import deadlines
from service.command.exits import CommandFailed, Exit, explain_exits
from service.command.funnel import funnel
from service.command.history import history
from service.command.import_table import import_table
from service.command.importing.refused_file import RefusedFileUnwritable
from service.command.importing.table import TableInvalid
from service.command.key import key_commands
from service.command.lifecycle import lifecycle_commands
from service.command.migrate import migrate
from service.command.printing import complain
from service.command.rebuild import rebuild_projection
from service.command.refusals import refusals_commands
from service.command.replay import replay
from service.command.score import score
from service.command.select import select
from service.command.serve import explain_settings, serve
from service.command.simulate import simulate
from service.command.verify import verify
from service.command.webhook import webhook_commands
from service.hosting.failures import (
    AddressInUse,
    AddressUnusable,
    DatabaseUnavailable,
    SecretMissing,
    WorkersFailed,
)
from service.keys.bootstrap import BootstrapKeyMalformed
from service.private_files import SecretExposed
from service.private_postgres import DataDirectoryInUseError, PrivatePostgresError
from service.settings import SettingsInvalid

EXIT_OF: dict[type[Exception], Exit] = {
    SettingsInvalid: Exit.SETTINGS,
    SecretMissing: Exit.SETTINGS,
    SecretDiffers: Exit.SETTINGS,
    SecretTooShort: Exit.SETTINGS,
    SecretExposed: Exit.SETTINGS,
    BootstrapKeyMalformed: Exit.SETTINGS,
    LifecycleNotFound: Exit.SETTINGS,
    AddressUnusable: Exit.SETTINGS,
    AddressInUse: Exit.IN_USE,
    DataDirectoryInUseError: Exit.IN_USE,
    DatabaseUnavailable: Exit.DATABASE_UNAVAILABLE,
    NotMigrated: Exit.DATABASE_UNAVAILABLE,
    PrivatePostgresError: Exit.DATABASE_UNAVAILABLE,
    WorkersFailed: Exit.UNEXPECTED,
    LifecycleInvalid: Exit.INVALID_FILE,
    TableInvalid: Exit.INVALID_FILE,
    RefusedFileUnwritable: Exit.INVALID_FILE,
}
"""Errors that the user can do something about; any other is a defect of ours, with its trace."""

application = typer.Typer(
    name="leadledger",
    help="Keep the true history of every B2B lead.",
    epilog=f"Exit codes:\n\n\b\n{explain_exits()}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
application.command(epilog=explain_settings())(serve)
application.command()(migrate)
application.command("import")(import_table)
application.command()(simulate)
application.command()(funnel)
application.command()(deadlines)
application.command()(history)
application.command()(replay)
application.command()(score)
application.command()(select)
application.command()(verify)
application.command("rebuild")(rebuild_projection)
application.add_typer(lifecycle_commands)
application.add_typer(key_commands)
application.add_typer(refusals_commands)
application.add_typer(webhook_commands)


def main() -> None:
    """Run the command line."""
    try:
        application()
    except CommandFailed as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except tuple(EXIT_OF) as error:
        complain(str(error))
        sys.exit(next(code for kind, code in EXIT_OF.items() if isinstance(error, kind)))
