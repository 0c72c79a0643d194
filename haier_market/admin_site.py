"""The market's admin site: who may enter, and what the index says. Each room registers its own tables in `admin.py`."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.db.models import Model
from django.db.models.base import ModelBase
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class MarketAdminSite(AdminSite):
    site_header = _("Haier Market administration")
    site_title = _("Haier Market")
    index_title = _("What you look after")
    enable_nav_sidebar = True

    def register(
        self, model_or_iterable: type[Model] | Iterable[type[Model]], admin_class: Any = None, **options: Any
    ) -> None:
        """Only the market's own tables: libraries register theirs, with rights that know nothing of our roles."""
        models = [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else list(model_or_iterable)
        ours = [model for model in models if model._meta.app_label in settings.ROOMS]
        if ours:
            super().register(ours, admin_class, **options)

    def unregister(self, model_or_iterable: type[Model] | Iterable[type[Model]]) -> None:
        """Libraries also take theirs back."""
        models = [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else list(model_or_iterable)
        super().unregister([model for model in models if model in self._registry])

    def has_permission(self, request: HttpRequest) -> bool:
        """HR, finance, steward and auditor enter; what each may see or do is said per table."""
        user = request.user
        return bool(user.is_active and user.is_authenticated and user.is_staff)
