from datetime import date
from pathlib import Path
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.ids

SQL = Path(__file__).with_suffix(".sql").read_text()
FROZEN = (Path(__file__).parent / "0005_project_and_bid_guards.sql").read_text()
NAME = "shortest_minutes_after_a_change"


def write(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.create(
        name=NAME,
        holds_from=date(2000, 1, 1),
        value=1440,
        note="Example. Minutes that lie at least between a change of a published project and its deadline",
    )


def remove(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0007_a_draft_may_be_cancelled"),
        ("core", "0003_example_parameters"),
        ("microenterprises", "0004_example_launch_seats"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="project",
            name="admission",
            field=models.CharField(
                choices=[("open", "Every ME"), ("invited", "Invited MEs only")],
                db_default="open",
                default="open",
                max_length=8,
                verbose_name="who may bid",
            ),
        ),
        *(
            migrations.AddField(
                model_name="project", name=f"measure_{part}", field=models.TextField(blank=True, db_default="")
            )
            for part in ("metric", "baseline", "target", "how", "by")
        ),
        migrations.AddField(
            model_name="project",
            name="milestones",
            field=models.JSONField(
                db_default=[], default=list, help_text="What the buyer proposes: title, share in basis points, days."
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="revision",
            field=models.PositiveIntegerField(
                db_default=1, default=1, help_text="Number of its words; see ProjectVersion."
            ),
        ),
        migrations.AddField(model_name="sealedterms", name="made_for", field=models.BinaryField(default=b"")),
        migrations.AlterField(
            model_name="bid",
            name="status",
            field=models.CharField(
                choices=[
                    ("submitted", "Submitted"),
                    ("withdrawn", "Withdrawn"),
                    ("stale", "Not confirmed"),
                    ("valid", "Valid"),
                    ("disqualified", "Disqualified"),
                ],
                default="submitted",
                max_length=12,
            ),
        ),
        migrations.RemoveConstraint(model_name="bid", name="only_opened_bids_are_judged"),
        migrations.AddConstraint(
            model_name="bid",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("opened_at", None), ("status__in", ["submitted", "withdrawn", "stale"])),
                    models.Q(("opened_at__isnull", False), models.Q(("status", "stale"), _negated=True)),
                    _connector="OR",
                ),
                name="only_opened_bids_are_judged",
            ),
        ),
        migrations.CreateModel(
            name="InvitedFirm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "microenterprise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="microenterprises.microenterprise",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="invited", to="contracts.project"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("project", "microenterprise"), name="an_me_is_invited_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ProjectVersion",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("words", models.JSONField()),
                ("reason", models.TextField(blank=True)),
                ("made_at", models.DateTimeField()),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="contracts.project"
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("project", "number"), name="project_versions_are_numbered_once"),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)), name="project_versions_begin_with_1"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number", 1), models.Q(("reason", ""), _negated=True), _connector="OR"),
                        name="a_changed_project_says_why",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            SQL,
            reverse_sql=[
                """
                DROP TRIGGER invitations_are_fixed_at_publication ON contracts_invitedfirm;
                DROP TRIGGER project_versions_stand ON contracts_projectversion;
                DROP FUNCTION contracts_guard_invited;
                ALTER TABLE contracts_project DROP CONSTRAINT proposed_milestones_share_the_whole_price;
                DROP FUNCTION contracts_shares_bp;
                """,
                FROZEN[FROZEN.index("CREATE FUNCTION") : FROZEN.index("CREATE TRIGGER")].replace(
                    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
                ),
            ],
        ),
        migrations.RunPython(write, remove),
    ]
