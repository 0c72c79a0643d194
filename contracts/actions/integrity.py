"""The verbs of the integrity page: search all opened processes for red flags, and note that one was looked at.

The search belongs to the clock, once a business date; a page request only reads what it stored. A flag is a question:
nothing here blocks, ends or changes a process.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from contracts import proofs
from contracts.models import FlagNote, FlagSearch, Project, RedFlag
from contracts.ocds import flags
from contracts.ocds.flags import Flag, Group
from contracts.permissions.integrity import check_look
from contracts.permissions.standing import standing_of
from contracts.proofs import Proof
from contracts.queries import integrity as queries
from core import audit, parameters
from core.clock import business_date, market_now
from core.errors import Invalid
from microenterprises.models import Microenterprise
from people.models import User

STORING, SEARCHING = (
    int.from_bytes(hashlib.sha256(f"contracts.actions.integrity {what}".encode()).digest()[:8], signed=True)
    for what in ("storing", "searching")
)
"""Locks of the database: one search writes at a time; the clock starts none while one runs."""
AT_ONCE: Final = 2_000
OF_SEALS: Final = ("readings", "deeds", "receipts")
"""Proofs that look again only at what was opened since the last search; what they counted before is added."""


@dataclass(slots=True)
class Found:
    """One question as the search found it, before it is compared with those that stand."""

    key: str
    indicator: str
    group: str
    project: UUID | None
    firm: UUID | None
    value: str
    figures: dict[str, str]
    firms: set[UUID] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


# ------------------------------------------------------------------ the search


def search() -> FlagSearch:
    """Compute every red flag over all opened processes and store what changed. By the clock; safe to do again.

    Reads outside of a transaction, so that nothing waits for it; the flags of a search are those of the processes as
    they were while it read. The market's own projects and imported tenders are searched apart: their fences differ.
    """
    now = market_now()
    today = business_date(now)
    own, imported = (_findings(settings_on(today, imported=imported), imported=imported) for imported in (False, True))
    found = _questions(own) | _questions(imported)
    proved = _proofs()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [STORING])
        _store(found, now)
        searched, _new = FlagSearch.objects.update_or_create(
            business_date=today,
            defaults={
                "searched_at": now,
                "processes": own.processes + imported.processes,
                "fences": {"own": _fences(own), "imported": _fences(imported)},
                "counts": dict(Counter(row.indicator for row in found.values())),
                "proofs": [proof.plain() for proof in proved],
            },
        )
    return searched


def search_if_due() -> FlagSearch | None:
    """`search`, unless this business date was searched already or somebody is searching now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [SEARCHING])
        if not cursor.fetchone()[0]:
            return None
        try:
            return search() if _is_due() else None
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [SEARCHING])


def _is_due() -> bool:
    return not FlagSearch.objects.filter(business_date=business_date(market_now())).exists()


def settings_on(day: date, *, imported: bool) -> flags.Settings:
    """The thresholds that hold on a date; fences are worked out from the data.

    How short a notice is too short is a matter of whose rules hold: the company's for its own projects, those of public
    tenders for what is imported.
    """
    return flags.Settings(
        shortest_period_days=shortest_notice(day, imported=imported),
        top_percentile=parameters.value("flag_top_percentile", on=day),
        fewest_disqualified=parameters.value("flag_fewest_disqualified", on=day),
        fewest_bids=parameters.value("flag_fewest_bids", on=day),
        class_digits=parameters.value("flag_class_digits", on=day),
        fewest_processes=parameters.value("flag_fewest_processes", on=day),
    )


def shortest_notice(day: date, *, imported: bool) -> int:
    """Whole days under which a time for bids is called short on a date (R003)."""
    return parameters.value("flag_short_notice_imported_days" if imported else "flag_short_notice_days", on=day)


def _findings(settings: flags.Settings, *, imported: bool) -> flags.Findings:
    return flags.find(queries.opened_processes(imported=imported), settings=settings)


def _questions(findings: flags.Findings) -> dict[str, Found]:
    """One question per indicator and process, with all whom it names; and one per indicator and organisation."""
    found: dict[str, Found] = {}
    for flag in findings.flags:
        if flag.group is Group.TENDERER and flag.process:
            continue
        row = _question(flag)
        found[row.key] = row
    for flag in findings.flags:
        if flag.group is Group.TENDERER and flag.process:
            _name(found[_key(flag.indicator, Group.PROCESS, flag.process)], flag.about)
    return found


def _question(flag: Flag) -> Found:
    process = flag.group is Group.PROCESS
    row = Found(
        key=_key(flag.indicator, flag.group, flag.about),
        indicator=flag.indicator,
        group=flag.group.value,
        project=UUID(flag.process) if process else None,
        firm=None,
        value=str(flag.value),
        figures={name: str(figure) for name, figure in flag.figures},
    )
    if not process:
        _name(row, flag.about)
        row.firm = next(iter(row.firms), None)
    return row


def _key(indicator: str, group: Group, about: str) -> str:
    """The same for the same question; a bidder's name of any length is named by its hash."""
    if about.startswith(queries.OUTSIDE):
        about = hashlib.sha256(about.encode(errors="backslashreplace")).hexdigest()
    return f"{indicator}:{group.value}:{about}"


def _name(row: Found, who: str) -> None:
    if who.startswith(queries.OUTSIDE):
        row.names.add(who.removeprefix(queries.OUTSIDE))
    else:
        row.firms.add(UUID(who))


