"""HR's tables and board in the admin site. Every deed calls a domain action."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from core.admin import MarketModelAdmin
from core.clock import business_date
from core.errors import DomainError
from microenterprises.models import Membership, Microenterprise
from people.admin import PersonAdmin
from people.models import User
from talent_pool import forms, permissions, queries
from talent_pool.actions import placements, pool
from talent_pool.models import PoolEntry


@admin.register(PoolEntry)
class PoolEntryAdmin(MarketModelAdmin[PoolEntry]):
    """Stays in the pool; the board shows who waits, by days left."""

    seen_by = ("hr", "steward", "auditor")
    changed_by = ("hr",)
    change_list_template = "admin/talent_pool/list.html"
    list_display = ("person", "clock_ends_on", "team", "left_microenterprise", "entered_at", "landed_at")
    list_filter = ("clock_ends_on", ("landed_at", admin.EmptyFieldListFilter))
    search_fields = ("person__name", "person__email")
    list_select_related = ("person", "left_microenterprise")
    fields = ("person", "left_microenterprise", "entered_at", "clock_ends_on", "landed_at", "landed_in", "note")
    readonly_fields = ("person", "left_microenterprise", "entered_at", "clock_ends_on", "landed_at", "landed_in")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PoolEntry]:
        user: Any = request.user
        rows = super().get_queryset(request).filter(pk__in=PoolEntry.objects.visible_to(user).values("pk"))
        return queries.with_team(rows, business_date())

    @admin.display(description=gettext_lazy("In the team"), empty_value="—")
    def team(self, entry: Any) -> str | None:
        """The team a person waits in, read with the page in one statement."""
        return entry.team_name if entry.landed_at is None else None

    def save_model(self, request: HttpRequest, obj: PoolEntry, form: Any, change: bool) -> None:
        user: Any = request.user
        pool.note(entry=obj, text=form.cleaned_data["note"], by=user)

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("board/", self.admin_site.admin_view(require_safe(self.board)), name="talent_pool_poolentry_board"),
            path("<uuid:pk>/invite/", self.admin_site.admin_view(self.invite), name="talent_pool_poolentry_invite"),
        ]
        return own + super().get_urls()

    def board(self, request: HttpRequest) -> HttpResponse:
        """The pool by days left and skill."""
        user: Any = request.user
        permissions.check_board(user)
        form = forms.PoolFilter(request.GET)
        today = business_date()
        rows = queries.waiting(user, today)
        if form.is_valid():
            rows = queries.matching_people(rows, text=form.cleaned_data["q"])
        context = {
            **self.admin_site.each_context(request),
            "title": _("Talent pool"),
            "form": form,
            "columns": queries.board(rows, today),
            "opts": self.opts,
        }
        return render(request, "admin/talent_pool/board.html", context)

    def invite(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Invite one person to one of the seats that suit them."""
        user: Any = request.user
        permissions.check_invite(user)
        entry = get_object_or_404(queries.waiting(user, business_date()), pk=pk)
        offers = queries.offers(entry.person, today=business_date(), limit=10)
        form = forms.InviteForm(request.POST or None, offered=[offer.seat for offer in offers])
        if request.method == "POST" and form.is_valid():
            try:
                placements.invite(
                    seat=form.cleaned_data["seat"],
                    person=entry.person,
                    message=form.cleaned_data["message"],
                    by=user,
                )
            except DomainError as refusal:
                form.add_error(None, str(refusal.sentence))
            else:
                sentence = _("%(name)s is invited. The seat is theirs when they accept.")
                messages.success(request, sentence % {"name": entry.person.name})
                return redirect("admin:talent_pool_poolentry_board")
        context = {
            **self.admin_site.each_context(request),
            "title": gettext_lazy("Invite to a seat"),
            "entry": entry,
            "offers": offers,
            "form": form,
            "opts": self.opts,
        }
        return render(request, "admin/talent_pool/invite.html", context, status=422 if form.errors else 200)


@admin.register(User)
class PersonAndPlaceAdmin(PersonAdmin):
    """People's records with the MEs they work in."""

    list_display = ("name", "email", "employee_number", "location", "works_in", "is_active")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        # A team of the pool is no place yet.
        here = Membership.objects.active(business_date()).filter(
            person=OuterRef("pk"), microenterprise__status=Microenterprise.Status.ACTIVE
        )
        return (
            super()
            .get_queryset(request)
            .annotate(firms=ArraySubquery(here.order_by("number").values("microenterprise__name")))
        )

    @admin.display(description=gettext_lazy("Works in"), empty_value="—")
    def works_in(self, person: Any) -> str | None:
        """The names of the MEs, read with the page in one statement."""
        return ", ".join(person.firms) or None
