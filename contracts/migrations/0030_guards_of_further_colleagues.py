from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()
BEFORE = """
    DROP TRIGGER colleagues_are_decided_on_once ON contracts_furthercolleague;
    DROP TRIGGER colleagues_are_written_to_when_agreed ON contracts_vendorinvitation;
    DROP TRIGGER vendors_keep_their_addresses ON people_user;
    DROP FUNCTION contracts_guard_further_colleague, contracts_guard_invited_colleague, contracts_guard_vendor_address;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0029_further_colleagues_of_vendors"),
        ("people", "0004_example_alert_mail_hour"),
    ]
    operations = [migrations.RunSQL(SQL, reverse_sql=BEFORE)]
