from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_nights_become_months")]

    operations = [
        migrations.RunSQL(
            SQL,
            reverse_sql="""
                DROP TRIGGER snapshots_are_of_sealed_dates ON ledger_snapshotday;
                DROP FUNCTION ledger_guard_snapshots();
            """,
        )
    ]
