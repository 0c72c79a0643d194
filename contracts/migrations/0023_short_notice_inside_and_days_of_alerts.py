from datetime import date
from typing import Any

import django.contrib.postgres.indexes
from django.db import migrations

FIRST = date(2000, 1, 1)
PUBLISHED, INSIDE = 15, 3
EXAMPLES = {
    "flag_short_notice_imported_days": (
        PUBLISHED,
        "Example, as published for R003. Whole days under which a time for bids on an imported tender is called short",
    ),
    "alerts_kept_days": (
        90,
        "Example. Days after which it is forgotten who was told what about a project whose deadline has passed",
    ),
}


def write(apps: Any, schema_editor: Any) -> None:
    """The example for a company's own projects changes; what a company wrote itself stays."""
    rows = apps.get_model("core", "Parameter").objects
    for name, (value, note) in EXAMPLES.items():
        rows.create(name=name, holds_from=FIRST, value=value, note=note)
    rows.filter(name="flag_short_notice_days", holds_from=FIRST, value=PUBLISHED, note__startswith="Example").update(
        value=INSIDE,
        note="Example. Whole days under which a time for bids on a project of our own is called short (R003)",
    )


def remove(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("core", "Parameter").objects
    rows.filter(name__in=list(EXAMPLES)).delete()
    rows.filter(name="flag_short_notice_days", holds_from=FIRST, value=INSIDE, note__startswith="Example").update(
        value=PUBLISHED,
        note="Example, as published for R003. Whole days under which a time for bids is called short",
    )


class Migration(migrations.Migration):
    dependencies = [("contracts", "0022_promises_as_a_criterion"), ("core", "0003_example_parameters")]

    operations = [
        migrations.AddIndex(
            model_name="alert",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["told_at"], name="alert_told_at"
            ),
        ),
        migrations.RunPython(write, remove),
    ]
