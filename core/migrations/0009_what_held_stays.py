from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()
UNDO = "DROP TRIGGER what_held_stays ON core_parameter; DROP FUNCTION core_keep_what_held();"


class Migration(migrations.Migration):
    """A parameter's past is read by replays: the database refuses to change it for whoever serves a company."""

    dependencies = [("core", "0008_example_largest_personal_pledge")]
    operations = [migrations.RunSQL(SQL, UNDO)]
