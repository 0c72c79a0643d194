"""What stood on people's statements by month, so that a statement reads the same little of any history."""

from django.db import models

from people.models import User


class AddedUpMonth(models.Model):
    """A month whose every date is sealed, added up for everybody (`migrations/…_months_of_statements.sql`).

    Months follow one another without a gap, and no line lands in one of them any more; the database sees to both.
    """

    month = models.DateField(primary_key=True, help_text="Its first day.")

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class MonthSum(models.Model):
    """What one person's lines of one month add up to in one currency (minor units). Only the database writes it."""

    pk = models.CompositePrimaryKey("person", "month", "currency")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    month = models.DateField(help_text="Its first day.")
    currency = models.CharField(max_length=3)
    shared_minor = models.BigIntegerField()
    recovered_minor = models.BigIntegerField()
    pay_minor = models.BigIntegerField()
    draws_minor = models.BigIntegerField()
    handed_on_minor = models.BigIntegerField()
    payable_minor = models.BigIntegerField(help_text="What became newly payable.")

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.currency} {self.payable_minor}"
