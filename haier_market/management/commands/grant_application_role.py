"""`manage.py grant_application_role`: what the application's role may do, given by the owner after each migration.

With `--migrate` it brings the tables up to date first: one command for a container that must end with success.
"""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from haier_market import roles


class Command(BaseCommand):
    help = "Give the application's database role exactly the rights it needs. Run as the owner, after `migrate`."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--role", default=roles.APPLICATION, help="the role's name (default: %(default)s)")
        parser.add_argument("--migrate", action="store_true", help="bring the tables up to date first")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["migrate"]:
            call_command("migrate", interactive=False, verbosity=options["verbosity"], stdout=self.stdout)
        try:
            done = roles.grant(options["role"])
        except ImproperlyConfigured as problem:
            raise CommandError(str(problem)) from None
        if options["verbosity"] > 1:
            for statement in done:
                self.stdout.write(f"{statement};")
        self.stdout.write(
            f"The role {options['role']} has the application's rights ({len(done)} statements were needed)."
        )
