from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("talent_pool", "0001_pool")]
    operations = [
        migrations.AlterModelOptions(
            name="poolentry",
            options={
                "ordering": ["clock_ends_on", "id"],
                "verbose_name": "stay in the pool",
                "verbose_name_plural": "stays in the pool",
            },
        )
    ]
