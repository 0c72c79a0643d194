from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()
UNDO = """
    DROP TRIGGER payment_parts_stay ON settlement_paymentpart;
    DROP TRIGGER payments_stay ON settlement_payment;
    DROP TRIGGER payout_batches_stay ON settlement_payoutbatch;
    DROP TRIGGER owed_stays ON settlement_owed;
    DROP TRIGGER releases_stay ON settlement_runrelease;
    DROP TRIGGER bank_details_stay ON settlement_bankdetails;
    DROP FUNCTION settlement_guard_payments() CASCADE;
    DROP FUNCTION settlement_guard_bank_details() CASCADE;
    DROP FUNCTION settlement_guard_owed() CASCADE;
    DROP FUNCTION settlement_give_back_owed() CASCADE;
    DROP FUNCTION settlement_take_owed() CASCADE;
"""


class Migration(migrations.Migration):
    """The database refuses to promise the same money twice, and to change what was sent."""

    dependencies = [
        ("settlement", "0005_payouts"),
        ("core", "0002_clock_and_append_only"),
    ]

    operations = [migrations.RunSQL(SQL, UNDO)]
