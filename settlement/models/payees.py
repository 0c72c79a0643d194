"""Where a member's shares go: the account that owes them, found once and kept by the number of the membership."""

from django.db import models


class Payee(models.Model):
    """The account `payable to the person` of a membership's ME. Only ever added; a lost row is found again."""

    membership_number = models.BigIntegerField(primary_key=True)
    account_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.membership_number}: {self.account_id}"
