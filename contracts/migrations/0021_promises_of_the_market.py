from datetime import date
from typing import Any

from django.db import migrations, models
from django.db.models import Q

EXAMPLES = {
    "promise_contracts": (20, "Example. How many of its last contracts the promise-kept score of an ME looks at"),
    "promise_prior_contracts": (5, "Example. How many contracts kept like the market's are added to an ME's own"),
}


def write(apps: Any, schema_editor: Any) -> None:
    parameter = apps.get_model("core", "Parameter")
    for name, (value, note) in EXAMPLES.items():
        parameter.objects.create(name=name, holds_from=date(2000, 1, 1), value=value, note=note)


def remove(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.filter(name__in=EXAMPLES).delete()


class Migration(migrations.Migration):
    dependencies = [("contracts", "0020_example_parameters_of_questions"), ("core", "0003_example_parameters")]
    operations = [
        migrations.CreateModel(
            name="MarketPromise",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("contracts", models.PositiveIntegerField()),
                ("mean_ppm", models.PositiveIntegerField(help_text="Parts of a million.")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=Q(mean_ppm__lte=1_000_000), name="a_mean_is_at_most_the_whole")
                ]
            },
        ),
        migrations.RunPython(write, remove),
    ]
