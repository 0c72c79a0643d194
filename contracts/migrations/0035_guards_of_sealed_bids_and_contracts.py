from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()
FIRST = (Path(__file__).parent / "0005_project_and_bid_guards.sql").read_text()
TERMS = "CREATE FUNCTION contracts_guard_sealed_terms()"
BEFORE = """
    DROP TRIGGER sealed_bids_stand_from_the_deadline ON contracts_bid;
    DROP TRIGGER bids_lapse_at_the_opening ON contracts_bid;
    DROP TRIGGER sealed_terms_stand_from_the_deadline ON contracts_sealedterms;
    DROP TRIGGER contracts_follow_their_award ON contracts_contract;
    DROP TRIGGER contracts_stay ON contracts_contract;
    DROP FUNCTION contracts_guard_sealed_bid, contracts_guard_lapsed_bid, contracts_guard_sealed_terms,
        contracts_guard_contract, contracts_takes_bids;
"""


class Migration(migrations.Migration):
    dependencies = [("contracts", "0034_days_for_signing")]
    operations = [
        migrations.RunSQL(
            SQL, reverse_sql=[BEFORE, TERMS + FIRST.split(TERMS)[1].split("CREATE TRIGGER sealed_terms_stay")[0]]
        )
    ]
