from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    """The guard of a night's lines looks at each line less often."""

    dependencies = [("ledger", "0011_entries_of_nights_are_not_found_by_subject")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
