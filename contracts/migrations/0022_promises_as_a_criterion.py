from pathlib import Path

from django.db import migrations, models
from django.db.models import Q

SQL = Path(__file__).with_suffix(".sql").read_text()
FIRST = (Path(__file__).parent / "0011_guards_of_panels_and_prices.sql").read_text()
"""The guard of quality as it was before."""


def _before() -> str:
    start = FIRST.index("CREATE FUNCTION contracts_guard_quality(")
    return FIRST[start : FIRST.index("CREATE TRIGGER", start)].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("contracts", "0021_promises_of_the_market")]

    operations = [
        migrations.AddField(
            model_name="criterion",
            name="kind",
            field=models.CharField(
                choices=[("judged", "Judged by the panel"), ("promises", "Promises kept")],
                db_default="judged",
                default="judged",
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            model_name="criterion",
            constraint=models.UniqueConstraint(
                condition=Q(kind="promises"), fields=("project",), name="promises_are_one_criterion_of_a_project"
            ),
        ),
        migrations.AddConstraint(
            model_name="criterion",
            constraint=models.CheckConstraint(
                condition=Q(("kind", "judged"), Q(("judged", ""), ("kind", "promises")), _connector="OR"),
                name="nobody_judges_kept_promises",
            ),
        ),
        migrations.RunSQL(SQL, reverse_sql=_before()),
    ]
