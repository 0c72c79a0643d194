from datetime import date
from typing import Any

from django.db import migrations

NAME = "alert_mail_hour"


def write(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.create(
        name=NAME,
        holds_from=date(2000, 1, 1),
        value=8,
        note="Example. Hour of the company's day from which the daily mail with alerts goes out",
    )


def remove(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [("people", "0003_alerts_and_calendar_keys"), ("core", "0003_example_parameters")]
    operations = [migrations.RunPython(write, remove)]
