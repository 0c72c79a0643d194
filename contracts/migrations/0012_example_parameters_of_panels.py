from datetime import date
from typing import Any

from django.db import migrations

EXAMPLES = {
    "conflict_lookback_days": (
        365,
        "Example. Days for which having been a member of a bidding ME keeps somebody from judging its bid",
    ),
    "consensus_confirming_percent": (
        100,
        "Example. Percent of the other panel members that confirm agreed quality, rounded up",
    ),
}


def write(apps: Any, schema_editor: Any) -> None:
    parameters = apps.get_model("core", "Parameter").objects
    for name, (value, note) in EXAMPLES.items():
        parameters.create(name=name, holds_from=date(2000, 1, 1), value=value, note=note)


def remove(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.filter(name__in=list(EXAMPLES)).delete()


class Migration(migrations.Migration):
    dependencies = [("contracts", "0011_guards_of_panels_and_prices"), ("core", "0003_example_parameters")]
    operations = [migrations.RunPython(write, remove)]
