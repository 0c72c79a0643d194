from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("contracts", "0002_contract_endings"), ("core", "0002_clock_and_append_only")]

    operations = [
        migrations.RunSQL(
            SQL,
            reverse_sql="""
                DROP TRIGGER contract_versions_are_append_only ON contracts_contractversion;
                DROP TRIGGER signatures_are_append_only ON contracts_signature;
                DROP TRIGGER a_signature_names_the_hash_of_its_version ON contracts_signature;
                DROP TRIGGER ratings_are_append_only ON contracts_rating;
                DROP TRIGGER decided_milestones_stand ON contracts_milestone;
                DROP TRIGGER milestones_stay ON contracts_milestone;
                DROP TRIGGER milestones_sum_to_the_price ON contracts_milestone;
                ALTER TABLE contracts_contractversion DROP CONSTRAINT a_version_carries_its_own_hash;
                DROP FUNCTION contracts_guard_signature, contracts_guard_decided, contracts_guard_milestone_sum;
            """,
        )
    ]
