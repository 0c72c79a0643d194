from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("core", "0001_audit_parameters_and_clock")]

    operations = [
        migrations.RunSQL(
            SQL,
            reverse_sql="""
                DROP TRIGGER audit_records_are_append_only ON core_auditrecord;
                DROP FUNCTION refuse_change();
                DROP FUNCTION market_now();
                DELETE FROM core_clock;
            """,
        )
    ]
