from django.db import migrations, models


class Migration(migrations.Migration):
    """The first page of finance finds what banks rejected without reading every payment there ever was."""

    dependencies = [("settlement", "0010_payees")]

    operations = [
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("status", "rejected")), fields=["batch"], name="settlement_payment_rejected"
            ),
        ),
    ]
