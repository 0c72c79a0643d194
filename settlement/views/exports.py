"""Files: what there is to take along, one file at once or in the background, and one's own files. Load, act, answer."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core import audit, parameters
from core.clock import market_now
from core.errors import Conflict, DomainError, InvalidTransition
from core.http import Request, download, see_other, unprocessable
from core.paging import page
from core.permissions import why_not
from settlement import access, forms, permissions
from settlement.actions import exports as actions
from settlement.exports import catalogue, journals, making
from settlement.exports.catalogue import CATALOGUE, FOR_ALL_BOOKS, FORMATS, Recipe
from settlement.exports.files import TEXT
from settlement.exports.orders import Asked, Order
from settlement.lifecycle import EXPORT_BADGES
from settlement.models import SEES_ALL, Export, SettlementRun
from settlement.views.showing import fragment

WORKBOOK_ROWS = 1_000_000
"""Above it a workbook takes a quarter of an hour to write and more memory to open than most people have."""


# --- One's own files --------------------------------------------------------------------------------------------------


@require_safe
def export_list(request: Request) -> HttpResponse:
    """What one asked for, how far it is, and what else there is to take along."""
    _employee_or_404(request)
    mine = Export.objects.visible_to(request.user)
    if request.htmx.target == "open":
        return _open_ones(request)
    found = page(mine, order=("-asked_at", "id"), cursor=request.GET.get("cursor"))
    context = {
        "page": found,
        "files": [_told(export) for export in found.rows],
        "now": market_now(),
        "offered": _offered(request),
        "days": parameters.value("export_days"),
        **_open_context(list(mine.filter(status__in=actions.OPEN).order_by("asked_at"))),
    }
    return render(request, fragment(request, "settlement/exports.html"), context)


def _open_ones(request: Request) -> HttpResponse:
    """The bars alone; once nothing is being made any more the whole page is asked for again."""
    rows = list(Export.objects.visible_to(request.user).filter(status__in=actions.OPEN).order_by("asked_at"))
    if rows:
        return render(request, "settlement/exports.html#open", _open_context(rows))
    response = HttpResponse()
    response["HX-Refresh"] = "true"
    return response


def _open_context(rows: list[Export]) -> dict[str, Any]:
    now = market_now()
    return {"open": [_told(export) | {"left": export.left(now)} for export in rows]}


def _told(export: Export) -> dict[str, Any]:
    recipe = CATALOGUE.get(export.kind)
    return {
        "export": export,
        "title": recipe.title if recipe else export.kind,
        "about": catalogue.told(export.kind, export.asked),
        "form": FORMATS[export.form].label if export.form in FORMATS else export.form,
        "badge": EXPORT_BADGES[Export.Status(export.status)],
        "again": _address(export.kind, export.asked),
    }


def _offered(request: Request) -> list[dict[str, Any]]:
    if not request.user.has_role(*SEES_ALL):
        return []
    refusals = {"trial-balance": ""}
    denied = why_not(permissions.check_export_books, request.user)
    return [
        {"recipe": CATALOGUE[kind], "url": _address(kind), "why_not": refusals.get(kind, denied)}
        for kind in FOR_ALL_BOOKS
    ]


def _address(kind: str, asked: dict[str, str] | None = None) -> str:
    return reverse("export_new", args=[kind], query=asked or None)


@require_safe
def export_file(request: Request, pk: UUID) -> FileResponse:
    """A file that was made, for whoever asked for it, as long as they may still have it."""
    export = access.export_or_404(request.user, pk)
    catalogue.read(export.kind, export.asked, request.user)
    path = making.path_of(export)
    if export.status == Export.Status.READY and not path.is_file():
        raise Conflict(_("This file is no longer where it was put. Ask for it again."))
    export = actions.download(export=export, by=request.user)
    response = FileResponse(path.open("rb"), content_type=FORMATS[export.form].content_type)
    response["Content-Disposition"] = f'attachment; filename="{export.name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


# --- Asking for a file ------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def export_new(request: Request, kind: str) -> HttpResponse:
    """One export with its filters: how much it is, and each format at once or in the background; POST queues one."""
    _employee_or_404(request)
    recipe = catalogue.recipe_or_404(kind)
    form = recipe.form(request.GET, user=request.user)
    context: dict[str, Any] = {"kind": kind, "recipe": recipe, "form": form, "hidden": form.hidden_fields()}
    if not form.is_valid():
        _check_reader(request, kind)
        return unprocessable(render(request, "settlement/exports_new.html", context))
    asked = recipe.ready(request.user, form.cleaned_data)
    if request.method == "POST":
        wanted = request.POST.get("form", "")
        if wanted not in recipe.formats:
            raise Http404
        try:
            actions.ask(kind=kind, form=wanted, asked=form.asked(), by=request.user)
        except DomainError as refusal:
            context["refusal"] = str(refusal.sentence)
        else:
            messages.success(request, _("The file is being made. You can leave this page; a notice tells you."))
            return see_other("export_list")
    context |= _choices(kind, recipe, asked, form.asked())
    response = render(request, fragment(request, "settlement/exports_new.html"), context)
    return unprocessable(response) if "refusal" in context else response


def _check_reader(request: Request, kind: str) -> None:
    """Whose filters cannot be read still has to be somebody who may have the file."""
    if kind in FOR_ALL_BOOKS:
        access.books_or_404(request.user)
    else:
        raise Http404


def _choices(kind: str, recipe: Recipe, asked: Asked, kept: dict[str, str]) -> dict[str, Any]:
    """Every format: at once for a small file, in the background for a large one."""
    at_once = parameters.value("export_direct_lines")
    count = recipe.count(asked, WORKBOOK_ROWS + 1)
    formats = []
    for form in recipe.formats:
        refusal = ""
        if form == "xlsx" and count > WORKBOOK_ROWS:
            refusal = _("A workbook this long opens almost nowhere. Take the CSV, or choose fewer accounts or dates.")
        direct = reverse("export_now", args=[kind, form], query=kept or None) if count <= at_once else ""
        formats.append({"form": form, "label": FORMATS[form].label, "direct": direct, "why_not": refusal})
    return {
        "count": min(count, WORKBOOK_ROWS),
        "is_more": count > WORKBOOK_ROWS,
        "is_small": count <= at_once,
        "at_once": at_once,
        "formats": formats,
        "about": catalogue.told(kind, kept),
        "whose": getattr(asked.get("person") or asked.get("me"), "name", ""),
    }


@require_safe
def export_now(request: Request, kind: str, form: str) -> StreamingHttpResponse:
    """A small file at once, streamed while it is read."""
    recipe = catalogue.recipe_or_404(kind)
    if form not in recipe.formats:
        raise Http404
    asked = catalogue.read(kind, request.GET, request.user)
    at_once = parameters.value("export_direct_lines")
    if recipe.count(asked, at_once + 1) > at_once:
        sentence = _(
            "This file has more than %(count)s lines; it is made in the background. Ask for it among the exports."
        )
        raise InvalidTransition(sentence % {"count": at_once})
    name = recipe.file_name(asked, form)
    audit.record(
        by=request.user,
        deed="settlement.exported",
        subject=f"export:{kind}",
        about=name,
        form=form,
        filters=request.GET.urlencode(),
    )
    order = Order(request.user, asked, form, recipe.source(asked))
    return download(recipe.chunks(order), filename=name, content_type=FORMATS[form].content_type)


def _employee_or_404(request: Request) -> None:
    if request.user.is_vendor:
        raise Http404


# --- The files of one night -------------------------------------------------------------------------------------------


@require_safe
def run_xlsx(request: Request, day: date) -> HttpResponse | StreamingHttpResponse:
    """The report of a night as a workbook, with the filters of the screen; a large one in the background."""
    return _of_night(request, day, "report", "xlsx")


@require_safe
def run_csv(request: Request, day: date) -> HttpResponse | StreamingHttpResponse:
    """The report of a night as CSV, with the filters of the screen."""
    return _of_night(request, day, "report", "csv")


@require_safe
def run_lines_csv(request: Request, day: date) -> HttpResponse | StreamingHttpResponse:
    """Every person's line of a night as CSV; a long one in the background."""
    return _of_night(request, day, "lines", "csv", told_as="lines")


