"""The pages of a change: the buyer changes a published project, a bidder lets a bid stand for the changed words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from contracts import versions, zones
from contracts.access import SeenVersion, project_or_404, versions_of
from contracts.actions import amendments as actions
from contracts.actions import bids as bid_actions
from contracts.forms.amendments import AmendForm
from contracts.lifecycle import Phase, phase, project_badge
from contracts.models import Project
from contracts.permissions import projects as checks
from contracts.permissions.standing import standing_of
from contracts.queries.bids import own_bids_on
from contracts.queries.projects import Happening, changed_at
from contracts.versions import ProjectChanged
from contracts.wording import Change
from core import parameters
from core.clock import business_date, market_now
from core.errors import InsufficientFunds, Invalid
from core.http import Request, see_other, unprocessable
from ledger.accounts import Kind
from ledger.queries import balance


@dataclass(frozen=True, slots=True)
class Changed:
    """One version beside the one before it: what differs, why, who changed it and when."""

    version: SeenVersion
    changes: Sequence[Change]


def changed(project: Project) -> list[Changed]:
    """How a project came to say what it says, the latest change first. Reads what `project_or_404` loaded."""
    kept = versions_of(project)
    words = [versions.read(row.words) for row in kept]
    found = [
        Changed(row, versions.changes(before, after, project.currency))
        for row, before, after in zip(kept[1:], words, words[1:], strict=False)
    ]
    return found[::-1]


def happened(project: Project) -> list[Happening]:
    """The changes of a project as lines of its timeline. Reads what `project_or_404` loaded."""
    return [changed_at(row.number, row.made_by, row.made_at) for row in versions_of(project)[1:]]


def deadline_facts(project: Project, now: datetime) -> dict[str, Any]:
    """The deadline in its own zone beside the reader's, with its offset, and how long it is until then by our clock."""
    runs = phase(project, now) in (Phase.SCHEDULED, Phase.OPEN)
    return {
        **zones.beside_readers(project.deadline, project.deadline_zone),
        "deadline_left": zones.countdown(project.deadline, now) if runs else "",
    }


@require_http_methods(["GET", "HEAD", "POST"])
def project_amend(request: Request, pk: UUID) -> HttpResponse:
    """Change a published project before its deadline; what follows from it stands beside the button."""
    now = market_now()
    project = project_or_404(request.user, pk).project
    checks.check_amend(project, standing_of(request.user, business_date(now)), now)
    if project.buyer is None:
        raise Http404
    form = AmendForm(request.POST or None, project=project, reader=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            actions.amend(
                project=project,
                words=form.words(),
                reason=form.cleaned_data["reason"],
                seen=form.cleaned_data["seen"],
                by=request.user,
            )
        except ProjectChanged as refusal:
            form.see(project.revision)
            form.add_error(None, str(refusal.sentence))
        except Invalid as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.sentence))
        except InsufficientFunds as refusal:
            form.add_error("ceiling", str(refusal.sentence))
        else:
            return see_other(f"{reverse('project_detail', args=[pk])}#changes")
    context = {
        "now": now,
        "project": project,
        "badge": project_badge(project, now),
        "form": form,
        "changed": changed(project),
        "wallet": balance(project.buyer.entity_id, Kind.WALLET),
        "least": parameters.value("shortest_minutes_after_a_change", on=business_date(now)),
        "deadline_there": zones.in_zone(project.deadline, ZoneInfo(project.deadline_zone)),
    }
    response = render(request, "projects/amend.html", context)
    return unprocessable(response) if form.is_bound and not form.is_valid() else response


@never_cache
@require_POST
def bid_confirm(request: Request, pk: UUID) -> HttpResponse:
    """Let one's bid stand for the changed words; `?me=` chooses when somebody leads several MEs."""
    project = project_or_404(request.user, pk).project
    wanted = request.GET.get("me", "")
    own = own_bids_on(project, standing_of(request.user, business_date()))
    current = next((row for row in own if row.live and wanted in ("", str(row.firm.pk))), None)
    if current is None:
        raise Http404
    seen = request.POST.get("seen", "")
    bid_actions.confirm(bid=current.bid, seen=int(seen) if seen.isdecimal() else 0, by=request.user)
    return see_other(f"{reverse('bid_submit', args=[pk])}?me={current.firm.pk}")
