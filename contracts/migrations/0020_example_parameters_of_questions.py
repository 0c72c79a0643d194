from datetime import date
from typing import Any

from django.db import migrations

EXAMPLES = {
    "questions_close_hours": (2, "Hours before the deadline from which no question about a project is taken"),
    "questions_per_person": (10, "Questions that one person asks about one project at most"),
    "deadline_alert_hours": (24, "Hours before a deadline from which those who watch the project are told"),
}


def write(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("core", "Parameter").objects
    for name, (value, note) in EXAMPLES.items():
        rows.create(name=name, holds_from=date(2000, 1, 1), value=value, note=f"Example. {note}")


def remove(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.filter(name__in=EXAMPLES).delete()


class Migration(migrations.Migration):
    dependencies = [("contracts", "0019_questions_and_finding"), ("core", "0003_example_parameters")]
    operations = [migrations.RunPython(write, remove)]
