"""`make bench`: a company of its own in an empty database, measured, told as tables. ARGS=--quick takes a minute.

Everything is measured in one run and told as ratios within it, medians with the lowest and the highest round: figures
of another machine or another minute are not comparable, ratios are.
"""

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence

import django

from benchmarks import databases
from benchmarks.sizes import FULL, QUICK, Sizes


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    asked = _parser().parse_args(arguments)
    preset = QUICK if asked.quick else FULL
    sizes = Sizes(**{name: _chosen(getattr(asked, name), given) for name, given in preset._asdict().items()})
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "haier_market.settings")
    start = time.monotonic()
    with databases.made(databases.fresh_name(), os.environ["DATABASE_URL"], keep=asked.keep) as url:
        os.environ["DATABASE_URL"] = url
        django.setup()
        logging.disable(logging.WARNING)
        from django.core.management import call_command
        from django.db import connections

        from benchmarks import everything
        from core.memory import keep_what_is_loaded

        say(f"A company of {sizes.people:,} people in {sizes.microenterprises:,} MEs is made.")
        call_command("collectstatic", interactive=False, verbosity=0)  # pages name files by what is in them
        call_command("migrate", verbosity=0)
        everything.seed(sizes)
        keep_what_is_loaded()  # as web servers and workers do
        try:
            for table in everything.measure(sizes, say, profile=asked.profile):
                sys.stdout.write(f"\n{table}\n")
                sys.stdout.flush()
        finally:
            connections.close_all()
    say(f"Measured in {(time.monotonic() - start) / 60:.1f} minutes.")
    return 0


def say(sentence: str) -> None:
    """Tell how far it is, beside the tables."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small company; about a minute")
    parser.add_argument("--profile", action="store_true", help="also where a night's time goes")
    parser.add_argument("--keep", action="store_true", help="leave the database behind")
    for name, given in FULL._asdict().items():
        parser.add_argument(
            f"--{name}", type=type(given), metavar="N", help=f"{given:,}; quick {getattr(QUICK, name):,}"
        )
    return parser


def _chosen(asked: int | None, given: int) -> int:
    return given if asked is None else asked


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
