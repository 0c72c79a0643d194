"""The market's admin site: who may enter, and what the index says. Each room registers its own tables in `admin.py`."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class MarketAdminSite(AdminSite):
    site_header = _("Haier Market administration")
    site_title = _("Haier Market")
    index_title = _("What you look after")
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """HR, finance, steward and auditor enter; what each may see or do is said per table."""
        user = request.user
        return bool(user.is_active and user.is_authenticated and user.is_staff)
