"""`manage.py clock [--forward 3d12h]`: read the market's clock, and in a demo move it ahead."""

import re
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import clock
from core.errors import Denied

UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def parse_step(text: str) -> timedelta:
    """`3d12h` as a timedelta. Raises ValueError for anything else."""
    parts = re.findall(r"(\d+)([dhms])", text)
    if not parts or "".join(n + u for n, u in parts) != text:
        raise ValueError(text)
    return sum((timedelta(**{UNITS[unit]: int(number)}) for number, unit in parts), timedelta())


class Command(BaseCommand):
    help = "Shows the market's clock; --forward 3d12h moves it ahead (demo and tests only)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--forward", metavar="STEP", help="for example 90s, 3h, 1d12h")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            now = clock.move_forward(parse_step(options["forward"])) if options["forward"] else clock.market_now()
        except ValueError:
            raise CommandError("Write the step as days, hours, minutes, seconds, for example 1d12h.") from None
        except Denied as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(now.astimezone(clock.company_zone()).isoformat(timespec="seconds"))
