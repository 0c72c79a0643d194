from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

import core.ids

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_clock_and_append_only"),
        ("ledger", "0007_nights_become_months"),
        ("microenterprises", "0011_a_number_is_one_however_typed"),
        ("settlement", "0021_terms_agreed_ahead_may_be_preceded"),
    ]

    operations = [
        migrations.CreateModel(
            name="LoweredPay",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("monthly_minor", models.BigIntegerField()),
                ("reason", models.CharField(max_length=300)),
                ("lowered_on", models.DateField()),
                ("lowered_at", models.DateTimeField()),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="microenterprises.membership",
                    ),
                ),
                (
                    "outcome",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lowered",
                        to="settlement.outcome",
                    ),
                ),
            ],
            options={
                "ordering": ["lowered_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("monthly_minor__gte", 0)), name="lowered_pay_is_not_negative"
                    ),
                    models.UniqueConstraint(
                        fields=("outcome", "membership", "monthly_minor"), name="pay_is_lowered_to_a_sum_once"
                    ),
                ],
            },
        ),
        migrations.RunSQL(SQL, "DROP FUNCTION settlement_guard_lowered_pay() CASCADE;"),
    ]
