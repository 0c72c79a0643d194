from datetime import date
from typing import Any

from django.db import migrations

NAME = "shortest_bidding_minutes"


def write(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.create(
        name=NAME,
        holds_from=date(2000, 1, 1),
        value=60,
        note="Example. Minutes that lie at least between the first instant for bids and the deadline",
    )


def remove(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [("contracts", "0005_project_and_bid_guards"), ("core", "0003_example_parameters")]
    operations = [migrations.RunPython(write, remove)]
