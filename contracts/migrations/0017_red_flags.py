import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import core.ids

NOTES_STAND = """
CREATE TRIGGER notes_on_red_flags_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON contracts_flagnote
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Notes on red flags');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0016_example_parameters_of_awards"),
        ("core", "0002_clock_and_append_only"),
        ("microenterprises", "0007_names_for_the_admin"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FlagSearch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("business_date", models.DateField(unique=True)),
                ("searched_at", models.DateTimeField()),
                ("processes", models.PositiveIntegerField()),
                ("fences", models.JSONField(default=dict)),
                ("counts", models.JSONField(default=dict)),
                ("proofs", models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name="RedFlag",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=160)),
                ("indicator", models.CharField(max_length=4)),
                ("group", models.CharField(max_length=16)),
                ("names", models.JSONField(default=list)),
                ("value", models.CharField(max_length=120)),
                ("figures", models.JSONField(default=dict)),
                ("found_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("looked_at", models.DateTimeField(null=True)),
                (
                    "firms",
                    models.ManyToManyField(related_name="named_in_red_flags", to="microenterprises.microenterprise"),
                ),
                (
                    "looked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "microenterprise",
                    models.ForeignKey(
                        help_text="Whom it is about.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="red_flags",
                        to="microenterprises.microenterprise",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="red_flags",
                        to="contracts.project",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(("ended_at", None)), fields=("key",), name="a_question_stands_once"
                    ),
                    models.CheckConstraint(
                        condition=Q(("looked_at", None), ("looked_by", None))
                        | Q(("looked_at__isnull", False), ("looked_by__isnull", False)),
                        name="a_look_says_who_and_when",
                    ),
                ],
                "indexes": [
                    models.Index(condition=Q(("ended_at", None)), fields=["-found_at", "-id"], name="flag_found"),
                    models.Index(
                        condition=Q(("ended_at", None), ("looked_at", None)),
                        fields=["-found_at", "-id"],
                        name="flag_waiting",
                    ),
                    models.Index(fields=["indicator", "-found_at", "-id"], name="flag_indicator"),
                    models.Index(
                        condition=Q(("ended_at__isnull", False)), fields=["-found_at", "-id"], name="flag_ended"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FlagNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.TextField()),
                ("value", models.CharField(max_length=120)),
                ("noted_at", models.DateTimeField()),
                (
                    "flag",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="contracts.redflag"
                    ),
                ),
                (
                    "noted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["noted_at", "id"],
                "constraints": [
                    models.CheckConstraint(condition=Q(("reason", ""), _negated=True), name="a_look_has_a_reason")
                ],
            },
        ),
        migrations.RunSQL(NOTES_STAND, reverse_sql="DROP TRIGGER notes_on_red_flags_stand ON contracts_flagnote;"),
    ]
