from datetime import date
from pathlib import Path
from typing import Any

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()
BEFORE = """
    DROP TRIGGER invited_vendors_are_settled_at_publication ON contracts_invitedvendor;
    DROP TRIGGER accepted_invitations_stand ON contracts_vendorinvitation;
    DROP TRIGGER opened_vendors_stand ON contracts_bid;
    DROP TRIGGER objecting_vendors_stand ON contracts_objection;
    DROP FUNCTION contracts_guard_invited_vendor, contracts_guard_vendor_invitation, contracts_guard_opened_vendor,
        contracts_guard_objecting_vendor;
"""
EXAMPLES = {
    "vendor_invitation_days": (14, "Days for which the link in the invitation of an outside vendor can be used"),
    "competitiveness_months": (12, "Months back that the competitiveness index of an ME looks"),
}


def write(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("core", "Parameter").objects
    for name, (value, note) in EXAMPLES.items():
        rows.create(name=name, holds_from=date(2000, 1, 1), value=value, note=f"Example. {note}")


def remove(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.filter(name__in=EXAMPLES).delete()


class Migration(migrations.Migration):
    dependencies = [("contracts", "0024_outside_vendors"), ("core", "0003_example_parameters")]
    operations = [migrations.RunSQL(SQL, reverse_sql=BEFORE), migrations.RunPython(write, remove)]
