"""The verbs of the settlement: start a night, work on it, seal it, approve it, catch up, and settle an ME that ends.

Everything here may be killed at any point, repeated, or done by two workers at once: a run is unique per date, a shard
is one transaction that whoever claims it first completes, and every entry has its natural key.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from hashlib import sha256
from uuid import UUID

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import Max, Min, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from contracts.actions import awards, contracts, milestones
from core import audit, clock
from core.beside import beside
from core.clock import market_now
from core.errors import Conflict, DomainError, InvalidTransition
from ledger import batches, days
from microenterprises.models import Microenterprise
from people.models import User
from settlement import closing, facts, ordinary, posting, queries
from settlement.actions import months
from settlement.bulk import copy_values
from settlement.lifecycle import RUN
from settlement.models import Outcome, RunShard, SettlementRun
from settlement.night import failed, settle
from settlement.permissions import check_approve, check_over, check_start
from settlement.sentences import day_name

SHARD_SIZE = 250
ATTEMPTS = 3
ONE_DAY = timedelta(days=1)
log = logging.getLogger(__name__)


@transaction.atomic
def start_run(*, business_date: date, by: User | None) -> SettlementRun:
    """Close a business date that is over and write the manifest of its run; repeated, it returns the run there is.

    by: who starts it by hand (finance); None when the clock does. Raises Denied, InvalidTransition (not over yet),
    Conflict while an earlier date waits to be settled.
    """
    if by is not None:
        check_start(by)
    check_over(business_date)
    known = SettlementRun.objects.filter(business_date=business_date).first()
    if known is not None:
        return known
    days.close_day(business_date, by=_name(by))  # holds the dates alone: from here on there is one starter
    known = SettlementRun.objects.filter(business_date=business_date).first()
    if known is not None:
        return known
    _check_nothing_earlier_waits(business_date)
    finished = Outcome.objects.filter(business_date=business_date, repairs=None)
    firms = _firms_of(business_date).exclude(pk__in=finished.values("microenterprise")).order_by("entity_id")
    moved = batches.moved_on(business_date)
    rows = firms.annotate(text=Cast("pk", TextField())).values_list("text", "entity_id")
    manifest = [(pk, *moved.get(entity, (0, 0))) for pk, entity in rows]
    run = SettlementRun.objects.create(
        business_date=business_date,
        started_at=market_now(),
        started_by=by,
        mes_total=len(manifest) + finished.count(),
        inputs_sha256=sha256(
            "\n".join(f"{pk} {minor} {shared}" for pk, minor, shared in manifest).encode()
        ).hexdigest(),
    )
    shards = enumerate(_shards(manifest), start=1)
    copy_values(
        RunShard,
        ("run_id", "number", "microenterprises", "moved_minor", "reshared_minor", "is_done"),
        [(run.pk, number, *columns, False) for number, columns in shards],
    )
    _record(run, "settlement.started", by, microenterprises=run.mes_total)
    return run


def work_on_run(run: SettlementRun) -> SettlementRun:
    """Settle shard after shard until none is left to claim, then seal the date if all are done.

    Returns the run as it stands then. A shard that fails is tried again, the last time ME by ME, so that one that
    cannot be settled waits alone. What fails even then does not keep the other shards from settling; its error is
    raised when they are done, and the next call tries it again.
    """
    errors_of: defaultdict[int, list[Exception]] = defaultdict(list)
    while _settle_next_shard(run, errors_of):
        pass
    for errors in errors_of.values():
        if len(errors) == ATTEMPTS:
            raise errors[-1]
    return seal(run)


@transaction.atomic
def seal(run: SettlementRun) -> SettlementRun:
    """Prove the books of the date again, add up the run and seal both. Does nothing while a shard is open."""
    run = SettlementRun.objects.get(pk=run.pk)
    if run.status != SettlementRun.Status.POSTING or run.shards.filter(is_done=False).exists():
        return run
    with beside(partial(_added_up, run.business_date)) as added_up:  # nothing more comes: every shard is done
        days.seal_day(run.business_date, by=_name(run.started_by))  # holds the dates alone until the end
        run = SettlementRun.objects.select_for_update().get(pk=run.pk)
        if run.status != SettlementRun.Status.POSTING:
            return run  # another worker sealed it while we waited
        sums, lines_sha256 = added_up()
    RUN.move(
        run,
        "seal",
        sealed_at=market_now(),
        mes_done=sums.microenterprises,
        exceptions=sums.exceptions,
        lines=sums.lines,
        totals=sums.totals,
        lines_sha256=lines_sha256,
    )
    _record(run, "settlement.sealed", None, lines=run.lines, exceptions=run.exceptions, totals=run.totals)
    return run


@transaction.atomic
def approve(*, run: SettlementRun, by: User) -> SettlementRun:
    """Finance releases a sealed run's payables for payment; nothing is posted.

    Raises Denied (not finance, or started it by hand), InvalidTransition.
    """
    run = SettlementRun.objects.select_for_update().get(pk=run.pk)
    check_approve(by, run)
    RUN.move(run, "approve", approved_at=market_now(), approved_by=by)
    _record(run, "settlement.approved", by, lines=run.lines, totals=run.totals)
    return run


def settle_over(*, through: date | None = None, by: User | None = None) -> list[SettlementRun]:
    """Settle every business date that is over and not sealed, oldest first, and return their runs; then add up the
    months that are over.

    through: stop after this date. What the clock owes comes first, however late it is. Safe to call at any time, from
    several processes.
    """
    settled = []
    waiting = waiting_dates(through=through)
    if waiting:
        do_what_is_due()
    for day in waiting:
        run = work_on_run(start_run(business_date=day, by=by))
        settled.append(run)
        if run.status == SettlementRun.Status.POSTING:
            break  # another worker still holds a shard of it; the next date waits for that one
    months.add_up_over()
    return settled


def do_what_is_due() -> None:
    """Do what the clock owes before MEs settle: accept deliveries nobody answered, void what nobody signed in time,
    let awards take effect that nobody objects to.

    A silence that was over on a date whose books have closed meanwhile counts on the open date, with its own as the
    effective date. A contract that fails must not keep everybody's pay from being settled; the next round tries again.
    """
    now = market_now()
    for due in (milestones.accept_silent, contracts.void_unsigned, awards.take_effect_all):
        try:
            due(now)
        except (DomainError, DatabaseError):
            log.exception("%s failed before the night", due.__name__)


def waiting_dates(*, through: date | None = None) -> list[date]:
    """The business dates that are over and whose run is missing or not sealed, oldest first."""
    first_launch = Microenterprise.objects.aggregate(first=Min("launched_at"))["first"]
    if first_launch is None:
        return []
    day = clock.business_date(first_launch)
    # MEs may be older than these books: a company that moves in has nothing to settle before its first entry.
    if first_entry := days.first_date():
        day = max(day, first_entry)
    sealed = SettlementRun.objects.exclude(status=SettlementRun.Status.POSTING)
    if last := sealed.aggregate(last=Max("business_date"))["last"]:
        day = max(day, last + ONE_DAY)
    until = min(clock.business_date() - ONE_DAY, through or date.max)
    return [day + timedelta(days=n) for n in range((until - day).days + 1)]


@transaction.atomic
def settle_finally(*, microenterprise: Microenterprise, by: User) -> Outcome:
    """Settle an ME that ends today, on the open date, inside the caller's transaction.

    Posts pay and draws to date, shares the profit to date (what was posted earlier today included) among the members of
    today, takes what they still owe as a cost, and closes the fiscal years that ended before. Call it while they are
    members still. Pay that the wallet cannot cover is recorded as owed; of a pool that it cannot cover members get what
    there is. Whether `by` may end the ME is the caller's question (`talent_pool.permissions.check_wind_up`). Repeated,
    it returns the outcome there is. Raises Conflict while an earlier date waits to be settled: its profit would be
    shared twice.
    """
    firm = Microenterprise.objects.select_for_update(no_key=True).get(pk=microenterprise.pk)
    day = days.open_date()
    known = Outcome.objects.filter(microenterprise=firm, business_date=day, repairs=None).first()
    if known is not None:
        return known
    _check_settled_before(day)
    answers = [(subject, settle(subject.firm)) for subject in facts.read(day, [firm.pk], is_final=True)]
    written = posting.write(answers, day=day, by=str(by.pk), night=None)
    closing.close_for_good(firm.pk, day=day, by=str(by.pk))
    outcome = written.outcomes[-1]
    audit.record(
        by=by,
        deed="settlement.settled_finally",
        subject=f"microenterprise:{firm.pk}",
        about=firm.name,
        date=day.isoformat(),
        shared_minor=outcome.shared_minor,
        pay_minor=outcome.pay_minor,
        written_off_minor=outcome.written_off_minor,
    )
    return outcome


def _added_up(night: date) -> tuple[queries.RunSums, str]:
    return queries.run_sums(night), queries.lines_sha256(night)


# --- One shard --------------------------------------------------------------------------------------------------------


def _settle_next_shard(run: SettlementRun, errors_of: defaultdict[int, list[Exception]]) -> bool:
    """Claim and settle one shard in one transaction; False when there is none to claim. Errors go to `errors_of`."""
    given_up = [number for number, errors in errors_of.items() if len(errors) == ATTEMPTS]
    shard = None
    try:
        with transaction.atomic():
            waiting = RunShard.objects.filter(run=run, is_done=False).exclude(number__in=given_up)
            shard = waiting.select_for_update(skip_locked=True).order_by("number").first()
            if shard is None:
                return False
            _settle_shard(run, shard, is_last_try=len(errors_of[shard.number]) == ATTEMPTS - 1)
    # A wallet may shrink between our look and our posting: look again. Whatever else goes wrong in one shard must not
    # keep the MEs of the others from settling; work_on_run raises it when they are done.
    except Exception as error:
        if shard is None:
            raise
        log.exception("shard %s of the night of %s failed", shard.number, run)
        errors_of[shard.number].append(error)
    return True


def _settle_shard(run: SettlementRun, shard: RunShard, *, is_last_try: bool) -> None:
    _prepare_server()
    moved = zip(shard.moved_minor, shard.reshared_minor, strict=True)
    firms = dict(zip(map(str, shard.microenterprises), moved, strict=True))
    if is_last_try:
        _settle_apart(run, firms)
    else:
        _settle(run, firms)
    shard.is_done, shard.done_at = True, market_now()
    shard.save(update_fields=["is_done", "done_at"])


def _settle(run: SettlementRun, firms: ordinary.Moved) -> None:
    others = ordinary.settle(run.business_date, firms, by=_name(run.started_by))
    if others:
        subjects = facts.read(run.business_date, [UUID(pk) for pk in others])
        answers = [(subject, settle(subject.firm)) for subject in subjects]
        posting.write(answers, day=run.business_date, by=_name(run.started_by), night=run.business_date)
        closing.close_years(answers, day=run.business_date, by=_name(run.started_by))


def _settle_apart(run: SettlementRun, firms: ordinary.Moved) -> None:
    """Settle MEs that could not be settled together, in halves: whoever cannot be settled alone is an exception.

    Raises what went wrong when it is not the fault of an ME: the connection, or not one of several MEs settles.
    """
    groups, at_fault = [list(firms.items())], []
    while groups:
        group = groups.pop()
        try:
            with transaction.atomic():
                _settle(run, dict(group))
                connection.check_constraints()  # what is checked at the commit would fail everybody's
        except (OperationalError, InterfaceError):
            raise
        # Whatever it is, it must not keep the others from settling; which ME it is of, halving tells.
        except Exception:
            half = len(group) // 2
            if half:
                groups += [group[half:], group[:half]]
                continue
            [(pk, _moved)] = group
            log.exception("the night of %s could not be worked out for microenterprise %s", run, pk)
            at_fault.append(UUID(pk))
            if len(at_fault) == len(firms) > 1:
                raise
    if at_fault:
        waiting = [(each, failed(each.firm)) for each in facts.read_without_books(run.business_date, at_fault)]
        posting.write(waiting, day=run.business_date, by=_name(run.started_by), night=run.business_date)


def _prepare_server() -> None:
    """Set the server up for a shard's transaction.

    Facts of 250 MEs among thousands are found through indexes: reading whole tables for each shard costs more. The
    commit does not wait for the disk: what a crash of the server takes back it takes back whole, with the mark that the
    shard is done, so the shard is settled again. The seal waits, behind all that it seals.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL random_page_cost = 1.1; SET LOCAL synchronous_commit = off")


