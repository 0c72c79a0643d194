from pathlib import Path

import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).with_suffix(".sql").read_text()
UNDO = """
    DROP TRIGGER open_sums_stay ON settlement_opensum;
    DROP FUNCTION settlement_guard_open() CASCADE;
    DROP FUNCTION settlement_details_replaced() CASCADE;
    DROP FUNCTION settlement_details_added() CASCADE;
    DROP FUNCTION settlement_details_moved(uuid[]) CASCADE;
    DROP FUNCTION settlement_owed_moved() CASCADE;
    DROP FUNCTION settlement_owed_begins() CASCADE;
    DROP FUNCTION settlement_open_moved(uuid[], text[], bigint[]) CASCADE;
"""


class Migration(migrations.Migration):
    """What can be paid is counted as it changes, and lists of payments are read from where a page begins."""

    dependencies = [
        ("microenterprises", "0006_a_pair_is_one_value"),
        ("settlement", "0013_what_an_ended_me_hands_on"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OpenSum",
            fields=[
                ("currency", models.CharField(max_length=3, primary_key=True, serialize=False)),
                ("people", models.PositiveIntegerField(default=0)),
                ("minor", models.BigIntegerField(default=0)),
                ("without", models.PositiveIntegerField(default=0)),
                ("without_minor", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.RemoveIndex(
            model_name="payment",
            name="settlement_payment_status",
        ),
        migrations.AddField(
            model_name="owed",
            name="has_details",
            field=models.BooleanField(
                db_default=False, help_text="Whether the person can be paid in the currency; kept by the database."
            ),
        ),
        migrations.AddField(
            model_name="owed",
            name="open_minor",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.expressions.CombinedExpression(
                    models.F("released_minor"), "-", models.F("taken_minor")
                ),
                output_field=models.BigIntegerField(),
            ),
        ),
        migrations.AlterField(
            model_name="settlementrun",
            name="totals",
            field=models.JSONField(
                default=dict, help_text="By currency: what the night added up to, and what it releases."
            ),
        ),
        migrations.AddIndex(
            model_name="owed",
            index=models.Index(
                condition=models.Q(("has_details", False), ("open_minor__gt", 0)),
                fields=["-open_minor", "id"],
                name="settlement_owed_missing",
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["batch", "status", "number"], name="settlement_payment_listed"),
        ),
        migrations.AddIndex(
            model_name="settlementrun",
            index=models.Index(
                condition=models.Q(("status__in", ["posting", "sealed"])),
                fields=["business_date"],
                name="settlement_run_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="opensum",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("minor__gte", models.F("people")),
                    ("without__lte", models.F("people")),
                    ("without_minor__gte", models.F("without")),
                    ("without_minor__lte", models.F("minor")),
                ),
                name="open_sums_add_up",
            ),
        ),
        migrations.RunSQL(SQL, UNDO),
    ]
