from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("ledger", "0010_a_nights_entry_is_one_row")]
    operations = [
        migrations.RemoveIndex(model_name="entry", name="ledger_entry_subject"),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                fields=["subject", "id"], name="ledger_entry_subject", condition=~Q(subject="") & Q(by_night=False)
            ),
        ),
    ]