def _shards(manifest: list[tuple[str, int, int]]) -> Iterator[tuple[list[str], list[int], list[int]]]:
    """MEs that were founded together stand together: their accounts and members are near each other on the disk."""
    for start in range(0, len(manifest), SHARD_SIZE):
        shard = manifest[start : start + SHARD_SIZE]
        yield [pk for pk, _, _ in shard], [minor for _, minor, _ in shard], [reshared for _, _, reshared in shard]


# --- What a date covers -----------------------------------------------------------------------------------------------


def _firms_of(day: date) -> QuerySet[Microenterprise]:
    """The MEs that existed at the end of a date."""
    midnight = datetime.combine(day + ONE_DAY, time.min, clock.company_zone())
    return Microenterprise.objects.filter(
        Q(dissolved_at=None) | Q(dissolved_at__gte=midnight), launched_at__lt=midnight
    )


def _check_nothing_earlier_waits(day: date) -> None:
    earlier = waiting_dates(through=day - ONE_DAY)
    if earlier:
        raise Conflict(
            _("%(earlier)s is not settled yet. Dates are settled in order; settle that one first.")
            % {"earlier": day_name(earlier[0])}
        )
    later = SettlementRun.objects.filter(business_date__gt=day).order_by("business_date").first()
    if later is not None:
        raise InvalidTransition(
            _("%(later)s was settled before, so %(day)s is closed for good.")
            % {"later": day_name(later.business_date), "day": day_name(day)}
        )


def _check_settled_before(day: date) -> None:
    """The final settlement follows the last night, like every other."""
    if waiting := waiting_dates(through=day - ONE_DAY):
        raise Conflict(
            _("%(earlier)s is not settled yet. It is settled shortly after midnight; end the ME when that is done.")
            % {"earlier": day_name(waiting[0])}
        )


def _name(by: User | None) -> str:
    """How the books name who posts."""
    return audit.CLOCK if by is None else str(by.pk)


def _record(run: SettlementRun, deed: str, by: User | None, **facts_of_it: object) -> None:
    audit.record(by=by, deed=deed, subject=f"settlement:{run.business_date}", about=str(run), **facts_of_it)
