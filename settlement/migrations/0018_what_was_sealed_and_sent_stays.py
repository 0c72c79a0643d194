from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()
BEFORE = """
    DROP TRIGGER a_payment_goes_one_way ON settlement_payment;
    DROP TRIGGER manifests_stay ON settlement_runshard;
    DROP TRIGGER runs_stay ON settlement_settlementrun;
    DROP FUNCTION settlement_guard_batches() CASCADE;
    DROP FUNCTION settlement_guard_runs() CASCADE;
"""


class Migration(migrations.Migration):
    """The database refuses to change what a sealed run and a sent payout say, whoever asks by SQL."""

    dependencies = [("settlement", "0017_a_fiscal_year_moves_ahead")]
    operations = [migrations.RunSQL(SQL, reverse_sql=BEFORE)]
