"""`settle --date YYYY-MM-DD`: the same night that beat starts, by hand."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from core import money
from core.errors import DomainError
from people.commands import person_named
from settlement.actions import nights
from settlement.models import Outcome, SettlementRun
from settlement.queries import TOTALS
from settlement.sentences import FIGURE_NAMES, trouble


class Command(BaseCommand):
    """Settles a business date that is over, after every earlier one that waits."""

    help = "Settle a business date that is over, and every earlier one that is still open. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--date", type=date.fromisoformat, required=True, help="the business date, YYYY-MM-DD")
        parser.add_argument("--by", help="e-mail address of whoever in finance starts it; they cannot approve it then")

    def handle(self, *args: Any, **options: Any) -> None:
        day: date = options["date"]
        try:
            by = person_named(options["by"])
            nights.do_what_is_due()
            for earlier in nights.waiting_dates(through=day):
                self.stdout.write(_("%(day)s: settling") % {"day": earlier.isoformat()})
                nights.work_on_run(nights.start_run(business_date=earlier, by=by))
            run = nights.start_run(business_date=day, by=by)
        except DomainError as refusal:
            raise CommandError(str(refusal.sentence)) from None
        self._print(run)

    def _print(self, run: SettlementRun) -> None:
        run.refresh_from_db()
        facts = {
            "day": run.business_date,
            "state": run.get_status_display(),
            "done": run.mes_done,
            "all": run.mes_total,
            "exceptions": run.exceptions,
            "lines": run.lines,
        }
        self.stdout.write(
            _("%(day)s: %(state)s; %(done)s of %(all)s MEs, %(exceptions)s exceptions, %(lines)s lines") % facts
        )
        for currency, totals in sorted(run.totals.items()):
            words = ", ".join(f"{FIGURE_NAMES[name]} {money.plain(totals[name], currency)}" for name in TOTALS)
            self.stdout.write(f"  {currency}: {words}")
        exceptions = Outcome.objects.filter(night=run.business_date, state=Outcome.State.EXCEPTION)
        for outcome in exceptions.select_related("microenterprise").order_by("microenterprise__name"):
            self.stdout.write(f"  {trouble(outcome, outcome.microenterprise.name).sentence}")
