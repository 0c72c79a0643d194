"""What HR, finance, steward and auditor look up about MEs, memberships and platforms. Read-only: pages do the deeds."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from core.admin import MarketModelAdmin
from core.clock import business_date
from microenterprises.models import Membership, Microenterprise, Platform
from microenterprises.queries.firms import listed

READERS = ("hr", "finance", "steward", "auditor")


@admin.register(Microenterprise)
class MicroenterpriseAdmin(MarketModelAdmin[Microenterprise]):
    """MEs with their leader, members and open seats, counted in the list's own statement."""

    seen_by = READERS
    list_display = ("name", "kind", "status", "platform_name", "leader", "members", "open_seats", "page")
    list_filter = ("status", "kind", "platform")
    search_fields = ("name",)
    ordering = ("name", "id")
    fields = (
        "name",
        "kind",
        "status",
        "purpose",
        "platform",
        "currency",
        "launched_at",
        "launched_by",
        "dissolved_at",
        "dissolved_by",
        "dissolution_reason",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Microenterprise]:
        user: Any = request.user
        return listed(user, business_date())

    @admin.display(description=_("platform"), ordering="platform__name")
    def platform_name(self, firm: Any) -> str:
        return str(firm.platform.name)

    @admin.display(description=_("led by"), ordering="leader_name")
    def leader(self, firm: Any) -> str:
        return str(firm.leader_name or "—")

    @admin.display(description=_("members"), ordering="member_count")
    def members(self, firm: Any) -> int:
        return int(firm.member_count)

    @admin.display(description=_("open seats"), ordering="open_seat_count")
    def open_seats(self, firm: Any) -> int:
        return int(firm.open_seat_count)

    @admin.display(description=_("page"))
    def page(self, firm: Any) -> str:
        return format_html('<a href="/microenterprises/{}/">{}</a>', firm.pk, _("Open"))


class RunningFilter(admin.SimpleListFilter):
    """Whether a membership runs today."""

    title = _("today")
    parameter_name = "today"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("active", _("Active")), ("over", _("Over or to come"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> QuerySet[Membership]:
        if self.value() is None:
            return queryset
        active = Membership.objects.active(business_date())
        return queryset.filter(pk__in=active) if self.value() == "active" else queryset.exclude(pk__in=active)


@admin.register(Membership)
class MembershipAdmin(MarketModelAdmin[Membership]):
    """Who is in which ME from when to when. Pay is for HR, finance and the auditor; the steward does not see it."""

    seen_by = READERS
    list_display = ("person_name", "firm", "role", "track", "is_lead", "allocation_percent", "started_on", "ended_on")
    list_filter = (RunningFilter, "track", "is_lead")
    search_fields = ("person__name", "person__email", "microenterprise__name", "role")
    list_select_related = ("person", "microenterprise")
    ordering = ("person__name", "-started_on", "id")

    def get_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        user: Any = request.user
        pay = ("weight", "pay_minor") if user.has_role("hr", "finance", "auditor") else ()
        return (
            "person",
            "microenterprise",
            "role",
            "customer_outcome",
            "is_lead",
            "allocation_percent",
            "track",
            *pay,
            "started_on",
            "ended_on",
        )

    @admin.display(description=_("person"), ordering="person__name")
    def person_name(self, membership: Membership) -> str:
        return membership.person.name

    @admin.display(description=_("ME"), ordering="microenterprise__name")
    def firm(self, membership: Membership) -> str:
        return membership.microenterprise.name


@admin.register(Platform)
class PlatformAdmin(MarketModelAdmin[Platform]):
    """The industry fields that back MEs."""

    seen_by = READERS
    list_display = ("name", "currency", "purpose")
    search_fields = ("name",)
    list_select_related = ("entity",)
    fields = ("name", "purpose")

    @admin.display(description=_("currency"))
    def currency(self, platform: Platform) -> str:
        return platform.entity.currency
