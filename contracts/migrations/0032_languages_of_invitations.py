from django.conf import settings
from django.db import migrations, models

LANGUAGE = models.CharField(
    choices=settings.LANGUAGES, db_default="en", default="en", max_length=10, verbose_name="language of the invitation"
)


class Migration(migrations.Migration):
    dependencies = [("contracts", "0031_firms_beside_names")]
    operations = [
        migrations.AddField("furthercolleague", "language", LANGUAGE),
        migrations.AddField("vendorinvitation", "language", LANGUAGE.clone()),
    ]
