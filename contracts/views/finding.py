"""Finding work: watching a project, filters kept under a name. Load, act, answer."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from contracts.access import project_or_404, saved_filter_or_404
from contracts.actions import finding as actions
from contracts.filters import ProjectFilters
from contracts.forms.finding import SavedFilterForm
from contracts.models import SavedFilter
from contracts.permissions import finding as checks
from contracts.permissions.standing import standing_of
from contracts.queries import finding as queries
from core.clock import business_date, market_now
from core.errors import Conflict, Invalid
from core.http import Request, see_other, unprocessable
from core.paging import page
from core.words.lists import Chip, chips_of

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


# ------------------------------------------------------------------ watching


@require_POST
def project_watch(request: Request, pk: UUID) -> HttpResponse:
    """Hear what happens to a project."""
    project = project_or_404(request.user, pk).project
    actions.watch(project=project, by=request.user)
    messages.success(request, _("You watch this project now. Only you see that."))
    return see_other("project_detail", pk)


@require_POST
def project_unwatch(request: Request, pk: UUID) -> HttpResponse:
    """Hear nothing more of a project."""
    project = project_or_404(request.user, pk).project
    actions.unwatch(project=project, by=request.user)
    messages.success(request, _("You no longer watch this project."))
    return see_other("project_detail", pk)


# ------------------------------------------------------------------ saved filters


@dataclass(frozen=True, slots=True)
class Row:
    """One saved filter of the list."""

    saved: SavedFilter
    own: bool


@require_safe
def filter_list(request: Request) -> HttpResponse:
    """The filters I keep and those my MEs share."""
    who = standing_of(request.user, business_date(market_now()))
    found = page(queries.saved_filters(who), order=("name", "id"), cursor=request.GET.get("cursor"))
    rows = [Row(saved, saved.person_id == request.user.pk) for saved in found.rows]
    return render(request, "projects/filters.html", {"page": found, "rows": rows})


@get_or_post
def filter_new(request: Request) -> HttpResponse:
    """Keep the view of the project list that stands in the address."""
    checks.check_keep(request.user)
    who = standing_of(request.user, business_date(market_now()))
    form = SavedFilterForm(request.POST if request.method == "POST" else None, who=who)
    if form.is_bound and form.is_valid():
        try:
            actions.save_filter(query=request.GET, by=request.user, **form.cleaned_data)
        except (Invalid, Conflict) as refusal:
            _beside(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return see_other("filter_list")
    context = {"form": form, "saved": None, "query": request.GET.urlencode(), "chips": _chips(request.GET)}
    return _form_page(request, form, context)


@require_safe
def filter_open(request: Request, pk: UUID) -> HttpResponse:
    """The project list as the filter shows it; the address of a shared filter opens for every colleague."""
    saved = saved_filter_or_404(request.user, pk)
    return HttpResponseRedirect(f"{reverse('project_list')}?{saved.query}")


@get_or_post
def filter_edit(request: Request, pk: UUID) -> HttpResponse:
    """Rename a filter, share it, switch its alerts."""
    saved = saved_filter_or_404(request.user, pk)
    checks.check_own_filter(saved, request.user)
    who = standing_of(request.user, business_date(market_now()))
    form = SavedFilterForm(request.POST if request.method == "POST" else None, who=who, saved=saved)
    if form.is_bound and form.is_valid():
        try:
            actions.change_filter(saved=saved, by=request.user, **form.cleaned_data)
        except Invalid as refusal:
            _beside(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return see_other("filter_list")
    context = {"form": form, "saved": saved, "query": saved.query, "chips": _chips(QueryDict(saved.query))}
    return _form_page(request, form, context)


@require_POST
def filter_delete(request: Request, pk: UUID) -> HttpResponse:
    """Forget a filter."""
    saved = saved_filter_or_404(request.user, pk)
    actions.delete_filter(saved=saved, by=request.user)
    messages.success(request, _("Deleted: %(name)s") % {"name": saved.name})
    return see_other("filter_list")


def _chips(query: QueryDict) -> list[Chip]:
    """What a view filters, in words."""
    filters = ProjectFilters(query)
    filters.is_valid()
    return chips_of(filters, query)


def _beside(form: SavedFilterForm, refusal: Invalid | Conflict) -> None:
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.sentence))


def _form_page(request: Request, form: SavedFilterForm, context: dict[str, Any]) -> HttpResponse:
    response = render(request, "projects/filter_form.html", context)
    return unprocessable(response) if form.errors else response
