"""How an ME's prices stand against those of outside vendors: the index with its arithmetic, project by project."""

from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from contracts.competitiveness import index
from contracts.explaining import percent
from contracts.exports import CSV, compared_rows, csv_lines
from contracts.queries.competitiveness import compared
from core.clock import business_date
from core.http import Request, download
from microenterprises.models import Microenterprise


@require_safe
def competitiveness(request: Request, pk: UUID) -> HttpResponseBase:
    """The competitiveness index of an ME, which every colleague may check; as a page or a CSV file."""
    firm = get_object_or_404(Microenterprise.objects.visible_to(request.user), pk=pk)
    rows, months = compared(firm.pk, request.user, business_date())
    if request.GET.get("format") == "csv":
        lines = csv_lines(compared_rows(rows))
        return download(lines, filename="competitiveness.csv", content_type=CSV)
    found = index(rows)
    context = {
        "firm": firm,
        "months": months,
        "index": found,
        "percent": percent(found.points) if found.points is not None else "",
        "rows": [(row, percent(row.ratio_bp)) for row in rows],
    }
    return render(request, "vendors/competitiveness.html", context)
