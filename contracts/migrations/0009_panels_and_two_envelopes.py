import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.ids


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("contracts", "0008_changing_a_published_project"),
    ]

    operations = [
        migrations.AddField(
            model_name="project",
            name="two_envelopes",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Prices stay sealed until the panel has agreed on quality.",
                verbose_name="two envelopes",
            ),
        ),
        migrations.AddField(
            model_name="bid",
            name="answers",
            field=models.JSONField(
                help_text="One text for each criterion that asks for one, in their order.", null=True
            ),
        ),
        migrations.AddField(
            model_name="bid",
            name="price_opened_at",
            field=models.DateTimeField(help_text="Under two envelopes later than the rest, or never.", null=True),
        ),
        migrations.AddField(
            model_name="bid",
            name="quality_parts",
            field=models.JSONField(
                help_text="The agreed figure of each criterion: title, weight in basis points, points, reason.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="panelist",
            name="status",
            field=models.CharField(
                choices=[
                    ("named", "To declare"),
                    ("ready", "Judging"),
                    ("submitted", "Points given"),
                    ("conflicted", "Conflict of interest"),
                ],
                db_default="named",
                default="named",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="panelist",
            name="named_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="panelist",
            name="named_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AlterField(
            model_name="bid",
            name="quality_points",
            field=models.PositiveIntegerField(help_text="0 to 10,000, agreed by the panel.", null=True),
        ),
        migrations.RemoveConstraint(
            model_name="bid",
            name="a_sealed_bid_shows_nothing",
        ),
        migrations.AddConstraint(
            model_name="bid",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("opened_at__isnull", False),
                    models.Q(
                        ("answers__isnull", True),
                        ("author", None),
                        ("bidder_name", ""),
                        ("days", None),
                        ("microenterprise", None),
                        ("outcome_reason", ""),
                        ("plan", None),
                        ("price_minor", None),
                        ("price_opened_at", None),
                        ("quality_parts__isnull", True),
                        ("quality_points", None),
                    ),
                    _connector="OR",
                ),
                name="a_sealed_bid_shows_nothing",
            ),
        ),
        migrations.AddConstraint(
            model_name="panelist",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("named_at", None), ("named_by", None)),
                    models.Q(("named_at__isnull", False), ("named_by__isnull", False)),
                    _connector="OR",
                ),
                name="a_panelist_named_later_has_who_and_when",
            ),
        ),
        migrations.AddIndex(
            model_name="panelist",
            index=models.Index(fields=["person", "status"], name="panelist_person"),
        ),
        migrations.CreateModel(
            name="Criterion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="criteria", to="contracts.project"
                    ),
                ),
                ("place", models.PositiveSmallIntegerField()),
                ("title", models.CharField(max_length=80, verbose_name="title")),
                ("judged", models.CharField(blank=True, max_length=400, verbose_name="what is judged")),
                ("weight_bp", models.PositiveIntegerField(verbose_name="weight, basis points")),
            ],
            options={
                "ordering": ["project", "place"],
                "constraints": [
                    models.UniqueConstraint(fields=("project", "place"), name="a_project_has_one_criterion_at_a_place"),
                    models.CheckConstraint(
                        condition=models.Q(("weight_bp__gte", 1), ("weight_bp__lte", 10000)),
                        name="a_criterion_weighs_1_to_10000_bp",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("title", ""), _negated=True), name="a_criterion_has_a_title"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Declaration",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, primary_key=True, serialize=False)),
                (
                    "panelist",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="declarations",
                        to="contracts.panelist",
                    ),
                ),
                (
                    "says",
                    models.CharField(
                        choices=[
                            ("none", "No conflict of interest"),
                            ("declared", "Declared"),
                            ("recorded", "Recorded by the steward"),
                            ("member", "Member of the bidding ME"),
                            ("was_member", "Member of the bidding ME not long ago"),
                            ("shares_me", "In one ME with the author of the bid"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "bid",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contracts.bid"
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=1000)),
                ("made_at", models.DateTimeField()),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["made_at", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("bid", None), ("reason", ""), ("says", "none")),
                            models.Q(
                                models.Q(("says", "none"), _negated=True),
                                models.Q(("reason", ""), _negated=True),
                                ("bid__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_conflict_names_a_bidder_and_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("made_by__isnull", False),
                            ("says__in", ["member", "was_member", "shares_me"]),
                            _connector="OR",
                        ),
                        name="only_rules_find_without_a_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SealedScores",
            fields=[
                (
                    "panelist",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="sealed_scores",
                        serialize=False,
                        to="contracts.panelist",
                    ),
                ),
                ("ciphertext", models.BinaryField()),
                ("kept_at", models.DateTimeField()),
                ("submitted_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [],
            },
        ),
        migrations.CreateModel(
            name="Score",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "panelist",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="scores", to="contracts.panelist"
                    ),
                ),
                (
                    "bid",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="scores", to="contracts.bid"
                    ),
                ),
                (
                    "criterion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contracts.criterion"
                    ),
                ),
                ("points", models.PositiveIntegerField()),
                ("reason", models.CharField(max_length=600)),
                ("voided_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("panelist", "bid", "criterion"), name="a_panelist_scores_a_bid_once"
                    ),
                    models.CheckConstraint(condition=models.Q(("points__lte", 10000)), name="a_score_is_at_most_10000"),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="a_score_has_a_reason"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Consensus",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, primary_key=True, serialize=False)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="consensuses", to="contracts.project"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("proposed", "Proposed"), ("agreed", "Agreed"), ("dropped", "Dropped")],
                        default="proposed",
                        max_length=8,
                    ),
                ),
                ("needed", models.PositiveSmallIntegerField()),
                ("proposed_at", models.DateTimeField()),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["proposed", "agreed"])),
                        fields=("project",),
                        name="one_consensus_is_proposed_or_agreed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("status", "proposed")),
                            models.Q(models.Q(("status", "proposed"), _negated=True), ("ended_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_consensus_ends_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConsensusLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "consensus",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="contracts.consensus"
                    ),
                ),
                (
                    "bid",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contracts.bid"
                    ),
                ),
                (
                    "criterion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contracts.criterion"
                    ),
                ),
                ("points", models.PositiveIntegerField()),
                ("reason", models.CharField(max_length=600)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("consensus", "bid", "criterion"), name="a_consensus_has_one_figure_each"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("points__lte", 10000)), name="a_figure_is_at_most_10000"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="a_figure_has_a_reason"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Confirmation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "consensus",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="confirmations",
                        to="contracts.consensus",
                    ),
                ),
                ("confirmed_at", models.DateTimeField()),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("consensus", "confirmed_by"), name="a_consensus_is_confirmed_once_each"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReplacementRequest",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, primary_key=True, serialize=False)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replacement_requests",
                        to="contracts.project",
                    ),
                ),
                ("reason", models.CharField(max_length=1000)),
                ("asked_at", models.DateTimeField()),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "panelist",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaces",
                        to="contracts.panelist",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("panelist", None)), fields=("project",), name="one_replacement_is_asked_for"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="a_replacement_is_asked_for_with_a_reason",
                    ),
                ],
            },
        ),
    ]
