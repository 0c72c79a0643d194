from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("contracts", "0004_example_rating_days"), ("core", "0002_clock_and_append_only")]

    operations = [
        migrations.RunSQL(
            SQL,
            reverse_sql="""
                DROP TRIGGER published_projects_are_frozen ON contracts_project;
                DROP TRIGGER published_projects_stay ON contracts_project;
                DROP TRIGGER panels_are_fixed_at_publication ON contracts_panelist;
                DROP TRIGGER bids_keep_to_the_deadline ON contracts_bid;
                DROP TRIGGER opened_bids_stand ON contracts_bid;
                DROP TRIGGER bids_stay ON contracts_bid;
                DROP TRIGGER sealed_terms_of_opened_bids_stand ON contracts_sealedterms;
                DROP TRIGGER sealed_terms_stay ON contracts_sealedterms;
                DROP TRIGGER sealed_deeds_are_published_once ON contracts_sealedevent;
                DROP TRIGGER sealed_deeds_stay ON contracts_sealedevent;
                DROP TRIGGER awards_stand ON contracts_award;
                DROP TRIGGER awards_stay ON contracts_award;
                DROP TRIGGER keys_stay ON contracts_wrappedkey;
                DROP FUNCTION contracts_guard_project, contracts_guard_project_stays, contracts_guard_panel,
                    contracts_guard_bid_times, contracts_guard_opened_bid, contracts_guard_sealed_terms,
                    contracts_guard_sealed_event, contracts_guard_award;
            """,
        )
    ]
