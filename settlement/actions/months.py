"""Adding up the months of statements that are over. See `settlement.models.months`."""

from datetime import date

from django.db import connection, transaction


def add_up_over() -> list[date]:
    """Add up, one after the other, every month whose dates are all sealed; the first days of those that were.

    Safe at any time and from several processes: a month is one transaction, and whoever comes second finds it done.
    """
    found = []
    while month := _add_up_next():
        found.append(month)
    return found


def _add_up_next() -> date | None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT settlement_add_up_month()")
        month: date | None = cursor.fetchone()[0]
    return month
