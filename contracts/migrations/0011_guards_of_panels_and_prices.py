from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).with_suffix(".sql").read_text()
FIRST = (Path(__file__).parent / "0005_project_and_bid_guards.sql").read_text()
"""The guards as they were before: two of them are replaced here."""


def _before(function: str) -> str:
    start = FIRST.index(f"CREATE FUNCTION {function}(")
    return FIRST[start : FIRST.index("CREATE TRIGGER", start)].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("contracts", "0010_what_panels_did_before")]

    operations = [
        migrations.AddConstraint(
            model_name="bid",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("price_minor", None), ("price_opened_at", None)),
                    models.Q(("price_minor__isnull", False), ("price_opened_at__isnull", False)),
                    _connector="OR",
                ),
                name="a_price_shows_once_it_is_opened",
            ),
        ),
        migrations.RunSQL(
            SQL,
            reverse_sql=[
                """
                DROP TRIGGER criteria_are_frozen_at_publication ON contracts_criterion;
                DROP TRIGGER envelopes_are_frozen_at_publication ON contracts_project;
                DROP TRIGGER declarations_stand ON contracts_declaration;
                DROP TRIGGER scores_are_published_together ON contracts_score;
                DROP TRIGGER scores_stand ON contracts_score;
                DROP TRIGGER scores_stay ON contracts_score;
                DROP TRIGGER sealed_scores_stay ON contracts_sealedscores;
                DROP TRIGGER agreed_figures_stand ON contracts_consensus;
                DROP TRIGGER figures_stay ON contracts_consensus;
                DROP TRIGGER lines_of_figures_stand ON contracts_consensusline;
                DROP TRIGGER confirmations_stand ON contracts_confirmation;
                DROP TRIGGER quality_is_what_the_panel_agreed ON contracts_bid;
                DROP FUNCTION contracts_guard_criteria, contracts_guard_envelopes, contracts_guard_score_arrival,
                    contracts_guard_score, contracts_guard_consensus, contracts_guard_quality;
                """,
                _before("contracts_guard_panel"),
                _before("contracts_guard_opened_bid"),
            ],
        ),
    ]
