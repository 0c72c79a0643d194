"""How an ME kept its promises: the score with its arithmetic, contract by contract."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from contracts.explaining import percent
from contracts.promises import FULL
from contracts.queries.promises import scores
from core.clock import business_date
from core.http import Request
from microenterprises.models import Microenterprise


@require_safe
def promises(request: Request, pk: UUID) -> HttpResponse:
    """The promise-kept score of an ME, which every colleague may check."""
    firm = get_object_or_404(Microenterprise.objects.visible_to(request.user), pk=pk)
    score, kept = scores([firm.pk], business_date())[firm.pk]
    context = {
        "firm": firm,
        "score": score,
        "percent": percent(score.points),
        "market": percent(int(score.market * FULL)),
        "own": percent(int(score.own / score.contracts * FULL)) if score.contracts else "",
        "promises": [(promise, percent(promise.share_bp)) for promise in kept],
    }
    return render(request, "projects/promises.html", context)
