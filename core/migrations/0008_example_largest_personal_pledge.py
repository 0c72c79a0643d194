from datetime import date
from typing import Any

from django.db import migrations

NAME = "largest_personal_pledge"


def write(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.create(
        name=NAME,
        holds_from=date(2000, 1, 1),
        value=1_000_000,
        note="Example. What one person pledges of their own money to an idea at most, in units of its currency",
    )


def remove(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [("core", "0007_fiscal_years_do_not_overlap")]
    operations = [migrations.RunPython(write, remove)]
