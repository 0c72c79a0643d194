"""How an ME's dates ended. Load, act, answer."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.http import Request
from core.paging import page
from settlement import access, derivations, queries, sentences
from settlement.lifecycle import OUTCOME_BADGES
from settlement.models import Outcome
from settlement.views import showing
from settlement.views.showing import badged


@require_safe
def outcome_detail(request: Request, pk: UUID) -> HttpResponse:
    """How one date of an ME ended, step by step; lines only for who may read pay."""
    outcome = access.outcome_or_404(request.user, pk)
    lines = queries.share_lines_of(outcome, request.user)
    context = {
        "outcome": outcome,
        "me": outcome.microenterprise,
        "badge": OUTCOME_BADGES[Outcome.State(outcome.state)],
        "sentence": sentences.outcome_state(outcome),
        "steps": derivations.of_outcome(outcome),
        "evidence": showing.dated(
            queries.evidence(outcome.microenterprise.entity_id, outcome.business_date, outcome.business_date)
        ),
        "lines": lines,
        "trouble": sentences.trouble(outcome, outcome.microenterprise.name) if outcome.frozen else None,
        "repair": getattr(outcome, "repaired_by", None),
    }
    return render(request, "settlement/outcome.html", context)


@require_safe
def firm_outcomes(request: Request, pk: UUID) -> HttpResponse:
    """Every night of one ME, for its leader and for who sees all."""
    firm = access.firm_or_404(request.user, pk)
    rows = Outcome.objects.visible_to(request.user).filter(microenterprise=firm)
    found = page(rows, order=("-night", "id"), cursor=request.GET.get("cursor"))
    course = [(sentences.day_name(row.business_date), row.shared_minor) for row in reversed(found.rows)]
    context = {"me": firm, "page": found, "outcomes": badged(found), "course": course}
    return render(request, "settlement/firm.html", context)
