from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()
UNDO = """
    DROP TRIGGER bank_details_are_replaced ON settlement_bankdetails;
    CREATE TRIGGER bank_details_are_replaced BEFORE UPDATE ON settlement_bankdetails FOR EACH ROW
        WHEN (OLD.replaced_at IS NOT NULL OR NEW.replaced_at IS NULL
              OR (OLD.id, OLD.person_id, OLD.currency, OLD.sealed, OLD.ending, OLD.entered_at)
                 IS DISTINCT FROM (NEW.id, NEW.person_id, NEW.currency, NEW.sealed, NEW.ending, NEW.entered_at))
        EXECUTE FUNCTION settlement_guard_bank_details();
"""


class Migration(migrations.Migration):
    """A new key seals the same bank details again; nothing else about them changes."""

    dependencies = [("settlement", "0011_rejected_payments")]

    operations = [migrations.RunSQL(SQL, UNDO)]
