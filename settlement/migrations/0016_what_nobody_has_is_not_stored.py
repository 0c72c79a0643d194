from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("settlement", "0015_what_approving_releases")]

    operations = [migrations.RunSQL(SQL)]
