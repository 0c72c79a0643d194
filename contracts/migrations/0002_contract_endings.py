import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0001_projects_bids_and_contracts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="contract",
            name="end_proposed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="contract",
            name="end_proposed_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="end_proposed_for",
            field=models.CharField(
                choices=[("buyer", "Buyer"), ("supplier", "Supplier")],
                help_text="The party whose leader proposed the end.",
                max_length=10,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="contract",
            name="end_proposed_reason",
            field=models.TextField(blank=True, db_default=""),
        ),
        migrations.AddIndex(
            model_name="contract",
            index=models.Index(fields=["acceptor", "status"], name="contract_acceptor"),
        ),
        migrations.AddIndex(
            model_name="contract",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("title"), name="gin_trgm_ops"
                ),
                name="contract_title_trgm",
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("end_proposed_at", None), ("end_proposed_by", None), ("end_proposed_for", None)),
                    models.Q(
                        ("end_proposed_at__isnull", False),
                        ("end_proposed_by__isnull", False),
                        ("end_proposed_for__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="a_proposed_end_says_who_and_when",
            ),
        ),
    ]
