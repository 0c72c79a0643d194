from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).with_suffix(".sql").read_text()
PARTIES = [("buyer", "Buyer"), ("supplier", "Supplier")]


class Migration(migrations.Migration):
    dependencies = [("contracts", "0033_teams_may_bid"), ("core", "0001_audit_parameters_and_clock")]
    operations = [
        migrations.AddField(
            "contract",
            "signing_from",
            models.DateTimeField(null=True, help_text="From when the days for signing count."),
        ),
        migrations.AddField(
            "contractversion",
            "party",
            models.CharField(choices=PARTIES, default="buyer", help_text="The party that wrote it.", max_length=10),
            preserve_default=False,
        ),
        migrations.RunSQL(SQL, reverse_sql=migrations.RunSQL.noop),
        migrations.AlterField(
            "contract", "signing_from", models.DateTimeField(help_text="From when the days for signing count.")
        ),
    ]
