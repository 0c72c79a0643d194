from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    """What a date moved is found by where its lines lie; no account is looked for that way."""

    dependencies = [("ledger", "0014_only_reversals_are_indexed_as_such")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
