from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_guards")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(SQL)],
            state_operations=[
                migrations.RemoveIndex(model_name="posting", name="ledger_posting_account"),
                migrations.AddField("posting", "by_night", models.BooleanField(default=False)),
                migrations.AddField("entry", "by_night", models.BooleanField(default=False)),
                migrations.AddField(
                    "account", "content_hash", models.CharField(max_length=64, editable=False), preserve_default=False
                ),
                migrations.AddField("businessday", "accounts_through", models.BigIntegerField(null=True)),
            ],
        )
    ]
