"""The nights: their list, one night with its approval. Their files are in `exports`. Load, act, answer."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.errors import Denied, DomainError
from core.http import Request, see_other, unprocessable
from core.paging import page
from core.permissions import why_not
from settlement import access, comparison, forms, permissions, queries, sentences
from settlement.actions import nights
from settlement.exports.report import filtered
from settlement.lifecycle import PAYOUT_BADGES, RUN_BADGES
from settlement.models import SEES_ALL, Outcome, PayoutBatch, SettlementRun
from settlement.views.showing import badged, fragment

EXCEPTIONS_SHOWN = 20
NIGHTS_SHOWN = 60


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
            run = nights.start_run(business_date=starting.cleaned_data["date"], by=request.user)
        except DomainError as refusal:
            starting.add_error(None, str(refusal.sentence))
        else:
            # The clock's next round, within seconds, finds the run and works on it.
            messages.success(request, _("The night is being settled. You can leave this page and come back."))
            return see_other("run_detail", run.business_date)
    response = render(request, fragment(request, "settlement/runs.html"), _run_list_context(request, starting))
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
    waiting = nights.waiting_dates()
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
    """One night: progress, totals beside the night before, exceptions, movements, every ME; POST approves it."""
    if request.htmx.target == "progress":
        return _progress(request, access.run_or_404(request.user, day))
    course = access.course_or_404(request.user, day, nights=NIGHTS_SHOWN)
    run, refusal = course.nights[0], ""
    if request.method == "POST":
        try:
            nights.approve(run=run, by=request.user)
        except Denied:
            raise  # not this person's to do: the same page as everywhere says so
        except DomainError as refused:
            refusal = str(refused.sentence)
        else:
            messages.success(request, _("Approved. What is newly payable can be paid now."))
            return see_other("run_detail", day)
    form = forms.OutcomeFilter(request.GET)
    found = page(_filtered(run, request, form), order=("-shared_minor", "id"), cursor=request.GET.get("cursor"))
    context: dict[str, object] = {
        "run": run,
        "form": form,
        "page": found,
        "outcomes": badged(found),
        "refusal": refusal,
    }
    if request.htmx.target == "results":
        return render(request, "settlement/run.html#results", context)
    response = render(request, "settlement/run.html", context | _run_context(request, course))
    return unprocessable(response) if refusal else response


def _run_context(request: Request, course: access.Course) -> dict[str, object]:
    run, before = course.nights[0], course.nights[1] if len(course.nights) > 1 else None
    query = request.GET.copy()
    for name in ("cursor", "from"):
        query.pop(name, None)
    exceptions = queries.open_exceptions(run, request.user)[: EXCEPTIONS_SHOWN + 1]
    is_posting = run.status == SettlementRun.Status.POSTING
    return {
        "badge": RUN_BADGES[SettlementRun.Status(run.status)],
        "sentence": sentences.run_state(run),
        "is_posting": is_posting,
        "progress": queries.progress(run) if is_posting else None,
        "before": before,
        "counts": [] if is_posting else sentences.counts(run, before),
        **_sums(request, run, before),
        "courses": _courses(course.nights),
        "troubles": _troubles(exceptions),
        # While MEs are still being posted nobody knows which moved most.
        "movements": [] if is_posting else queries.biggest_movements(run, request.user),
        "why_not_approve": why_not(permissions.check_approve, request.user, run),
        "why_not_pay": why_not(permissions.check_pay_out, request.user),
        "payouts": [(batch, PAYOUT_BADGES[PayoutBatch.Status(batch.status)]) for batch in course.payouts],
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


def _sums(request: Request, run: SettlementRun, before: SettlementRun | None) -> dict[str, object]:
    """Totals by currency and by platform, beside those of the night before."""
    dates = [run.business_date, *([before.business_date] if before else [])]
    found = queries.platform_sums(dates, request.user)
    now, then = found[run.business_date], found[before.business_date] if before else None
    return {
        "totals": [
            (sums.currency, [(sentences.FIGURE_NAMES[each.name], each) for each in sums.figures])
            for sums in comparison.by_currency(now, then)
        ],
        "platforms": comparison.by_platform(now, then),
    }


def _courses(nights_until: Sequence[SettlementRun]) -> list[dict[str, object]]:
    """Profit and shares of the last nights, by currency, oldest first."""
    sealed = [run for run in reversed(nights_until) if run.totals]
    return [
        {
            "currency": currency,
            "rows": [
                (
                    sentences.day_name(run.business_date),
                    reverse("run_detail", args=[run.business_date]),
                    run.totals.get(currency, {}).get("profit"),
                    run.totals.get(currency, {}).get("shared"),
                )
                for run in sealed
            ],
        }
        for currency in sorted({currency for run in sealed for currency in run.totals})
    ]


def _filtered(run: SettlementRun, request: Request, form: forms.OutcomeFilter) -> QuerySet[Outcome]:
    rows = queries.outcomes_of(run, request.user)
    return filtered(rows, form.cleaned_data) if form.is_valid() else rows


def _troubles(exceptions: Iterable[Outcome]) -> list[dict[str, object]]:
    return [
        {
            "outcome": outcome,
            "trouble": sentences.trouble(outcome, outcome.microenterprise.name),
            "ended": sentences.repaired(outcome, outcome.repaired_by) if hasattr(outcome, "repaired_by") else "",
        }
        for outcome in exceptions
    ]
