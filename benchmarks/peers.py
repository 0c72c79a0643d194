"""django-hordak doing the same postings, in the same run, on a part of the company; extrapolated, and marked so."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from django.db import connection

from benchmarks import databases
from benchmarks.helpers import Helper


@dataclass(frozen=True)
class Posted:
    """Seconds it took for a part of a night; whole: that times how much longer the whole night is."""

    api: float
    bulk: float
    microenterprises: int
    postings: int
    share: float

    @property
    def whole_api(self) -> float:
        return self.api / self.share

    @property
    def whole_bulk(self) -> float:
        return self.bulk / self.share


class Hordak:
    """hordak in a process and a database of its own."""

    def __init__(self, helper: Helper, microenterprises: int) -> None:
        self._helper, self._microenterprises = helper, microenterprises

    def post(self, day: date) -> Posted:
        """Post the first entries of that date's night, by its API and in bulk."""
        rows, share = _rows(day, self._microenterprises)
        self._helper.ask(rows=rows)
        self._helper.answer()
        seconds = {}
        for way in ("api", "bulk"):
            self._helper.ask(way=way)
            seconds[way] = float(self._helper.answer()["seconds"])
        entries = len({row[0] for row in rows})
        return Posted(seconds["api"], seconds["bulk"], entries, len(rows), share)


@contextmanager
def hordak(microenterprises: int) -> Iterator[Hordak]:
    """hordak, ready to be asked; its database is gone afterwards."""
    ours = databases.url_of(connection.settings_dict)
    with (
        databases.made(f"{connection.settings_dict['NAME']}_hordak", ours) as url,
        Helper("hordak_books", url, DJANGO_SETTINGS_MODULE="benchmarks.hordak_settings") as helper,
    ):
        yield Hordak(helper, microenterprises)


def _rows(day: date, entries: int) -> tuple[list[tuple[int, int, int]], float]:
    """Entry, account and amount of the first entries of a night, and which part of all its lines they are."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT entry_id, account_id, amount_minor FROM ledger_posting
             WHERE by_night AND business_date = %(day)s
               AND entry_id IN (SELECT id FROM ledger_entry WHERE by_night AND business_date = %(day)s
                                 ORDER BY id LIMIT %(entries)s)
             ORDER BY entry_id, line
            """,
            {"day": day, "entries": entries},
        )
        rows = list(cursor.fetchall())
        cursor.execute("SELECT count(*) FROM ledger_posting WHERE by_night AND business_date = %s", [day])
        return rows, len(rows) / cursor.fetchone()[0]
