from django.db import migrations, models


class Migration(migrations.Migration):
    """Whether a file was made for somebody who reads pay; of files that lie there nobody knows it any more."""

    dependencies = [("settlement", "0019_an_me_that_cannot_be_worked_out_waits_alone")]
    operations = [
        migrations.AddField(
            model_name="export",
            name="with_pay",
            field=models.BooleanField(
                default=True, help_text="Made for somebody who reads what people are paid, so it may say that."
            ),
        ),
    ]
