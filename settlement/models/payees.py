"""Where the members' shares go: the accounts that owe them, found once and kept ME by ME."""

from collections.abc import Sequence

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models


class PayeeAccounts(models.Model):
    """The accounts `payable to the person` of an ME's members, beside the numbers of their memberships.

    Only ever added to; a lost row is found again.
    """

    microenterprise_id = models.UUIDField(primary_key=True)
    numbers = ArrayField(models.BigIntegerField())
    accounts = ArrayField(models.BigIntegerField())

    def __str__(self) -> str:
        return str(self.microenterprise_id)

    @classmethod
    def remember(cls, firms: Sequence[str], numbers: Sequence[int], accounts: Sequence[int]) -> None:
        """Add members that are not kept yet, side by side: their ME, their membership's number, their account."""
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO settlement_payeeaccounts AS p (microenterprise_id, numbers, accounts)
                SELECT firm, array_agg(number ORDER BY number), array_agg(account ORDER BY number)
                  FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[]) AS new (firm, number, account) GROUP BY firm
                    ON CONFLICT (microenterprise_id) DO UPDATE
                   SET numbers = p.numbers || excluded.numbers, accounts = p.accounts || excluded.accounts
                """,
                [list(firms), list(numbers), list(accounts)],
            )
