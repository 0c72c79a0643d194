from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.ids

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0025_guards_of_vendors"),
        ("microenterprises", "0007_names_for_the_admin"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LotSet",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, primary_key=True, serialize=False)),
                ("title", models.CharField(max_length=160, verbose_name="title")),
                ("created_at", models.DateTimeField()),
                (
                    "buyer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lot_sets",
                        to="microenterprises.microenterprise",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("title", ""), _negated=True), name="lots_have_a_title_together"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="project",
            name="lot_set",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lots",
                to="contracts.lotset",
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="lot_number",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lot_number", None), ("lot_set", None)),
                    models.Q(("lot_number__gt", 0), ("lot_set__isnull", False)),
                    _connector="OR",
                ),
                name="a_lot_has_its_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.UniqueConstraint(fields=("lot_set", "lot_number"), name="a_lot_number_is_given_once"),
        ),
        migrations.RunSQL(
            SQL,
            reverse_sql="""
                DROP TRIGGER lots_are_declared_before_publication ON contracts_project;
                DROP TRIGGER lots_go_together ON contracts_project;
                DROP TRIGGER published_lots_keep_their_title ON contracts_lotset;
                DROP FUNCTION contracts_guard_lot, contracts_guard_lots_together, contracts_guard_lot_set;
            """,
        ),
    ]
