from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """An entry is still reversed once; the index that says so holds reversals and not every entry there is."""

    dependencies = [("ledger", "0013_snapshots_are_written_in_order")]

    operations = [
        migrations.RemoveConstraint(model_name="entry", name="an_entry_is_reversed_once"),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="an_entry_is_reversed_once"
            ),
        ),
    ]
