from datetime import date
from typing import Any

from django.db import migrations

EXAMPLES = {
    "award_large_from_units": (500_000, "Example. From this price on, in units of its currency, two people decide"),
    "low_price_under_mean_bp": (4_000, "Example. Basis points under the mean of the others: abnormally low"),
    "low_price_under_next_bp": (3_000, "Example. Basis points under the next price: abnormally low"),
    "low_price_answer_days": (2, "Example. Days in which a bidder explains an abnormally low price"),
    "standstill_business_days": (1, "Example. Business days in which bidders may object before an award takes effect"),
}


def write(apps: Any, schema_editor: Any) -> None:
    parameter = apps.get_model("core", "Parameter")
    for name, (value, note) in EXAMPLES.items():
        parameter.objects.create(name=name, holds_from=date(2000, 1, 1), value=value, note=note)


def remove(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.filter(name__in=EXAMPLES).delete()


class Migration(migrations.Migration):
    dependencies = [("contracts", "0015_guards_of_awards"), ("core", "0003_example_parameters")]
    operations = [migrations.RunPython(write, remove)]
