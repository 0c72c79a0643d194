"""`seal_bank_details`: after PAYOUT_KEY was replaced, seal with it what PAYOUT_KEY_BEFORE sealed."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.errors import DomainError
from people.commands import person_named
from settlement.actions import payouts


class Command(BaseCommand):
    """Prints how many bank details it looked at and sealed, and never what is in them."""

    help = (
        "Seals every bank details with PAYOUT_KEY that PAYOUT_KEY_BEFORE still opens. Safe to repeat; once it has run, "
        "PAYOUT_KEY_BEFORE is not needed any more."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--by", metavar="EMAIL", help="e-mail address of whoever replaces the key, for the trail")

    def handle(self, *args: Any, **options: Any) -> None:
        by = person_named(options["by"])
        sealed, after = 0, None
        try:
            while True:
                after, count = payouts.seal_bank_details_anew(by=by, after=after)
                if after is None:
                    break
                sealed += count
        except DomainError as refusal:
            raise CommandError(str(refusal.sentence)) from None
        words = ngettext(
            "%(count)s account was sealed with PAYOUT_KEY.", "%(count)s accounts were sealed with PAYOUT_KEY.", sealed
        )
        self.stdout.write(words % {"count": f"{sealed:,}"})
        self.stdout.write(_("Every account opens with PAYOUT_KEY alone; PAYOUT_KEY_BEFORE can be taken away."))
