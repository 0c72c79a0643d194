from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()
BEFORE = """
    DROP TRIGGER vendors_name_their_firm ON people_user;
    DROP TRIGGER seats_name_their_firm ON contracts_vendorseat;
    DROP FUNCTION contracts_guard_vendor_name, contracts_guard_vendor_seat;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0030_guards_of_further_colleagues"),
        ("people", "0004_example_alert_mail_hour"),
    ]
    operations = [migrations.RunSQL(SQL, reverse_sql=BEFORE)]
