from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("ledger", "0006_advances_never_below_zero")]

    operations = [migrations.RunSQL(SQL)]
