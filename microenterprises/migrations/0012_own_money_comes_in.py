from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [
        ("microenterprises", "0011_a_number_is_one_however_typed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="pledge",
            name="dated",
            field=models.DateField(help_text="The day on which a person's money came in.", null=True),
        ),
        migrations.AddField(
            model_name="pledge",
            name="document",
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name="pledge",
            name="document_key",
            field=models.TextField(default="", editable=False),
        ),
        migrations.AddField(
            model_name="pledge",
            name="received_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="pledge",
            name="received_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AlterField(
            model_name="pledge",
            name="status",
            field=models.CharField(
                choices=[
                    ("promised", "Promised, not paid in"),
                    ("held", "Held"),
                    ("converted", "Became a stake"),
                    ("refunded", "Refunded"),
                    ("cancelled", "Never paid in"),
                ],
                max_length=10,
            ),
        ),
        migrations.RunSQL(SQL),
        migrations.AddIndex(
            model_name="pledge",
            index=models.Index(
                condition=models.Q(("status", "promised")), fields=["pledged_at", "id"], name="pledge_promised"
            ),
        ),
        migrations.AddConstraint(
            model_name="pledge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("microenterprise", None), ("received_at", None), ("status__in", ["promised", "cancelled"])
                    ),
                    models.Q(
                        ("microenterprise__isnull", False),
                        ("received_at", None),
                        ("status__in", ["held", "converted", "refunded"]),
                    ),
                    models.Q(
                        models.Q(("document_key", ""), _negated=True),
                        ("dated__isnull", False),
                        ("microenterprise", None),
                        ("received_at__isnull", False),
                        ("status__in", ["held", "converted", "refunded"]),
                    ),
                    _connector="OR",
                ),
                name="own_money_has_come_in",
            ),
        ),
        migrations.AddConstraint(
            model_name="pledge",
            constraint=models.UniqueConstraint(
                condition=models.Q(("document_key", ""), _negated=True),
                fields=("idea", "document_key"),
                name="a_paper_pays_one_pledge",
            ),
        ),
    ]
