from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("talent_pool", "0002_name_stays"), ("microenterprises", "0008_teams_incubate")]

    operations = [
        migrations.RunSQL(
            SQL,
            reverse_sql="DROP TRIGGER a_team_is_of_people_of_the_pool ON microenterprises_membership;"
            " DROP FUNCTION talent_pool_guard_teams();",
        )
    ]
