"""Bring the database of the settings to this version."""

import asyncio

from service.hosting.database import open_database
from service.hosting.preparing import bring_up_to_date
from service.settings import Settings


def migrate(settings: Settings) -> str:
    """Migrate, and return the revision reached."""
    with open_database(settings, may_attach=True) as database:
        return asyncio.run(bring_up_to_date(settings, database))
