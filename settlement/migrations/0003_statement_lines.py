from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [
        ("settlement", "0002_only_ever_added"),
    ]

    operations = [
        migrations.RunSQL(SQL, "DROP VIEW settlement_statementline"),
        migrations.CreateModel(
            name="StatementLine",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("night", models.DateField()),
                ("position", models.SmallIntegerField()),
                ("business_date", models.DateField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("share", "Share of the profit"),
                            ("stable", "Stable pay"),
                            ("draw", "Draw"),
                            ("forgiven", "Advance taken over by the ME"),
                        ],
                        max_length=10,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("weight", models.BigIntegerField()),
                ("weights_sum", models.BigIntegerField()),
                ("days", models.SmallIntegerField()),
                ("amount_minor", models.BigIntegerField()),
                ("recovered_minor", models.BigIntegerField()),
                ("payable_minor", models.BigIntegerField()),
            ],
            options={
                "db_table": "settlement_statementline",
                "managed": False,
            },
        ),
    ]
