from datetime import date
from typing import Any

from django.db import migrations

EXAMPLES = {
    "flag_short_notice_days": (
        15,
        "Example, as published for R003. Whole days under which a time for bids is called short",
    ),
    "flag_top_percentile": (
        75,
        "Example, as published for R025. From which percentile of valid bids on a bidder counts among the busiest",
    ),
    "flag_fewest_disqualified": (
        1,
        "Example, as published for R035. How many other bidders are disqualified at least",
    ),
    "flag_fewest_bids": (2, "Example, as published for R038. Bids that a share is worked out of at least"),
    "flag_class_digits": (2, "Example, as published for R048. Digits of the first level of a class of items"),
    "flag_fewest_processes": (20, "Example, as published for R048. Processes that a supplier has at least"),
}


def write(apps: Any, schema_editor: Any) -> None:
    parameters = apps.get_model("core", "Parameter").objects
    for name, (value, note) in EXAMPLES.items():
        parameters.create(name=name, holds_from=date(2000, 1, 1), value=value, note=note)


def remove(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.filter(name__in=list(EXAMPLES)).delete()


class Migration(migrations.Migration):
    dependencies = [("contracts", "0017_red_flags"), ("core", "0003_example_parameters")]
    operations = [migrations.RunPython(write, remove)]
