"""`wrap_bid_keys`: after BID_KEY was replaced, wrap with it the keys that BID_KEY_BEFORE wrapped."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts.actions import keys
from core.cipher import BrokenSeal
from people.commands import person_named


class Command(BaseCommand):
    """Prints how many keys it wrapped, and never what is under them."""

    help = (
        "Wraps every key with BID_KEY that BID_KEY_BEFORE still opens. No bid is opened. Safe to repeat: "
        "once it has run, BID_KEY_BEFORE is not needed any more."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--by", metavar="EMAIL", help="e-mail address of whoever replaces the key, for the trail")

    def handle(self, *args: Any, **options: Any) -> None:
        by, wrapped, after = person_named(options["by"]), 0, ""
        try:
            while True:
                last, count = keys.wrap_anew(by=by, after=after)
                wrapped += count
                if last is None:
                    break
                after = last
        except BrokenSeal:
            raise CommandError(
                _("A key opens with neither BID_KEY nor BID_KEY_BEFORE. Restore the one it was wrapped with.")
            ) from None
        words = ngettext(
            "%(count)s key was wrapped with BID_KEY.", "%(count)s keys were wrapped with BID_KEY.", wrapped
        )
        self.stdout.write(words % {"count": f"{wrapped:,}"})
        self.stdout.write(_("Every key opens with BID_KEY alone; BID_KEY_BEFORE can be taken away."))
