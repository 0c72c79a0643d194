"""How an ME's prices stand against those of outside vendors: the index with its arithmetic, project by project."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from contracts.competitiveness import index
from contracts.explaining import percent
from contracts.queries.competitiveness import compared
from core.clock import business_date
from core.http import Request
from microenterprises.models import Microenterprise


@require_safe
def competitiveness(request: Request, pk: UUID) -> HttpResponse:
    """The competitiveness index of an ME, which every colleague may check."""
    firm = get_object_or_404(Microenterprise.objects.visible_to(request.user), pk=pk)
    rows, months = compared(firm.pk, business_date())
    found = index(rows)
    context = {
        "firm": firm,
        "months": months,
        "index": found,
        "percent": percent(found.points) if found.points is not None else "",
        "rows": [(row, percent(row.ratio_bp)) for row in rows],
    }
    return render(request, "vendors/competitiveness.html", context)
