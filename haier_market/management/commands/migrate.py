"""In production Django's `migrate`. Elsewhere with our executor: the same tables in a third of the time.

Demo and tests make all tables again and again; a company makes them once, and nothing but Django touches its tables.
"""

from django.conf import settings
from django.core.management.commands import migrate

from haier_market.migrating import Executor

if not settings.PRODUCTION:
    migrate.MigrationExecutor = Executor  # type: ignore[attr-defined]  # the command takes it from here alone


class Command(migrate.Command):
    pass
