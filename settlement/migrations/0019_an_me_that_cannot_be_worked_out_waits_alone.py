from django.db import migrations, models

from core.wide import WideIntegerField


class Migration(migrations.Migration):
    """What is due, in ten-thousandths of a minor unit, has room beyond 64 bits; and one more reason to wait."""

    dependencies = [("settlement", "0018_what_was_sealed_and_sent_stays")]
    operations = [
        migrations.AlterField(model_name="outcome", name="due_before_fine", field=WideIntegerField()),
        migrations.AlterField(model_name="outcome", name="due_fine", field=WideIntegerField()),
        migrations.AlterField(
            model_name="outcome",
            name="snag",
            field=models.CharField(
                blank=True,
                choices=[
                    ("no_terms", "No share terms"),
                    ("no_weights", "No weights"),
                    ("short_wallet", "Wallet too small"),
                    ("short_pay", "Pay not covered"),
                    ("pay_owed", "Earlier pay open"),
                    ("failed", "Could not be worked out"),
                ],
                max_length=12,
            ),
        ),
    ]
