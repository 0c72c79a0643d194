from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import Lower

import core.ids

USER = settings.AUTH_USER_MODEL
PROTECT = django.db.models.deletion.PROTECT
CASCADE = django.db.models.deletion.CASCADE


def _reference(to: str, related_name: str = "+", *, null: bool = False) -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(null=null, on_delete=PROTECT, related_name=related_name, to=to)


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0023_short_notice_inside_and_days_of_alerts"),
        ("microenterprises", "0007_names_for_the_admin"),
        migrations.swappable_dependency(USER),
    ]
    operations = [
        migrations.CreateModel(
            name="Vendor",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=160, verbose_name="name of the firm")),
                (
                    "country",
                    models.CharField(help_text="ISO 3166-1, two letters.", max_length=2, verbose_name="country"),
                ),
                ("created_at", models.DateTimeField()),
                ("created_by", _reference(USER)),
            ],
            options={
                "ordering": ["name", "id"],
                "constraints": [
                    models.UniqueConstraint(Lower("name"), F("country"), name="a_vendor_is_known_once"),
                    models.CheckConstraint(condition=~Q(name=""), name="a_vendor_has_a_name"),
                ],
            },
        ),
        migrations.CreateModel(
            name="VendorSeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seated_at", models.DateTimeField()),
                ("person", models.OneToOneField(on_delete=PROTECT, related_name="vendor_seat", to=USER)),
                ("vendor", _reference("contracts.vendor", "seats")),
            ],
        ),
        migrations.CreateModel(
            name="InvitedVendor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("invited_at", models.DateTimeField()),
                ("invited_by", _reference(USER)),
                (
                    "project",
                    models.ForeignKey(on_delete=CASCADE, related_name="invited_vendors", to="contracts.project"),
                ),
                ("vendor", _reference("contracts.vendor", "invited_to")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["project", "vendor"], name="a_vendor_is_invited_once")],
            },
        ),
        migrations.CreateModel(
            name="VendorInvitation",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, primary_key=True, serialize=False)),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail address")),
                ("made_at", models.DateTimeField()),
                ("token_sha256", models.CharField(max_length=64, null=True, unique=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("accepted_at", models.DateTimeField(null=True)),
                ("accepted_by", _reference(USER, null=True)),
                ("made_by", _reference(USER)),
                (
                    "project",
                    models.ForeignKey(on_delete=CASCADE, related_name="vendor_invitations", to="contracts.project"),
                ),
                ("vendor", _reference("contracts.vendor", "invitations")),
            ],
            options={
                "ordering": ["made_at", "id"],
                "indexes": [models.Index(fields=["vendor", "email"], name="vendor_invitation_address")],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(sent_at=None, expires_at=None, token_sha256=None)
                        | Q(sent_at__isnull=False, expires_at__isnull=False, token_sha256__isnull=False),
                        name="a_sent_invitation_has_a_token_and_an_end",
                    ),
                    models.CheckConstraint(
                        condition=Q(accepted_at=None, accepted_by=None)
                        | Q(accepted_at__isnull=False, accepted_by__isnull=False, sent_at__isnull=False),
                        name="an_accepted_invitation_was_sent_and_says_by_whom",
                    ),
                ],
            },
        ),
        migrations.AddField("bid", "vendor", _reference("contracts.vendor", "opened_bids", null=True)),
        migrations.RemoveConstraint(model_name="bid", name="a_sealed_bid_shows_nothing"),
        migrations.AddConstraint(
            "bid",
            models.CheckConstraint(
                condition=Q(opened_at__isnull=False)
                | Q(
                    microenterprise=None,
                    vendor=None,
                    author=None,
                    price_minor=None,
                    days=None,
                    plan=None,
                    answers__isnull=True,
                    price_opened_at=None,
                    quality_points=None,
                    quality_parts__isnull=True,
                    bidder_name="",
                    outcome_reason="",
                ),
                name="a_sealed_bid_shows_nothing",
            ),
        ),
        migrations.AddConstraint(
            "bid",
            models.CheckConstraint(
                condition=Q(microenterprise=None, vendor=None)
                | Q(microenterprise__isnull=False, vendor=None, bidder_name="")
                | Q(microenterprise=None, vendor__isnull=False, bidder_name=""),
                name="a_bid_shows_one_bidder",
            ),
        ),
        migrations.AlterField(
            "contract", "supplier", _reference("microenterprises.microenterprise", "contracts_as_supplier", null=True)
        ),
        migrations.AddField("contract", "supplier_vendor", _reference("contracts.vendor", "contracts", null=True)),
        migrations.AddConstraint(
            "contract",
            models.CheckConstraint(
                condition=Q(supplier=None, supplier_vendor__isnull=False)
                | Q(supplier__isnull=False, supplier_vendor=None),
                name="a_contract_has_one_supplier",
            ),
        ),
        migrations.AlterField(
            "objection", "microenterprise", _reference("microenterprises.microenterprise", null=True)
        ),
        migrations.AddField("objection", "vendor", _reference("contracts.vendor", null=True)),
        migrations.AddConstraint(
            "objection",
            models.UniqueConstraint(fields=["award", "vendor"], name="a_vendor_objects_to_an_award_once"),
        ),
        migrations.AddConstraint(
            "objection",
            models.CheckConstraint(
                condition=Q(microenterprise=None, vendor__isnull=False) | Q(microenterprise__isnull=False, vendor=None),
                name="an_objection_is_of_one_bidder",
            ),
        ),
    ]