def _fences(findings: flags.Findings) -> dict[str, dict[str, str]]:
    """Quartiles and fences by indicator and group, exact, as text; empty where a threshold was given."""
    return {
        f"{code}:{group.value}": {
            "first": _text(taken.first),
            "third": _text(taken.third),
            "fence": _text(taken.fence),
            "size": str(taken.size),
        }
        for (code, group), taken in findings.fences.items()
    }


def _text(value: Fraction | None) -> str:
    return "" if value is None else str(value)


def _proofs() -> list[Proof]:
    """All proofs; seals that an earlier search proved are counted and not opened again."""
    before = queries.last_search()
    if before is None:
        return proofs.everything()
    old = {proof.name: proof for proof in map(Proof.of, before.proofs)}
    return [
        _added(proof, old[proof.name]) if proof.name in OF_SEALS and proof.name in old else proof
        for proof in proofs.everything(since=before.searched_at)
    ]


def _added(new: Proof, old: Proof) -> Proof:
    sentences = (*old.sentences, *new.sentences)[: proofs.TOLD]
    return Proof(new.name, old.checked + new.checked, old.broken + new.broken, sentences)


# ------------------------------------------------------------------ what stands, and what does not any more


def _store(found: dict[str, Found], now: datetime) -> None:
    """Write new questions, what changed of those that stand, and end those that were not found."""
    _add_buyers(found.values())
    standing = {row.key: row for row in RedFlag.objects.standing()}
    firms = _firms_of_standing()
    gone = [row.pk for key, row in standing.items() if key not in found]
    for some in _slices(gone):
        RedFlag.objects.filter(pk__in=some).update(ended_at=now)
    changed = [row for key, row in standing.items() if key in found and _changed(row, found[key], firms)]
    for row in changed:
        _take(row, found[row.key])
    RedFlag.objects.bulk_update(changed, ["value", "figures", "names"], batch_size=AT_ONCE)
    for some in _slices([row.pk for row in changed]):
        RedFlag.firms.through.objects.filter(redflag__in=some).delete()
    new = [_take(RedFlag(key=row.key, found_at=now), row) for key, row in found.items() if key not in standing]
    RedFlag.objects.bulk_create(new, batch_size=AT_ONCE)
    RedFlag.firms.through.objects.bulk_create(
        (
            RedFlag.firms.through(redflag_id=row.pk, microenterprise_id=firm)
            for row in (*new, *changed)
            for firm in sorted(found[row.key].firms)
        ),
        batch_size=AT_ONCE,
    )


def _add_buyers(rows: Iterable[Found]) -> None:
    """A question about a process names its buyer too."""
    asked = [row for row in rows if row.project is not None]
    for some in _slices(asked):
        pairs = Project.objects.filter(pk__in={row.project for row in some}, buyer__isnull=False)
        buyers: dict[Any, UUID] = dict(pairs.values_list("pk", "buyer_id"))
        for row in some:
            if row.project in buyers:
                row.firms.add(buyers[row.project])


def _firms_of_standing() -> dict[UUID, set[UUID]]:
    through = RedFlag.firms.through.objects.filter(redflag__ended_at=None)
    found: dict[UUID, set[UUID]] = {}
    for flag, firm in through.values_list("redflag_id", "microenterprise_id"):
        found.setdefault(flag, set()).add(firm)
    return found


def _changed(row: RedFlag, found: Found, firms: dict[UUID, set[UUID]]) -> bool:
    return (row.value, row.figures, row.names, firms.get(row.pk, set())) != (
        found.value,
        found.figures,
        sorted(found.names),
        found.firms,
    )


def _take(row: RedFlag, found: Found) -> RedFlag:
    """The row with what was found."""
    row.indicator, row.group = found.indicator, found.group
    row.project_id, row.microenterprise_id = found.project, found.firm
    row.value, row.figures, row.names = found.value, found.figures, sorted(found.names)
    return row


def _slices(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (rows[first : first + AT_ONCE] for first in range(0, len(rows), AT_ONCE))


# ------------------------------------------------------------------ looking


@transaction.atomic
def look_at(*, flag: RedFlag, reason: str, by: User) -> FlagNote:
    """Note what a look at a flag found; more notes may follow. The process is not touched.

    Raises Denied (not a steward, or one with a part in it), InvalidTransition (it does not stand any more), Invalid
    without a reason.
    """
    flag = RedFlag.objects.select_for_update(of=("self",), no_key=True).select_related("project").get(pk=flag.pk)
    now = market_now()
    firms = list(flag.firms.all())
    check_look(flag, [firm.pk for firm in firms], standing_of(by, business_date(now)))
    reason = reason.strip()
    if not reason:
        raise Invalid(_("Say what you looked at and what you found."), field="reason")
    note = FlagNote.objects.create(flag=flag, reason=reason, value=flag.value, noted_at=now, noted_by=by)
    if flag.looked_at is None:
        flag.looked_at, flag.looked_by = now, by
        flag.save(update_fields=["looked_at", "looked_by"])
    audit.record(
        by=by,
        deed="flag.looked_at",
        subject=_subject(flag),
        about=_about(flag, firms),
        flag=str(flag.pk),
        indicator=flag.indicator,
        value=flag.value,
        reason=reason,
    )
    return note


def _subject(flag: RedFlag) -> str:
    """A look at a process stands in the trail of the process."""
    return f"project:{flag.project_id}" if flag.project_id is not None else f"flag:{flag.pk}"


def _about(flag: RedFlag, firms: Sequence[Microenterprise]) -> str:
    if flag.project is not None:
        return flag.project.title
    return firms[0].name if firms else ", ".join(flag.names)
