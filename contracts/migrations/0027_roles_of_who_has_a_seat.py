from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()
BEFORE = """
    DROP TRIGGER vendors_stay_outside ON people_user;
    DROP FUNCTION contracts_guard_vendor_role;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0026_projects_in_lots"),
        ("microenterprises", "0007_names_for_the_admin"),
        ("people", "0004_example_alert_mail_hour"),
    ]
    operations = [migrations.RunSQL(SQL, reverse_sql=BEFORE)]
