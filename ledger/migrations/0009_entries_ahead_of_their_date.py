from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    """A report limited by effect finds what was posted before it takes effect without reading every entry."""

    dependencies = [("ledger", "0008_snapshots_are_of_sealed_dates")]

    operations = [
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                condition=Q(effective_date__gt=F("business_date")), fields=["effective_date"], name="ledger_entry_ahead"
            ),
        ),
    ]
