from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()

TRIGGERS = {
    "shareterms": [
        "proposed_terms_keep_their_content",
        "agreed_terms_only_end",
        "ended_terms_stay",
        "terms_are_never_deleted",
    ],
    "ballot": ["a_ballot_keeps_its_question", "a_decided_ballot_stays", "ballots_are_never_deleted"],
    "vote": ["votes_stand"],
    "membership": ["a_membership_only_ends", "memberships_are_never_deleted"],
    "pledge": ["a_held_pledge_is_only_settled", "a_settled_pledge_stays", "pledges_are_never_deleted"],
    "moneyrecord": [
        "a_money_record_is_only_reversed",
        "a_reversed_money_record_stays",
        "money_records_are_never_deleted",
    ],
    "idea": ["a_published_idea_stays_as_it_was_read"],
    "microenterprise": ["an_me_keeps_its_books", "a_dissolved_me_stays", "mes_are_never_deleted"],
}
DROP = "".join(
    f"DROP TRIGGER {trigger} ON microenterprises_{table};" for table, names in TRIGGERS.items() for trigger in names
)


class Migration(migrations.Migration):
    dependencies = [
        ("microenterprises", "0002_reversals_of_money_records"),
        ("core", "0002_clock_and_append_only"),
    ]

    operations = [migrations.RunSQL(SQL, reverse_sql=DROP + "DROP FUNCTION microenterprises_keep();")]
