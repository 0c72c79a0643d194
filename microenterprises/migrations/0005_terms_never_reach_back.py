from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [
        ("microenterprises", "0004_example_launch_seats"),
        ("ledger", "0001_entities_accounts_entries_and_days"),
    ]

    operations = [
        migrations.RunSQL(
            SQL,
            reverse_sql="ALTER TABLE microenterprises_shareterms DROP CONSTRAINT the_owners_of_the_rest_own_all_of_it;"
            " DROP FUNCTION microenterprises_owners_are_whole(jsonb);"
            " DROP TRIGGER agreed_terms_never_reach_back ON microenterprises_shareterms;"
            " DROP FUNCTION microenterprises_guard_dates_of_terms();",
        )
    ]
