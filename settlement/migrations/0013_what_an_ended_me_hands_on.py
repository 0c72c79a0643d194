from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.ids

SQL = Path(__file__).with_suffix(".sql").read_text()

UNDO = """
    CREATE OR REPLACE VIEW settlement_statementline AS
    SELECT l.id, l.person_id, l.microenterprise_id, l.share_terms_id, l.outcome_id, l.night,
           (CASE WHEN l.night = l.business_date THEN 4 ELSE 1 END)::smallint AS position,
           l.business_date, 'share'::varchar AS kind, l.currency, l.weight, l.weights_sum, 0::smallint AS days,
           l.amount_minor, l.recovered_minor, l.payable_minor
      FROM settlement_shareline l
     WHERE l.weight > 0
    UNION ALL
    SELECT p.id, p.person_id, p.microenterprise_id, NULL::uuid, NULL::uuid, p.night,
           (CASE WHEN p.kind = 'forgiven' THEN 3 WHEN p.night = p.business_date THEN 2 ELSE 0 END)::smallint,
           p.business_date, p.kind, p.currency, 0::bigint, 0::bigint, p.days::smallint,
           p.amount_minor, 0::bigint, CASE WHEN p.kind = 'forgiven' THEN 0 ELSE p.amount_minor END
      FROM settlement_payline p;
"""


class Migration(migrations.Migration):
    """Stakes given back when an ME ends are paid out and stand on statements."""

    dependencies = [
        ("core", "0002_clock_and_append_only"),
        ("ledger", "0007_nights_become_months"),
        ("microenterprises", "0005_terms_never_reach_back"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("settlement", "0012_bank_details_may_be_sealed_anew"),
    ]

    operations = [
        migrations.CreateModel(
            name="HandedOn",
            fields=[
                (
                    "id",
                    models.UUIDField(default=core.ids.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("night", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("stake_minor", models.BigIntegerField()),
                ("amount_minor", models.BigIntegerField()),
                ("entry_reference", models.CharField(max_length=120)),
                (
                    "microenterprise",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="microenterprises.microenterprise",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-night", "id"],
                "indexes": [
                    models.Index(fields=["person", "-night", "id"], name="settlement_handed_person"),
                    models.Index(fields=["night"], name="settlement_handed_night"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("microenterprise", "person"), name="an_me_is_handed_on_once"),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0), ("stake_minor__gte", 0)),
                        name="what_is_handed_on_is_money",
                    ),
                ],
            },
        ),
        migrations.RunSQL(SQL, UNDO),
    ]
