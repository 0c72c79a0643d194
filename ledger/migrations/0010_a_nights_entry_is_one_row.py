from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    """Lines are read through a view; those of a night are stored entry by entry."""

    dependencies = [("ledger", "0009_entries_ahead_of_their_date")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(SQL)],
            state_operations=[
                migrations.RemoveConstraint("posting", "a_line_moves_something"),
                migrations.AlterField("posting", "by_night", models.BooleanField()),
                migrations.AlterModelOptions("posting", {"managed": False}),
            ],
        )
    ]
