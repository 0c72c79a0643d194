"""`make bench`: seeds a company when there is none, measures, prints two tables. ARGS="--people 80000 ..." sizes it."""

import argparse
import os

import django


def main() -> None:
    """Measure and print."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "haier_market.settings")
    django.setup()
    from django.core.management import call_command

    from benchmarks import pages, settling

    sizes = argparse.ArgumentParser(prog="make bench ARGS=...")
    sizes.add_argument("--people", type=int, default=600)
    sizes.add_argument("--microenterprises", type=int, default=40)
    sizes.add_argument("--days", type=int, default=30)
    sizes.add_argument("--projects", type=int)
    asked = sizes.parse_args()
    call_command("migrate", verbosity=0)
    call_command("seed_company", if_empty=True, **{name: size for name, size in vars(asked).items() if size})
    measured = pages.measure()
    floor = measured[0].milliseconds
    print("\n| page | x F | ms | SQL | HTML kB |\n| --- | --- | --- | --- | --- |")
    for page in measured:
        print(
            f"| {page.name} | {page.milliseconds / floor:.2f} | {page.milliseconds:.1f} | {page.statements} "
            f"| {page.kilobytes:.0f} |"
        )
    night = settling.measure()
    print("\n| night | postings | seconds | postings a second | x COPY |\n| --- | --- | --- | --- | --- |")
    print(
        f"| {night.microenterprises} MEs | {night.postings:,} | {night.seconds:.2f} "
        f"| {night.postings / night.seconds:,.0f} | {night.ratio:.1f} |"
    )


main()
