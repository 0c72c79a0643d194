from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

import core.ids

USER = settings.AUTH_USER_MODEL
PROTECT = django.db.models.deletion.PROTECT


def _reference(to: str, related_name: str = "+", *, null: bool = False) -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(null=null, on_delete=PROTECT, related_name=related_name, to=to)


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0028_tokens_of_sealed_bids"),
        migrations.swappable_dependency(USER),
    ]
    operations = [
        migrations.CreateModel(
            name="FurtherColleague",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, primary_key=True, serialize=False)),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail address")),
                ("reason", models.TextField(verbose_name="reason")),
                ("asked_at", models.DateTimeField()),
                ("agreed", models.BooleanField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("asked_by", _reference(USER)),
                ("decided_by", _reference(USER, null=True)),
                ("vendor", _reference("contracts.vendor", "further_colleagues")),
            ],
            options={
                "ordering": ["-asked_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(agreed=None),
                        fields=("vendor", "email"),
                        name="a_colleague_is_asked_for_once_at_a_time",
                    ),
                    models.CheckConstraint(condition=~Q(reason=""), name="who_asks_for_a_colleague_says_why"),
                    models.CheckConstraint(
                        condition=Q(agreed=None, decided_at=None, decided_by=None)
                        | Q(agreed__isnull=False, decided_at__isnull=False, decided_by__isnull=False),
                        name="a_colleague_is_decided_on_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=~Q(agreed=True, decided_by=F("asked_by")), name="a_second_person_lets_a_colleague_in"
                    ),
                ],
            },
        ),
        migrations.AddField(
            "vendorinvitation", "colleague", _reference("contracts.furthercolleague", "invitations", null=True)
        ),
        migrations.AddField("vendorinvitation", "withdrawn_at", models.DateTimeField(null=True)),
        migrations.AddField("vendorinvitation", "withdrawn_by", _reference(USER, null=True)),
        migrations.AddConstraint(
            "vendorinvitation",
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False, accepted_at=None),
                name="only_an_unused_invitation_is_withdrawn",
            ),
        ),
    ]
