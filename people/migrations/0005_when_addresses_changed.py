from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).with_suffix(".sql").read_text()
BEFORE = "DROP TRIGGER addresses_are_remembered ON people_user; DROP FUNCTION people_remember_address;"


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_clock_and_append_only"),
        ("people", "0004_example_alert_mail_hour"),
    ]
    operations = [
        migrations.AddField("user", "address_changed_at", models.DateTimeField(blank=True, editable=False, null=True)),
        migrations.RunSQL(SQL, reverse_sql=BEFORE),
    ]
