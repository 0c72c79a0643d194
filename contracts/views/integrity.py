"""The integrity pages: red flags, one flag with its arithmetic and notes, one process with its trail.

For the steward and the auditor; to everybody else these addresses do not exist.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from contracts import flag_words
from contracts.actions import integrity as actions
from contracts.flag_words import Asked, Meaning
from contracts.forms.integrity import FlagFilters, LookForm
from contracts.models import FlagSearch, Project, RedFlag
from contracts.models.integrity import WATCHERS
from contracts.permissions.integrity import check_look
from contracts.permissions.standing import standing_of
from contracts.proofs import Proof
from contracts.queries import integrity as queries
from core.clock import business_date, market_now
from core.errors import Invalid
from core.http import Request, see_other, unprocessable
from core.look import Badge
from core.models import AuditRecord
from core.paging import page
from core.permissions import why_not
from people.models import User

ORDER = ("-found_at", "-id")


def _check_watcher(user: User) -> None:
    if not user.has_role(*WATCHERS):
        raise Http404


# ------------------------------------------------------------------ the list


@dataclass(frozen=True, slots=True)
class Row:
    """One flag of the list."""

    flag: RedFlag
    meaning: Meaning
    about: str
    named: str
    value: str
    badge: Badge


@require_safe
def integrity_list(request: Request) -> HttpResponse:
    """Red flags over the opened processes, newest first, and what was proved beside them."""
    _check_watcher(request.user)
    form = FlagFilters(request.GET)
    shown = page(form.found(queries.listed(request.user)), order=ORDER, cursor=request.GET.get("cursor"))
    searched = queries.last_search()
    proved = [Proof.of(plain) for plain in searched.proofs] if searched is not None else []
    context = {
        "form": form,
        "page": shown,
        "rows": [_row(flag) for flag in shown.rows],
        "searched": searched,
        "counts": _counts(searched),
        "proofs": proved,
        "broken": sum(proof.broken for proof in proved),
        "not_a_verdict": flag_words.NOT_A_VERDICT,
    }
    fragment = request.htmx.target == "results"
    return render(request, "integrity/list.html#results" if fragment else "integrity/list.html", context)


def _row(flag: RedFlag) -> Row:
    return Row(
        flag,
        flag_words.MEANINGS[flag.indicator],
        _about(flag),
        ", ".join([*vars(flag)["firm_names"], *flag.names]),
        flag_words.shown(flag.indicator, flag.value),
        _badge(flag),
    )


def _about(flag: RedFlag) -> str:
    if flag.project is not None:
        return flag.project.title
    return flag.microenterprise.name if flag.microenterprise is not None else ", ".join(flag.names)


def _badge(flag: RedFlag) -> Badge:
    if flag.ended_at is not None:
        return Badge(_("No longer found"), "neutral", "circle-dashed")
    if flag.looked_at is not None:
        return Badge(_("Looked at"), "good", "eye")
    return Badge(_("Nobody has looked yet"), "accent", "circle-help")


def _counts(searched: FlagSearch | None) -> list[tuple[str, Meaning, int]]:
    """How many of each question the last search found, the rarest first: they say most."""
    if searched is None:
        return []
    found = [(code, flag_words.MEANINGS[code], count) for code, count in searched.counts.items()]
    return sorted(found, key=lambda row: (row[2], row[0]))


# ------------------------------------------------------------------ one flag


@dataclass(frozen=True, slots=True)
class Firm:
    """An ME that a flag names."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Note:
    """What a steward noted."""

    who: str
    at: datetime
    reason: str
    value: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A flag as the pages of one show it."""

    flag: RedFlag
    meaning: Meaning
    about: str
    badge: Badge
    value: str
    arithmetic: Sequence[str]
    firms: Sequence[Firm]
    notes: Sequence[Note]

    @property
    def looks(self) -> int | None:
        """How many notes there are; None when there are none, so that no count is shown."""
        return len(self.notes) or None


@require_http_methods(["GET", "HEAD", "POST"])
def integrity_flag(request: Request, pk: UUID) -> HttpResponse:
    """What a flag asks, why, its arithmetic, and who looked at it; POST notes a look."""
    _check_watcher(request.user)
    flags = queries.with_notes(RedFlag.objects.visible_to(request.user))
    flag = get_object_or_404(flags.select_related("project", "microenterprise", "looked_by"), pk=pk)
    form = LookForm(request.POST or None)
    shown = _shown(flag, queries.last_search())
    involved = [firm.id for firm in shown.firms]
    who = standing_of(request.user, business_date(market_now()))
    if request.method == "POST":
        check_look(flag, involved, who)
        if form.is_valid() and _looked(flag, form, request.user):
            return see_other("integrity_flag", pk)
    context = {
        "shown": shown,
        "flag": flag,
        "form": form,
        "why_not": why_not(check_look, flag, involved, who),
        "not_a_verdict": flag_words.NOT_A_VERDICT,
    }
    response = render(request, "integrity/flag.html", context)
    return unprocessable(response) if request.method == "POST" else response


def _looked(flag: RedFlag, form: LookForm, by: User) -> bool:
    try:
        actions.look_at(flag=flag, reason=form.cleaned_data["reason"], by=by)
    except Invalid as refused:
        form.add_error("reason", str(refused.sentence))
        return False
    return True


def _shown(flag: RedFlag, searched: FlagSearch | None) -> Shown:
    added: dict[str, Any] = vars(flag)
    firms = [Firm(UUID(row["id"]), row["name"]) for row in added["firm_rows"]]
    notes = [
        Note(row["who"], datetime.fromisoformat(row["at"]), row["reason"], _noted(flag, row["value"]))
        for row in added["note_rows"]
    ]
    return Shown(
        flag,
        flag_words.MEANINGS[flag.indicator],
        _about(flag),
        _badge(flag),
        flag_words.shown(flag.indicator, flag.value),
        flag_words.arithmetic(_asked(flag, firms, searched)),
        firms,
        notes,
    )


def _noted(flag: RedFlag, value: str) -> str:
    """The value a flag had when it was looked at, where it has changed since."""
    return flag_words.shown(flag.indicator, value) if value != flag.value else ""


def _asked(flag: RedFlag, firms: Sequence[Firm], searched: FlagSearch | None) -> Asked:
    project = flag.project
    bidders = [firm.name for firm in firms if project is None or firm.id != project.buyer_id]
    imported = bool(flag.names) or (project is not None and project.buyer_id is None)
    fences: dict[str, Any] = searched.fences.get("imported" if imported else "own", {}) if searched else {}
    return Asked(
        indicator=flag.indicator,
        value=Fraction(flag.value),
        figures={name: Fraction(text) for name, text in flag.figures.items()},
        fence=fences.get(f"{flag.indicator}:{flag.group}", {}) if flag.ended_at is None else {},
        currency=project.currency if project is not None else "",
        names=", ".join([*bidders, *flag.names]),
        least_days=_least_days(flag, imported=imported),
    )


def _least_days(flag: RedFlag, *, imported: bool) -> int:
    """The threshold of short notice that held when it was found."""
    if flag.indicator != "R003":
        return 0
    return actions.shortest_notice(business_date(flag.found_at), imported=imported)


# ------------------------------------------------------------------ one process


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the trail with its link."""

    record: AuditRecord
    words: str
    happened_at: datetime
    place: int | None
    hash: str
    holds: bool
    reason: str


