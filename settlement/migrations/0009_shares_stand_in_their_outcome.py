from pathlib import Path
from typing import Any

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).with_suffix(".sql").read_text()
ARRAYS = (
    "member_numbers",
    "member_weights",
    "member_minor",
    "member_recovered_minor",
    "member_inherited_grain",
    "member_carry_before_grain",
    "member_carry_after_grain",
)


def reference(to: str, name: str = "+", **options: Any) -> Any:
    """A reference without a constraint of the database; the seal proves them in sets."""
    return models.ForeignKey(
        to=to, on_delete=django.db.models.deletion.PROTECT, related_name=name, db_constraint=False, **options
    )


class Migration(migrations.Migration):
    dependencies = [("settlement", "0008_example_export_days")]

    operations = [
        migrations.AlterField(
            "outcome", "microenterprise", reference("microenterprises.microenterprise", "outcomes", db_index=False)
        ),
        migrations.AlterField(
            "outcome", "share_terms", reference("microenterprises.shareterms", null=True, db_index=False)
        ),
        migrations.AlterField("outcome", "carries_at", reference("settlement.outcome", null=True, db_index=False)),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(SQL)],
            state_operations=[
                *(
                    migrations.AddField(
                        "outcome",
                        name,
                        django.contrib.postgres.fields.ArrayField(
                            base_field=models.BigIntegerField(), default=list, size=None
                        ),
                    )
                    for name in ARRAYS
                ),
                migrations.DeleteModel("ShareLine"),
                migrations.CreateModel(
                    name="ShareLine",
                    fields=[
                        ("id", models.UUIDField(primary_key=True, serialize=False)),
                        ("place", models.IntegerField()),
                        ("night", models.DateField()),
                        ("business_date", models.DateField()),
                        ("currency", models.CharField(max_length=3)),
                        ("weight", models.BigIntegerField()),
                        ("weights_sum", models.BigIntegerField()),
                        ("inherited_grain", models.BigIntegerField()),
                        ("carry_before_grain", models.BigIntegerField()),
                        ("carry_after_grain", models.BigIntegerField()),
                        ("amount_minor", models.BigIntegerField()),
                        ("recovered_minor", models.BigIntegerField()),
                        ("payable_minor", models.BigIntegerField()),
                    ],
                    options={"db_table": "settlement_shareline", "managed": False, "ordering": ["-night", "id"]},
                ),
            ],
        ),
    ]
