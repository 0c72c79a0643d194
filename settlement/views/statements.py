"""What a person got, and every line of it explained. Load, act, answer."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core import money
from core.http import Request
from settlement import access, derivations, forms, queries, standing, statements, waiting
from settlement.models import HandedOn, PayLine, StatementLine
from settlement.standing import Reader
from settlement.tables import statement_table
from settlement.views import showing


@require_safe
def statement(request: Request, person: UUID | None = None) -> HttpResponse:
    """A person's statement, like a bank's: what is owed and paid, what a plan would bring, then every line with what
    made it and the balance after it.
    """
    reader = access.reader_now_or_404(request.user, person)
    own = reader.person.pk == request.user.pk
    context: dict[str, object] = {"reader": reader.person, "own": own, "today": reader.today}
    if str(request.htmx.target).startswith("plan-"):
        return _outlook(request, reader)
    context |= _lines(request, reader)
    if request.htmx.target == "results":
        return render(request, "settlement/statement.html#results", context)
    context |= _prospects(request, reader) | {"paid": standing.paid(reader.person)}
    return render(request, "settlement/statement.html", context)


def _lines(request: Request, reader: Reader) -> dict[str, object]:
    """One fiscal year of lines, its sums, and the balance after each line."""
    since = reader.year
    form = forms.StatementFilter(request.GET, years=forms.years_since(reader.person.joined_on, since.year))
    chosen = form.cleaned_data if form.is_valid() else {"year": "", "kind": ""}
    if chosen["year"]:
        since = since.replace(year=int(chosen["year"]))
    before = since.replace(year=since.year + 1)
    found = statements.page_of_lines(reader, since, before, chosen["kind"], request.GET.get("cursor"))
    sums = statements.year_sums(reader, since, before, found.rows[0] if found.rows else None)
    balances = statements.balances_after(found.rows, sums)
    return {
        "form": form,
        "since": since,
        "sums": sums,
        "page": found,
        "lines": statement_table(statements.with_evidence(found.rows), balances) if found.rows else None,
    }


def _prospects(request: Request, reader: Reader) -> dict[str, Any]:
    """Where the person stands in each ME, and what a planned year would bring; the plan typed is in the address."""
    stands = standing.positions(reader)
    outlooks = []
    for position in stands:
        if not position.is_active:
            continue
        asked = request.GET.get("me") == str(position.me.pk)
        form = forms.PlanForm(request.GET if asked else None, currency=position.currency, key=position.me.pk)
        typed = form.cleaned_data["plan"] if asked and form.is_valid() else None
        found = standing.outlook(position, reader, plan_minor=typed)
        if not asked:
            form.initial = {"plan": found.plan_minor}
        outlooks.append((found, form))
    return {"positions": stands, "outlooks": outlooks}


def _outlook(request: Request, reader: Reader) -> HttpResponse:
    """What the plan that is being typed would bring, alone."""
    for outlook, form in _prospects(request, reader)["outlooks"]:
        if str(outlook.position.me.pk) == request.GET.get("me"):
            context = {"outlook": outlook, "form": form}
            return render(request, "settlement/statement.html#outlook", context)
    raise Http404


@require_safe
def statement_line(request: Request, pk: UUID) -> HttpResponse:
    """One line, step by step with its figures, down to the entries that made the profit of the day."""
    line = access.line_or_404(request.user, pk)
    context: dict[str, object] = {"line": line, "own": line.person_id == request.user.pk}
    if isinstance(line, PayLine):
        title = str(line.get_kind_display())
        steps = derivations.of_pay(line, waiting.lowered_of(line))
        context |= {"me": line.microenterprise, "steps": steps, "title": title}
    elif isinstance(line, HandedOn):
        title = str(StatementLine.Kind.HANDED_ON.label)
        context |= {"me": line.microenterprise, "steps": derivations.of_handed_on(line), "title": title}
    else:
        me = line.outcome.microenterprise
        context |= {
            "me": me,
            "outcome": line.outcome,
            "steps": derivations.of_share(line),
            "evidence": showing.dated(queries.evidence(me.entity_id, line.business_date, line.business_date)),
            "title": _("Share of the profit"),
        }
    context["amount"] = money.write(line.amount_minor, line.currency)
    return render(request, "settlement/line.html", context)
