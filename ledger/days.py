"""Business dates: on which date an entry lands, closing a date, sealing it.

Whoever posts holds the date until the end of the transaction; closing and sealing hold it alone. So no entry lands on
a date that was closed while the entry was on its way. A closed date closes every date before it, a sealed one seals
every closed date before it. Only the settlement posts on a closed date, and nothing on a sealed one.
"""

from datetime import date, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any, Final

from django.db import DatabaseError, connection, transaction
from django.db.models import Max, Min
from django.utils import formats
from django.utils.translation import gettext as _

from core import clock
from core.audit import CLOCK
from core.beside import beside
from core.errors import Conflict, Invalid
from ledger import proofs
from ledger.errors import BooksDoNotAgree
from ledger.models import BusinessDay, Entry
from ledger.refusals import day_closed

SNAPSHOTS_KEPT: Final = timedelta(days=40)
"""How long every night's snapshot stays; of older ones the month ends do."""


def hold_date() -> datetime:
    """Hold the open date until the transaction ends and return the market's instant, read after the lock was there."""
    _run("SELECT ledger_hold_date()")
    return clock.market_now()


def date_of(instant: datetime) -> date:
    """The business date of an instant: the company's local date."""
    return clock.business_date(instant)


def open_date() -> date:
    """The date on which an entry posted now lands; inside a transaction it is held until the end."""
    return date_of(hold_date() if connection.in_atomic_block else clock.market_now())


def first_date() -> date | None:
    """The business date of the first entry ever posted."""
    first: date | None = Entry.objects.aggregate(first=Min("business_date"))["first"]
    return first


def closed_through() -> date | None:
    """The last closed date."""
    last: date | None = BusinessDay.objects.aggregate(last=Max("date"))["last"]
    return last


def sealed_through() -> date | None:
    """The last sealed date."""
    last: date | None = BusinessDay.objects.filter(sealed_at__isnull=False).aggregate(last=Max("date"))["last"]
    return last


def is_closed(day: date) -> bool:
    """Whether ordinary entries can no longer land on the date."""
    last = closed_through()
    return last is not None and day <= last


def is_sealed(day: date) -> bool:
    """Whether nothing at all can land on the date any more."""
    last = sealed_through()
    return last is not None and day <= last


@transaction.atomic
def close_day(day: date, *, by: str = CLOCK) -> BusinessDay:
    """Close a date that is over, with every earlier date that has entries. Safe to repeat.

    Raises Invalid for a date that is not over, DayClosed for one that lies before the last sealed date.
    """
    _hold_alone()
    now = clock.market_now()
    if day >= date_of(now):
        raise Invalid(
            _("%(date)s is not over yet; its books can be closed from the next day on.")
            % {"date": formats.date_format(day)}
        )
    known = BusinessDay.objects.filter(date=day).first()
    if known is not None:
        return known
    if is_sealed(day):
        raise day_closed(day)
    BusinessDay.objects.bulk_create(
        [BusinessDay(date=each, closed_at=now, closed_by=by) for each in [*_unclosed_dates_before(day), day]]
    )
    _run("SELECT ledger_open_night(%s)", day)
    return BusinessDay.objects.get(date=day)


@transaction.atomic
def seal_day(day: date, *, by: str = CLOCK) -> BusinessDay:
    """Prove a closed date again and seal it, after every closed date before it. Safe to repeat.

    Raises Conflict when the date is not closed, BooksDoNotAgree naming the first bad record when a proof fails.
    """
    _hold_alone()
    sealed = BusinessDay.objects.filter(date=day).first()
    if sealed is None:
        raise Conflict(_("Close the books of %(date)s before sealing them.") % {"date": formats.date_format(day)})
    for waiting in BusinessDay.objects.filter(date__lte=day, sealed_at__isnull=True).order_by("date"):
        sealed = _seal(waiting, by)
    return sealed


def chained(previous_hash: str, facts: proofs.DayFacts) -> str:
    """The hash of a sealed date: what it holds, and the hash of the sealed date before it."""
    text = "\n".join(
        (
            previous_hash,
            facts.date.isoformat(),
            str(facts.entry_count),
            str(facts.posting_count),
            *(f"{name} {total}" for name, total in sorted(facts.debit_totals.items())),
            facts.entries_hash,
            facts.accounts_hash,
        )
    )
    return sha256(text.encode()).hexdigest()


def _seal(day: BusinessDay, by: str) -> BusinessDay:
    before = BusinessDay.objects.filter(date__lt=day.date).order_by("-date").first()
    with beside(
        partial(proofs.sound_day, day.date, accounts_after=before.accounts_through if before else None)
    ) as proof:
        try:
            _take_snapshot(day.date)
        except DatabaseError:  # books that do not agree may have sums that no snapshot can hold
            if proof() is not None:
                raise
        facts = proof()
    if facts is None:
        raise _do_not_agree(day.date)
    _run("SELECT ledger_drop_snapshots(%s)", day.date - SNAPSHOTS_KEPT)
    day.sealed_at, day.sealed_by = clock.market_now(), by
    day.entry_count, day.posting_count, day.debit_totals = facts.entry_count, facts.posting_count, facts.debit_totals
    day.accounts_through = facts.accounts_through
    day.previous_hash = before.day_hash if before else ""
    day.day_hash = chained(day.previous_hash, facts)
    day.save()
    return day


@transaction.atomic
def _take_snapshot(day: date) -> None:
    _run("SELECT ledger_take_snapshot(%s)", day)


def _do_not_agree(day: date) -> BooksDoNotAgree:
    failure = next(proofs.failures(day, day), None)
    return BooksDoNotAgree(
        _("The books of %(date)s cannot be sealed: %(record)s.")
        % {"date": formats.date_format(day), "record": failure.record if failure else day.isoformat()}
    )


def _unclosed_dates_before(day: date) -> list[date]:
    entries = Entry.objects.filter(business_date__lt=day)
    last = closed_through()
    if last is not None:
        entries = entries.filter(business_date__gt=last)
    return list(entries.order_by("business_date").values_list("business_date", flat=True).distinct())


def _hold_alone() -> None:
    # A settlement on its way may take longer than a page would wait for a lock.
    _run("SET LOCAL lock_timeout = '60s'")
    _run("SELECT ledger_hold_date_alone()")


def _run(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
