from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()
UNDO = """
    DROP TRIGGER a_fiscal_year_moves_on_an_open_date ON core_parameter;
    DROP FUNCTION settlement_guard_fiscal_year();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0007_fiscal_years_do_not_overlap"),
        ("settlement", "0016_what_nobody_has_is_not_stored"),
    ]

    operations = [migrations.RunSQL(SQL, UNDO)]
