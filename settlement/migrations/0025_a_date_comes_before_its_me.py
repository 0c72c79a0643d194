from django.db import migrations, models
from django.db.models import Q

NAME = "a_date_of_an_me_ends_once"


class Migration(migrations.Migration):
    """A night's outcomes stand together in the index of what is unique, so that a long history costs it nothing."""

    dependencies = [
        ("microenterprises", "0012_own_money_comes_in"),
        ("settlement", "0024_months_of_statements"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="outcome", name=NAME),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.UniqueConstraint(
                fields=["business_date", "microenterprise"], condition=Q(repairs=None), name=NAME
            ),
        ),
    ]
