from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    """The guard of an outcome's parts looks at the list of what was paid back only when there is one."""

    dependencies = [("settlement", "0022_pay_that_waits_may_be_lowered")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
