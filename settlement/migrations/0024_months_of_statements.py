from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).with_suffix(".sql").read_text()
UNDO = """
    DROP FUNCTION settlement_guard_months() CASCADE;
    DROP FUNCTION settlement_add_up_month();
    DROP FUNCTION settlement_months_end();
"""


class Migration(migrations.Migration):
    """Statements are added up month by month. The next night adds up the months there are."""

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("ledger", "0014_only_reversals_are_indexed_as_such"),
        ("settlement", "0023_parts_are_added_up_with_less_work"),
    ]

    operations = [
        migrations.CreateModel(
            name="AddedUpMonth",
            fields=[
                ("month", models.DateField(help_text="Its first day.", primary_key=True, serialize=False)),
            ],
        ),
        migrations.CreateModel(
            name="MonthSum",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "person", "month", "currency", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("month", models.DateField(help_text="Its first day.")),
                ("currency", models.CharField(max_length=3)),
                ("shared_minor", models.BigIntegerField()),
                ("recovered_minor", models.BigIntegerField()),
                ("pay_minor", models.BigIntegerField()),
                ("draws_minor", models.BigIntegerField()),
                ("handed_on_minor", models.BigIntegerField()),
                ("payable_minor", models.BigIntegerField(help_text="What became newly payable.")),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.RunSQL(SQL, UNDO),
    ]
