from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("contracts", "0012_example_parameters_of_panels"), ("core", "0002_clock_and_append_only")]

    operations = [
        migrations.CreateModel(
            name="FeedEpoch",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("server", models.CharField(max_length=60, unique=True)),
            ],
        ),
        migrations.RunSQL(
            SQL,
            reverse_sql="""
                DROP FUNCTION contracts_feed_horizon, contracts_feed_xid, contracts_feed_epoch, contracts_feed_server;
            """,
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("ocid", models.CharField(max_length=80)),
                ("release_id", models.CharField(max_length=140, unique=True)),
                ("date", models.DateTimeField()),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=24), size=None),
                ),
                (
                    "planned_until",
                    models.DateTimeField(help_text="When the process that is told as planned takes bids.", null=True),
                ),
                ("body", models.TextField()),
                ("epoch", models.PositiveIntegerField(db_default=models.Func(function="contracts_feed_epoch"))),
                ("xid", models.BigIntegerField(db_default=models.Func(function="contracts_feed_xid"))),
                (
                    "contract",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="releases",
                        to="contracts.contract",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="releases", to="contracts.project"
                    ),
                ),
            ],
            options={
                "ordering": ["epoch", "xid", "id"],
                "indexes": [
                    models.Index(fields=["epoch", "xid", "id"], name="release_feed"),
                    models.Index(fields=["date", "id"], name="release_date"),
                    models.Index(fields=["ocid"], name="release_ocid"),
                    models.Index(
                        condition=models.Q(("planned_until__isnull", False)),
                        fields=["planned_until"],
                        name="release_planned",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project", "contract", "number"),
                        name="releases_are_numbered_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tags", []), _negated=True), name="a_release_says_what_it_is"
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            """
            CREATE TRIGGER releases_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON contracts_release
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Releases');
            CREATE TRIGGER feed_epochs_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON contracts_feedepoch
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Epochs of the feed');
            SELECT contracts_feed_epoch();
            """,
            reverse_sql="""
                DROP TRIGGER releases_are_append_only ON contracts_release;
                DROP TRIGGER feed_epochs_are_append_only ON contracts_feedepoch;
            """,
        ),
    ]
