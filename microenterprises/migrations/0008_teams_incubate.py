from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0011_entries_of_nights_are_not_found_by_subject"),
        ("microenterprises", "0007_names_for_the_admin"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="microenterprise",
            name="a_dissolved_me_has_its_instant",
        ),
        migrations.AlterField(
            model_name="microenterprise",
            name="launched_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="microenterprise",
            name="launched_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AlterField(
            model_name="microenterprise",
            name="status",
            field=models.CharField(
                choices=[("incubating", "Incubating"), ("active", "Active"), ("dissolved", "Dissolved")],
                default="active",
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="microenterprise",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("dissolved_at", None), ("status__in", ["active", "incubating"])),
                    models.Q(("dissolved_at__isnull", False), ("status", "dissolved")),
                    _connector="OR",
                ),
                name="a_dissolved_me_has_its_instant",
            ),
        ),
        migrations.AddConstraint(
            model_name="microenterprise",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("launched_at__isnull", False), ("launched_by__isnull", False), ("status", "active")),
                    models.Q(("launched_at", None), ("launched_by", None), ("status", "incubating")),
                    ("status", "dissolved"),
                    _connector="OR",
                ),
                name="an_active_me_was_launched",
            ),
        ),
        migrations.RunSQL(
            SQL,
            reverse_sql="DROP TRIGGER a_team_pays_nobody ON microenterprises_membership;"
            " DROP FUNCTION microenterprises_guard_pay_of_teams();"
            " DROP TRIGGER a_team_keeps_its_books ON microenterprises_microenterprise;",
        ),
    ]
