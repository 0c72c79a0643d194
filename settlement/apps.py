from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SettlementConfig(AppConfig):
    """The nightly run, statements, finance exports."""

    name = "settlement"
    verbose_name = _("Settlement")
