"""The base of every admin table: who may look is said in one tuple, and nothing is written unless a table says so.

Tables over money, bids and audit stay read-only. A table that writes overrides `save_model` to call a domain action.
"""

from typing import Any, ClassVar, TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from core.models import AuditRecord, Parameter

M = TypeVar("M", bound=Model)


class MarketModelAdmin(admin.ModelAdmin[M]):
    """Read-only for the roles in `seen_by`; changeable for those in `changed_by`; nothing is ever deleted."""

    seen_by: ClassVar[tuple[str, ...]] = ("hr", "steward", "auditor")
    changed_by: ClassVar[tuple[str, ...]] = ()
    added_by: ClassVar[tuple[str, ...]] = ()
    show_full_result_count = False
    list_per_page = 50

    def _holds(self, request: HttpRequest, roles: tuple[str, ...]) -> bool:
        user: Any = request.user
        return bool(user.is_authenticated and user.has_role(*roles)) if roles else False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return self._holds(request, self.seen_by + self.changed_by + self.added_by)

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return self._holds(request, self.changed_by)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._holds(request, self.added_by)

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only the filters a table declares: a reader must not binary-search a column through the address bar."""
        filters: Any = self.get_list_filter(request) if request else self.list_filter
        declared = {name if isinstance(name, str) else name[0] for name in filters if isinstance(name, str | tuple)}
        base = lookup.split("__")[0]
        return base in declared or lookup in declared


@admin.register(AuditRecord)
class AuditRecordAdmin(MarketModelAdmin[AuditRecord]):
    seen_by = ("steward", "auditor")
    list_display = ("at", "actor_name", "deed", "about", "subject")
    list_filter = ("deed",)
    search_fields = ("subject", "actor_name")
    ordering = ("-id",)


@admin.register(Parameter)
class ParameterAdmin(MarketModelAdmin[Parameter]):
    seen_by = ("hr", "finance", "steward", "auditor")
    list_display = ("name", "holds_from", "value", "note")
    list_filter = ("name",)
