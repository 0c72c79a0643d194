import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import core.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("microenterprises", "0001_firms_ideas_seats_and_terms"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Outcome",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("night", models.DateField()),
                ("business_date", models.DateField()),
                ("is_final", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("settled", "Shared"),
                            ("nothing", "Nothing to share"),
                            ("waiting", "Waits for a larger pool"),
                            ("exception", "Could not settle"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "snag",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("no_terms", "No share terms"),
                            ("no_weights", "No weights"),
                            ("short_wallet", "Wallet too small"),
                            ("short_pay", "Pay not covered"),
                            ("pay_owed", "Earlier pay open"),
                        ],
                        max_length=12,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("fiscal_year", models.DateField(help_text="First day of the fiscal year the figures belong to.")),
                ("profit_before_minor", models.BigIntegerField()),
                ("profit_minor", models.BigIntegerField()),
                ("due_before_fine", models.BigIntegerField()),
                ("due_fine", models.BigIntegerField()),
                ("already_shared_minor", models.BigIntegerField()),
                ("pool_minor", models.BigIntegerField()),
                ("shared_minor", models.BigIntegerField(default=0, help_text="The pool, once it was posted; else 0.")),
                ("needed_minor", models.BigIntegerField(default=0)),
                ("wallet_minor", models.BigIntegerField(default=0)),
                ("recovered_minor", models.BigIntegerField(default=0)),
                ("payable_minor", models.BigIntegerField(default=0)),
                ("pay_minor", models.BigIntegerField(default=0)),
                ("draws_minor", models.BigIntegerField(default=0)),
                ("written_off_minor", models.BigIntegerField(default=0)),
                ("weights_sum", models.BigIntegerField(default=0)),
                ("line_count", models.PositiveIntegerField(default=0)),
                ("entry_reference", models.CharField(blank=True, max_length=120)),
                ("facts_sha256", models.CharField(max_length=64)),
                ("frozen", models.JSONField(null=True)),
                (
                    "carries_at",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="settlement.outcome",
                    ),
                ),
                (
                    "microenterprise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outcomes",
                        to="microenterprises.microenterprise",
                    ),
                ),
                (
                    "repairs",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="repaired_by",
                        to="settlement.outcome",
                    ),
                ),
                (
                    "share_terms",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="microenterprises.shareterms",
                    ),
                ),
            ],
            options={
                "ordering": ["-night", "id"],
                "indexes": [
                    models.Index(fields=["microenterprise", "-night"], name="settlement_outcome_me"),
                    models.Index(fields=["night", "-shared_minor", "id"], name="settlement_outcome_night"),
                    models.Index(
                        condition=models.Q(("state", "exception")),
                        fields=["microenterprise", "business_date"],
                        name="settlement_outcome_exception",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("repairs", None)),
                        fields=("microenterprise", "business_date"),
                        name="a_date_of_an_me_ends_once",
                    ),
                    models.CheckConstraint(condition=models.Q(("pool_minor__gte", 0)), name="a_pool_is_not_negative"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("shared_minor", models.F("pool_minor")), ("state", "settled")),
                            models.Q(models.Q(("state", "settled"), _negated=True), ("shared_minor", 0)),
                            _connector="OR",
                        ),
                        name="only_a_settled_date_shares",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("frozen__isnull", False), ("state", "exception")),
                            models.Q(models.Q(("state", "exception"), _negated=True), ("frozen", None)),
                            _connector="OR",
                        ),
                        name="an_exception_freezes_its_facts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("night", models.F("business_date")), ("repairs", None)),
                            models.Q(("night__gt", models.F("business_date")), ("repairs__isnull", False)),
                            _connector="OR",
                        ),
                        name="only_a_repair_is_posted_later",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PayLine",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("stable", "Stable pay"),
                            ("draw", "Draw"),
                            ("forgiven", "Advance taken over by the ME"),
                        ],
                        max_length=10,
                    ),
                ),
                ("month", models.DateField(help_text="First day of the month it is for.")),
                ("business_date", models.DateField()),
                ("night", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("days", models.PositiveSmallIntegerField(default=0)),
                ("days_in_month", models.PositiveSmallIntegerField(default=0)),
                ("monthly_minor", models.BigIntegerField(default=0)),
                ("amount_minor", models.BigIntegerField()),
                ("entry_reference", models.CharField(max_length=120)),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pay_lines",
                        to="microenterprises.membership",
                    ),
                ),
                (
                    "microenterprise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pay_lines",
                        to="microenterprises.microenterprise",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pay_lines",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-night", "id"],
                "indexes": [
                    models.Index(fields=["person", "-night", "id"], name="settlement_pay_person"),
                    models.Index(fields=["night", "microenterprise"], name="settlement_pay_night"),
                    models.Index(fields=["microenterprise", "month"], name="settlement_pay_me_month"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("membership", "month", "kind"), name="a_month_is_paid_once"),
                    models.CheckConstraint(condition=models.Q(("amount_minor__gt", 0)), name="a_pay_line_is_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SettlementRun",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("business_date", models.DateField(unique=True, verbose_name="business date")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("posting", "Posting"),
                            ("sealed", "Waiting for approval"),
                            ("approved", "Approved"),
                            ("paid", "Paid"),
                        ],
                        default="posting",
                        max_length=10,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("sealed_at", models.DateTimeField(null=True)),
                ("approved_at", models.DateTimeField(null=True)),
                ("paid_at", models.DateTimeField(null=True)),
                ("mes_total", models.PositiveIntegerField(default=0)),
                ("mes_done", models.PositiveIntegerField(default=0)),
                ("exceptions", models.PositiveIntegerField(default=0)),
                ("lines", models.PositiveIntegerField(default=0)),
                (
                    "totals",
                    models.JSONField(default=dict, help_text="By currency: shared, payable, recovered, pay, draws."),
                ),
                ("inputs_sha256", models.CharField(blank=True, max_length=64)),
                ("lines_sha256", models.CharField(blank=True, max_length=64)),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "paid_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        help_text="Empty when the clock started it.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-business_date"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("sealed_at", None), ("status", "posting")),
                            models.Q(models.Q(("status", "posting"), _negated=True), ("sealed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_sealed_run_has_its_instant",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_by", None),
                            models.Q(("approved_by", models.F("started_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="who_started_a_run_does_not_approve_it",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RunShard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "microenterprises",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None),
                ),
                ("is_done", models.BooleanField(default=False)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shards",
                        to="settlement.settlementrun",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_done", False)), fields=["run", "number"], name="settlement_shard_open"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "number"), name="shards_are_numbered_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ShareLine",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("night", models.DateField()),
                ("business_date", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("weight", models.BigIntegerField()),
                ("weights_sum", models.BigIntegerField()),
                ("inherited_grain", models.BigIntegerField(default=0)),
                ("carry_before_grain", models.BigIntegerField(default=0)),
                ("carry_after_grain", models.BigIntegerField(default=0)),
                ("amount_minor", models.BigIntegerField()),
                ("recovered_minor", models.BigIntegerField(default=0)),
                ("payable_minor", models.BigIntegerField()),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="share_lines",
                        to="microenterprises.membership",
                    ),
                ),
                (
                    "outcome",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="share_lines", to="settlement.outcome"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="share_lines",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-night", "id"],
                "indexes": [
                    models.Index(fields=["person", "-night", "id"], name="settlement_line_person"),
                    models.Index(fields=["night", "outcome"], name="settlement_line_night"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("outcome", "membership"), name="a_membership_has_one_line_per_pool"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gte", 0)), name="a_share_is_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "amount_minor",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("recovered_minor"), "+", models.F("payable_minor")
                                ),
                            ),
                            ("recovered_minor__gte", 0),
                        ),
                        name="a_share_pays_the_draw_first",
                    ),
                ],
            },
        ),
    ]
