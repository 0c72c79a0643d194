"""The base of every admin table: who may look is said in one tuple, and nothing is written unless a table says so.

Tables over money, bids and audit stay read-only. A table that writes overrides `save_model` to call a domain action.
"""

from typing import Any, ClassVar, Final, TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from core.models import AuditRecord, Parameter

M = TypeVar("M", bound=Model)
COMPARISONS: Final = frozenset(
    {"", "exact", "in", "isnull", "isempty", "contains", "gt", "gte", "lt", "lte", "id", "pk", "year", "month", "day"}
)
"""What may follow the name of a declared filter in the address."""


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
        """Only the filters a table declares: a reader must not binary-search a column through the address bar.

        What follows a declared name is a comparison and never another relation: `platform__microenterprises__projects`
        would lead from a harmless filter to whether there are sealed bids.
        """
        filters: Any = self.get_list_filter(request) if request else self.list_filter
        declared = {_declared_name(each) for each in filters}
        name = max((each for each in declared if f"{lookup}__".startswith(f"{each}__")), key=len, default=None)
        if name is None or "\0" in str(value):
            return False
        return set(lookup.removeprefix(name).split("__")) <= COMPARISONS


def _declared_name(each: Any) -> str:
    """The name in the address of one entry of `list_filter`: a field, a field with its filter, or a filter."""
    if isinstance(each, str):
        return each
    return str(each[0] if isinstance(each, tuple) else each.parameter_name)


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
