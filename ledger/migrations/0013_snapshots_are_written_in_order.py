from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    """Snapshots are added up and written in the order of their accounts."""

    dependencies = [("ledger", "0012_lines_of_a_night_are_added_up_once")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
