from datetime import date
from typing import Any

from django.db import migrations

EXAMPLES = {
    "export_days": (7, "Days a file made in the background stays before it is deleted"),
    "export_direct_lines": (
        10_000,
        "Lines up to which a file is downloaded at once; a longer one is made in the background",
    ),
}


def write(apps: Any, schema_editor: Any) -> None:
    Parameter = apps.get_model("core", "Parameter")
    for name, (value, note) in EXAMPLES.items():
        Parameter.objects.create(name=name, holds_from=date(2000, 1, 1), value=value, note=f"Example. {note}")


def remove(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.filter(name__in=EXAMPLES).delete()


class Migration(migrations.Migration):
    dependencies = [("settlement", "0007_exports_in_the_background"), ("core", "0003_example_parameters")]
    operations = [migrations.RunPython(write, remove)]