@require_safe
def integrity_process(request: Request, pk: UUID) -> HttpResponse:
    """One process: its flags, who opened what when, and every record of its trail with its link in the chain."""
    _check_watcher(request.user)
    project = get_object_or_404(Project.objects.visible_to(request.user).select_related("buyer", "reference"), pk=pk)
    openings = request.GET.get("show") == "openings"
    records = page(
        queries.trail(project, openings=openings), order=("-id",), cursor=request.GET.get("cursor"), count=False
    )
    flags = queries.listed(request.user).filter(project=project, ended_at=None).order_by("indicator")
    context = {
        "project": project,
        "openings": openings,
        "page": records,
        "records": [_record(row) for row in records.rows],
        "flags": [_row(flag) for flag in flags],
        "not_a_verdict": flag_words.NOT_A_VERDICT,
    }
    fragment = request.htmx.target == "results"
    return render(request, "integrity/process.html#results" if fragment else "integrity/process.html", context)


def _record(row: AuditRecord) -> Record:
    link: dict[str, Any] = vars(row)
    happened = row.facts.get("happened_at")
    return Record(
        record=row,
        words=flag_words.deed_words(row.deed),
        happened_at=datetime.fromisoformat(happened) if isinstance(happened, str) else row.at,
        place=link["place"],
        hash=link["hash"] or "",
        holds=link["was"] in (None, link["now"]),
        reason=str(row.facts.get("reason") or ""),
    )
