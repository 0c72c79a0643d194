from datetime import date
from typing import Any

from django.db import migrations

NAME = "rating_hidden_days"


def write(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.create(
        name=NAME,
        holds_from=date(2000, 1, 1),
        value=14,
        note="Example. Days after completion until a rating is shown although the other side has not rated",
    )


def remove(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [("contracts", "0003_contract_guards"), ("core", "0003_example_parameters")]
    operations = [migrations.RunPython(write, remove)]
