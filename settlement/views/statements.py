"""What a person got, and every line of it explained. Load, act, answer."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core import money
from core.clock import business_date
from core.http import Request
from core.paging import page
from settlement import access, derivations, forms, queries, sentences
from settlement.facts import fiscal_year_of
from settlement.models import PayLine, StatementLine
from settlement.views.showing import fragment


@require_safe
def statement(request: Request, person: UUID | None = None) -> HttpResponse:
    """A person's statement, like a bank's: the year, then every line with what made it and the balance after it."""
    reader = access.reader_or_404(request.user, person)
    since = fiscal_year_of(business_date())
    form = forms.StatementFilter(request.GET, years=forms.years_since(reader.joined_on, since.year))
    chosen = form.cleaned_data if form.is_valid() else {"year": "", "kind": ""}
    if chosen["year"]:
        since = since.replace(year=int(chosen["year"]))
    before = since.replace(year=since.year + 1)
    rows = queries.statement_of(reader).filter(night__gte=since, night__lt=before)
    if chosen["kind"]:
        rows = rows.filter(kind=chosen["kind"])
    found = page(rows, order=("-night", "-position", "id"), cursor=request.GET.get("cursor"), count=False)
    balances = queries.balances_after(reader, found.rows)
    context = {
        "reader": reader,
        "own": reader.pk == request.user.pk,
        "form": form,
        "since": since,
        "sums": queries.year_sums(reader, since, before),
        "page": found,
        "lines": [_statement_row(line, balances, made_by) for line, made_by in queries.with_evidence(found.rows)],
    }
    return render(request, fragment(request, "settlement/statement.html"), context)


def _statement_row(
    line: StatementLine, balances: dict[UUID, int], made_by: list[queries.Evidence]
) -> dict[str, object]:
    return {
        "line": line,
        "what": sentences.line_title(line),
        "detail": sentences.line_detail(line),
        "url": reverse("statement_line", args=[line.pk]),
        "made_by": made_by,
        "balance_minor": balances[line.pk],
    }


@require_safe
def statement_line(request: Request, pk: UUID) -> HttpResponse:
    """One line, step by step with its figures, down to the entries that made the profit of the day."""
    line = access.line_or_404(request.user, pk)
    context: dict[str, object] = {"line": line, "own": line.person_id == request.user.pk}
    if isinstance(line, PayLine):
        title = str(line.get_kind_display())
        context |= {"me": line.microenterprise, "steps": derivations.of_pay(line), "title": title}
    else:
        me = line.outcome.microenterprise
        context |= {
            "me": me,
            "outcome": line.outcome,
            "steps": derivations.of_share(line),
            "evidence": queries.evidence(me.entity_id, line.business_date, line.business_date),
            "title": _("Share of the profit"),
        }
    context["amount"] = money.write(line.amount_minor, line.currency)
    return render(request, "settlement/line.html", context)
