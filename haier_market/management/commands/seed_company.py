"""`seed_company`: fill an empty database with a living company (see `haier_market.seed`)."""

import logging
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from contracts.actions.integrity import search_if_due
from core.clock import business_date
from core.errors import DomainError
from haier_market.seed import company
from haier_market.seed.world import PROJECTS_OF_AN_ME, Options
from people.models import User
from settlement.actions import months


class Command(BaseCommand):
    """Builds people, firms, contracts, money and settled nights; the same numbers and date give the same company."""

    help = "Fill an empty database with a living company. Nothing of it is real."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--people", type=int, default=600, metavar="N", help="people in all (600)")
        parser.add_argument("--microenterprises", type=int, default=40, metavar="M", help="active MEs (40)")
        parser.add_argument("--days", type=int, default=30, metavar="D", help="settled business dates (30)")
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="another seed, another company (1)")
        parser.add_argument("--projects", type=int, metavar="P", help="projects in all (six for each ME)")
        parser.add_argument(
            "--until", type=date.fromisoformat, metavar="YYYY-MM-DD", help="the date on which the story ends (today)"
        )
        parser.add_argument("--if-empty", action="store_true", help="do nothing when people live here already")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["if_empty"] and User.objects.exists():
            self.stdout.write(_("People live here already; nothing was added."))
            return
        today = business_date()
        until = options["until"] or today
        if until > today:
            raise CommandError(_("A story cannot end on %(day)s, which is still to come.") % {"day": until.isoformat()})
        wanted = Options(
            people=options["people"],
            microenterprises=options["microenterprises"],
            days=options["days"],
            seed=options["seed"],
            projects=options["projects"] or options["microenterprises"] * PROJECTS_OF_AN_ME,
            until=until,
        )
        # Thirty settled nights would write thirty lines of log between the lines of progress.
        logging.getLogger("settlement").setLevel(logging.WARNING)
        try:
            built = company.build(wanted, self._say)
            search_if_due()  # the clock does it once a date; the steward who looks in the first minute finds flags too
            months.add_up_over()  # after each night the clock does
        except DomainError as refusal:
            raise CommandError(str(refusal.sentence)) from None
        self.stdout.write(
            _(
                "%(people)s people in %(mes)s microenterprises, %(projects)s projects, %(entries)s entries, %(days)s "
                "settled days: %(seconds)s s."
            )
            % {
                "people": f"{built.people:,}",
                "mes": f"{built.microenterprises:,}",
                "projects": f"{built.projects:,}",
                "entries": f"{built.entries:,}",
                "days": built.days,
                "seconds": round(built.seconds, 1),
            }
        )

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
