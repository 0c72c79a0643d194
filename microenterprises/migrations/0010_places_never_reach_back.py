from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0011_entries_of_nights_are_not_found_by_subject"),
        ("microenterprises", "0009_who_votes_is_written"),
    ]

    operations = [
        migrations.RunSQL(
            SQL,
            reverse_sql="DROP TRIGGER places_never_begin_on_a_closed_date ON microenterprises_membership;"
            " DROP TRIGGER places_never_end_on_a_closed_date ON microenterprises_membership;"
            " DROP FUNCTION microenterprises_guard_dates_of_places();",
        ),
    ]