def _of_night(
    request: Request, day: date, kind: str, form: str, *, told_as: str = ""
) -> HttpResponse | StreamingHttpResponse:
    recipe = CATALOGUE[kind]
    shown = forms.OutcomeFilter(request.GET)
    filters = shown.cleaned_data if shown.is_valid() else {}
    asked = recipe.ready(request.user, {"day": day, **filters})
    # A table of MEs is never long; what people got may be.
    if (kind, form) != ("report", "csv") and _is_large(asked["run"]):
        kept = {"day": day.isoformat(), **{name: value for name, value in filters.items() if value}}
        return redirect(_address(kind, kept))
    _record(request, asked, told_as or form)
    order = Order(request.user, asked, form, recipe.source(asked))
    return download(
        recipe.chunks(order), filename=recipe.file_name(asked, form), content_type=FORMATS[form].content_type
    )


@require_safe
def run_journal(request: Request, day: date) -> HttpResponse | StreamingHttpResponse:
    """The journal of a night as hledger text; a long one in the background, in shards."""
    asked = CATALOGUE["lines"].ready(request.user, {"day": day})
    if _is_large(asked["run"]):
        return redirect(_address("journal", {"since": day.isoformat(), "until": day.isoformat()}))
    _record(request, asked, "hledger")
    order = Order(request.user, asked, "hledger", CATALOGUE["lines"].source(asked))
    return download(journals.of_night(order), filename=f"journal-{day}.hledger", content_type=TEXT)


def _is_large(run: SettlementRun) -> bool:
    return run.lines > parameters.value("export_direct_lines")


def _record(request: Request, asked: Asked, form: str) -> None:
    run = asked["run"]
    audit.record(
        by=request.user,
        deed="settlement.exported",
        subject=f"settlement:{run.business_date}",
        about=str(run),
        form=form,
        filters=request.GET.urlencode(),
        lines_sha256=run.lines_sha256,
    )
