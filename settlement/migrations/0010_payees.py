from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("settlement", "0009_shares_stand_in_their_outcome")]

    operations = [
        migrations.CreateModel(
            name="PayeeAccounts",
            fields=[
                ("microenterprise_id", models.UUIDField(primary_key=True, serialize=False)),
                ("numbers", ArrayField(base_field=models.BigIntegerField(), size=None)),
                ("accounts", ArrayField(base_field=models.BigIntegerField(), size=None)),
            ],
        ),
        migrations.AddField(
            "runshard", "moved_minor", ArrayField(base_field=models.BigIntegerField(), default=list, size=None)
        ),
        migrations.AddField(
            "runshard", "reshared_minor", ArrayField(base_field=models.BigIntegerField(), default=list, size=None)
        ),
    ]
