from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import F, Q

import core.ids

PERSON: Any = {"on_delete": django.db.models.deletion.PROTECT, "related_name": "+", "to": settings.AUTH_USER_MODEL}


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0013_releases"),
        ("microenterprises", "0007_names_for_the_admin"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="award", name="one_award_per_project"),
        migrations.AlterField(
            model_name="award",
            name="bid",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="awards", to="contracts.bid"
            ),
        ),
        migrations.AlterField(
            model_name="award",
            name="status",
            field=models.CharField(
                choices=[
                    ("proposed", "Waiting for a second person"),
                    ("standing", "Standing"),
                    ("active", "Active"),
                    ("declined", "Declined"),
                    ("cancelled", "Cancelled"),
                ],
                default="proposed",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="award",
            name="causes",
            field=ArrayField(models.CharField(max_length=12), db_default=[], default=list),
        ),
        migrations.AddField(model_name="award", name="agreed_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="award", name="agreed_by", field=models.ForeignKey(null=True, **PERSON)),
        migrations.AddField(
            model_name="award", name="agreed_reason", field=models.TextField(blank=True, db_default="")
        ),
        migrations.AddField(
            model_name="award",
            name="stands_until",
            field=models.DateTimeField(help_text="From this instant on nobody may object any more.", null=True),
        ),
        migrations.AddField(model_name="award", name="ended_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="award", name="ended_by", field=models.ForeignKey(null=True, **PERSON)),
        migrations.AddField(model_name="award", name="ended_reason", field=models.TextField(blank=True, db_default="")),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.UniqueConstraint(
                fields=["project"],
                condition=Q(status__in=["proposed", "standing", "active"]),
                name="one_award_per_project",
            ),
        ),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.CheckConstraint(
                condition=Q(agreed_at=None, agreed_by=None) | Q(agreed_at__isnull=False, agreed_by__isnull=False),
                name="an_agreed_award_says_who_and_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.CheckConstraint(
                condition=~Q(agreed_by=F("awarded_by")), name="nobody_agrees_to_their_own_award"
            ),
        ),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.CheckConstraint(
                condition=Q(status__in=["proposed", "declined", "cancelled"])
                | Q(causes=[])
                | Q(agreed_at__isnull=False),
                name="an_award_in_force_has_its_second_person",
            ),
        ),
        migrations.AddIndex(
            model_name="award",
            index=models.Index(fields=["stands_until"], name="award_standing", condition=Q(status="standing")),
        ),
        migrations.CreateModel(
            name="Objection",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, primary_key=True, serialize=False)),
                ("reason", models.TextField(verbose_name="reason")),
                ("raised_at", models.DateTimeField()),
                (
                    "ruling",
                    models.CharField(
                        choices=[("upheld", "Upheld"), ("dismissed", "Dismissed")], max_length=10, null=True
                    ),
                ),
                ("ruling_reason", models.TextField(blank=True)),
                ("ruled_at", models.DateTimeField(null=True)),
                (
                    "award",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="objections", to="contracts.award"
                    ),
                ),
                (
                    "microenterprise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="microenterprises.microenterprise",
                    ),
                ),
                ("raised_by", models.ForeignKey(**PERSON)),
                ("ruled_by", models.ForeignKey(null=True, **PERSON)),
            ],
            options={
                "ordering": ["raised_at", "id"],
                "indexes": [models.Index(fields=["raised_at"], name="objection_open", condition=Q(ruling=None))],
                "constraints": [
                    models.UniqueConstraint(fields=["award", "microenterprise"], name="an_me_objects_to_an_award_once"),
                    models.CheckConstraint(condition=~Q(reason=""), name="an_objection_has_a_reason"),
                    models.CheckConstraint(
                        condition=Q(ruling=None, ruled_at=None, ruled_by=None, ruling_reason="")
                        | (
                            Q(ruling__isnull=False, ruled_at__isnull=False, ruled_by__isnull=False)
                            & ~Q(ruling_reason="")
                        ),
                        name="a_ruling_says_who_when_and_why",
                    ),
                    models.CheckConstraint(condition=~Q(ruled_by=F("raised_by")), name="nobody_rules_on_their_own"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceQuestion",
            fields=[
                (
                    "bid",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="price_question",
                        serialize=False,
                        to="contracts.bid",
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("answer_until", models.DateTimeField()),
                ("answer", models.TextField(blank=True, verbose_name="answer")),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_by", models.ForeignKey(null=True, **PERSON)),
                ("asked_by", models.ForeignKey(**PERSON)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(answer="", answered_at=None, answered_by=None)
                        | (Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
                        name="an_explained_price_says_who_and_when",
                    )
                ]
            },
        ),
    ]
