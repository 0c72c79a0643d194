"""django-hordak posting what a night posted, in its own database: a process asked by `benchmarks.peers`.

`api` is what its documentation shows: a transaction and its legs, created one by one inside `atomic`. `bulk` is what
its own benchmark does: `bulk_create` of transactions and legs, all in one `atomic`. Its deferred triggers stay on.
"""

import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

import django

Row = tuple[int, int, int]
"""Entry, account, minor units (debit positive)."""


def main() -> None:
    """Make the tables, then answer questions."""
    django.setup()
    from django.core.management import call_command

    from benchmarks.helpers import answer_all

    call_command("migrate", verbosity=0)
    books = _Books()
    answer_all(books.answer)


class _Books:
    """hordak's accounts for those of our rows."""

    def __init__(self) -> None:
        self._accounts: dict[int, Any] = {}
        self._entries: list[list[Row]] = []

    def answer(self, question: Mapping[str, Any]) -> dict[str, float]:
        """`rows` prepares accounts, unmeasured; `way` posts them and answers with the seconds it took."""
        if "rows" in question:
            self._prepare([tuple(row) for row in question["rows"]])
            return {}
        start = time.perf_counter()
        {"api": self._by_api, "bulk": self._in_bulk}[question["way"]]()
        return {"seconds": time.perf_counter() - start}

    def _prepare(self, rows: Sequence[Row]) -> None:
        from hordak.models import Account, AccountType

        self._entries = [list(lines) for _entry, lines in groupby(sorted(rows), key=lambda row: row[0])]
        new = sorted({account for _entry, account, _minor in rows} - self._accounts.keys())
        made = Account.objects.bulk_create(
            Account(
                name=f"account {number}",
                type=AccountType.liability,
                currencies=["CNY"],
                tree_id=number,
                lft=1,
                rght=2,
                level=0,
            )
            for number in new
        )
        self._accounts.update(zip(new, made, strict=True))

    def _by_api(self) -> None:
        from django.db import transaction
        from hordak.models import Leg, Transaction
        from moneyed import Money

        for lines in self._entries:
            with transaction.atomic():
                entry = Transaction.objects.create(description="share")
                for _entry, account, minor in lines:
                    side = "debit" if minor > 0 else "credit"
                    money = Money(Decimal(abs(minor)) / 100, "CNY")
                    Leg.objects.create(transaction=entry, account=self._accounts[account], **{side: money})

    def _in_bulk(self) -> None:
        from django.db import transaction
        from hordak.models import Leg, Transaction
        from moneyed import Money

        with transaction.atomic():
            entries = Transaction.objects.bulk_create(Transaction(description="share") for _ in self._entries)
            Leg.objects.bulk_create(
                Leg(
                    transaction=entry,
                    account=self._accounts[account],
                    **{"debit" if minor > 0 else "credit": Money(Decimal(abs(minor)) / 100, "CNY")},
                )
                for entry, lines in zip(entries, self._entries, strict=True)
                for _entry, account, minor in lines
            )


if __name__ == "__main__":
    main()
