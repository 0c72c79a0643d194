"""The settlement's pages: load, act, answer."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core import audit, money
from core.clock import business_date
from core.errors import Denied, DomainError
from core.http import Request, download, see_other, unprocessable
from core.paging import Page, page
from core.permissions import why_not
from settlement import access, actions, derivations, exports, forms, permissions, queries, sentences
from settlement.facts import fiscal_year_of
from settlement.lifecycle import OUTCOME_BADGES, RUN_BADGES
from settlement.models import SEES_ALL, Outcome, PayLine, SettlementRun, StatementLine

EXCEPTIONS_SHOWN = 20


# --- Runs -------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def run_list(request: Request) -> HttpResponse:
    """Every night, what waits for somebody, and (finance) a missed night started by hand."""
    if not request.user.has_role(*SEES_ALL):
        raise Http404
    if request.method == "POST":
        permissions.check_start(request.user)
    starting = forms.StartForm(request.POST or None)
    if request.method == "POST" and starting.is_valid():
        try:
            run = actions.start_run(business_date=starting.cleaned_data["date"], by=request.user)
        except DomainError as refusal:
            starting.add_error(None, str(refusal.sentence))
        else:
            # The clock's next round, within seconds, finds the run and works on it.
            messages.success(request, _("The night is being settled. You can leave this page and come back."))
            return see_other("run_detail", run.business_date)
    response = render(request, _fragment(request, "settlement/runs.html"), _run_list_context(request, starting))
    return unprocessable(response) if request.method == "POST" else response


def _run_list_context(request: Request, starting: forms.StartForm) -> dict[str, object]:
    form = forms.RunFilter(request.GET)
    runs = SettlementRun.objects.visible_to(request.user)
    if form.is_valid():
        if status := form.cleaned_data["status"]:
            runs = runs.filter(status=status)
        if trouble := form.cleaned_data["trouble"]:
            runs = runs.filter(exceptions__gt=0) if trouble == "yes" else runs.filter(exceptions=0)
    found = page(runs, order=("-business_date",), cursor=request.GET.get("cursor"))
    waiting = actions.waiting_dates()
    open_ones = queries.open_exceptions_by_me(request.user)[: EXCEPTIONS_SHOWN + 1]
    return {
        "form": form,
        "starting": starting,
        "page": found,
        "runs": [(run, RUN_BADGES[SettlementRun.Status(run.status)]) for run in found.rows],
        "waiting": waiting[:1],
        "waiting_count": len(waiting),
        "why_not_start": why_not(permissions.check_start, request.user),
        "troubles": _troubles(open_ones),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def run_detail(request: Request, day: date) -> HttpResponse:
    """One night: totals, progress, exceptions, movements, every ME; POST approves it."""
    run = access.run_or_404(request.user, day)
    refusal = ""
    if request.method == "POST":
        try:
            actions.approve(run=run, by=request.user)
        except Denied:
            raise  # not this person's to do: the same page as everywhere says so
        except DomainError as refused:
            refusal = str(refused.sentence)
        else:
            messages.success(request, _("Approved. What is newly payable can be paid now."))
            return see_other("run_detail", day)
    if request.htmx.target == "progress":
        return _progress(request, run)
    form = forms.OutcomeFilter(request.GET)
    found = page(_filtered(run, request, form), order=("-shared_minor", "id"), cursor=request.GET.get("cursor"))
    context: dict[str, object] = {"run": run, "form": form, "page": found, "outcomes": _rows(found), "refusal": refusal}
    if request.htmx.target == "results":
        return render(request, "settlement/run.html#results", context)
    response = render(request, "settlement/run.html", context | _run_context(request, run))
    return unprocessable(response) if refusal else response


def _run_context(request: Request, run: SettlementRun) -> dict[str, object]:
    query = request.GET.copy()
    for name in ("cursor", "from"):
        query.pop(name, None)
    exceptions = queries.open_exceptions(run, request.user)[: EXCEPTIONS_SHOWN + 1]
    is_posting = run.status == SettlementRun.Status.POSTING
    return {
        "badge": RUN_BADGES[SettlementRun.Status(run.status)],
        "sentence": sentences.run_state(run),
        "progress": queries.progress(run) if is_posting else None,
        "totals": _totals(run, queries.run_before(run)),
        "troubles": _troubles(exceptions),
        "movements": queries.biggest_movements(run, request.user),
        "why_not_approve": why_not(permissions.check_approve, request.user, run),
        "consequence": sentences.approval(run),
        "reads_pay": not why_not(permissions.check_export_pay, request.user, run),
        "query": f"?{query.urlencode()}" if query else "",
    }


def _progress(request: Request, run: SettlementRun) -> HttpResponse:
    """The bar alone; once the night is sealed the whole page is asked for again."""
    if run.status != SettlementRun.Status.POSTING:
        response = HttpResponse()
        response["HX-Refresh"] = "true"
        return response
    return render(request, "settlement/run.html#progress", {"run": run, "progress": queries.progress(run)})


def _totals(run: SettlementRun, before: SettlementRun | None) -> list[dict[str, object]]:
    earlier = before.totals if before else {}
    return [
        {"currency": currency, "sums": sums, "before": earlier.get(currency, {}).get("shared")}
        for currency, sums in sorted(run.totals.items())
    ]


def _filtered(run: SettlementRun, request: Request, form: forms.OutcomeFilter) -> QuerySet[Outcome]:
    rows = queries.outcomes_of(run, request.user)
    if not form.is_valid():
        return rows
    if text := form.cleaned_data["q"].strip():
        rows = rows.filter(microenterprise__name__icontains=text)
    if state := form.cleaned_data["state"]:
        rows = rows.filter(state=state)
    if late := form.cleaned_data["late"]:
        rows = rows.filter(repairs__isnull=late == "no")
    return rows


def _rows(found: Page[Outcome]) -> list[tuple[Outcome, object]]:
    return [(outcome, OUTCOME_BADGES[Outcome.State(outcome.state)]) for outcome in found.rows]


def _troubles(exceptions: Iterable[Outcome]) -> list[dict[str, object]]:
    return [
        {
            "outcome": outcome,
            "trouble": sentences.trouble(outcome, outcome.microenterprise.name),
            "ended": sentences.repaired(outcome, outcome.repaired_by) if hasattr(outcome, "repaired_by") else "",
        }
        for outcome in exceptions
    ]


def _fragment(request: Request, template: str) -> str:
    return f"{template}#results" if request.htmx.target == "results" else template


# --- Files ------------------------------------------------------------------------------------------------------------

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
def run_xlsx(request: Request, day: date) -> StreamingHttpResponse:
    """The report of a night as a workbook, with the filters of the screen."""
    run, form = access.run_or_404(request.user, day), forms.OutcomeFilter(request.GET)
    permissions.check_export(request.user, run)
    rows = _filtered(run, request, form).order_by("-shared_minor", "id")
    with_lines = not why_not(permissions.check_export_pay, request.user, run)
    _exported(request, run, "xlsx")
    chunks = exports.xlsx_report(run, rows, filters=request.GET.urlencode(), with_lines=with_lines)
    return download(chunks, filename=f"settlement-{day}.xlsx", content_type=XLSX)


@require_safe
def run_csv(request: Request, day: date) -> StreamingHttpResponse:
    """The report of a night as CSV, with the filters of the screen."""
    run, form = access.run_or_404(request.user, day), forms.OutcomeFilter(request.GET)
    permissions.check_export(request.user, run)
    rows = _filtered(run, request, form).order_by("-shared_minor", "id")
    _exported(request, run, "csv")
    return download(
        exports.csv_report(run, rows), filename=f"settlement-{day}.csv", content_type="text/csv; charset=utf-8"
    )


@require_safe
def run_lines_csv(request: Request, day: date) -> StreamingHttpResponse:
    """Every person's line of a night as CSV."""
    run = access.run_or_404(request.user, day)
    permissions.check_export_pay(request.user, run)
    _exported(request, run, "lines")
    return download(
        exports.csv_lines(run), filename=f"settlement-lines-{day}.csv", content_type="text/csv; charset=utf-8"
    )


@require_safe
def run_journal(request: Request, day: date) -> StreamingHttpResponse:
    """The journal of a night as hledger text."""
    run = access.run_or_404(request.user, day)
    permissions.check_export_pay(request.user, run)
    _exported(request, run, "hledger")
    return download(exports.hledger(run), filename=f"journal-{day}.hledger", content_type="text/plain; charset=utf-8")


def _exported(request: Request, run: SettlementRun, form: str) -> None:
    audit.record(
        by=request.user,
        deed="settlement.exported",
        subject=f"settlement:{run.business_date}",
        about=str(run),
        form=form,
        filters=request.GET.urlencode(),
        lines_sha256=run.lines_sha256,
    )


# --- MEs --------------------------------------------------------------------------------------------------------------


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
        "evidence": queries.evidence(outcome.microenterprise.entity_id, outcome.business_date, outcome.business_date),
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
    context = {"me": firm, "page": found, "outcomes": _rows(found), "course": course}
    return render(request, "settlement/firm.html", context)


# --- Statements -------------------------------------------------------------------------------------------------------


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
    return render(request, _fragment(request, "settlement/statement.html"), context)


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
