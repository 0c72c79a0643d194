from datetime import date
from typing import Any

from django.db import migrations

NAME = "launch_filled_seats"


def write(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.create(
        name=NAME,
        holds_from=date(2000, 1, 1),
        value=2,
        note="Example. Seats that must be filled, besides the owner's, before an idea can be launched",
    )


def remove(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [("microenterprises", "0003_what_was_agreed_stays"), ("core", "0003_example_parameters")]
    operations = [migrations.RunPython(write, remove)]
