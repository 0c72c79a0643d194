from datetime import date
from typing import Any

from django.db import migrations

EXAMPLES = {
    "silence_is_acceptance_days": (14, "Days after a delivery without a decision until it counts as accepted"),
    "pool_clock_months": (3, "Calendar months a person has to land"),
    "ballot_majority_numerator": (2, "Numerator of the majority a ballot needs"),
    "ballot_majority_denominator": (3, "Denominator of the majority a ballot needs"),
    "invitation_days": (14, "Days an invitation to a seat stays open"),
    "fiscal_year_first_month": (1, "Month in which the fiscal year starts"),
    "signing_days": (14, "Days in which all parties must sign"),
}


def write(apps: Any, schema_editor: Any) -> None:
    Parameter = apps.get_model("core", "Parameter")
    for name, (value, note) in EXAMPLES.items():
        Parameter.objects.create(name=name, holds_from=date(2000, 1, 1), value=value, note=f"Example. {note}")


def remove(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.filter(name__in=EXAMPLES).delete()


class Migration(migrations.Migration):
    dependencies = [("core", "0002_clock_and_append_only")]
    operations = [migrations.RunPython(write, remove)]
