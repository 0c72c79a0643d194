from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SettlementConfig(AppConfig):
    """The nightly run, statements, payouts, finance exports."""

    name = "settlement"
    verbose_name = _("Settlement")

    def ready(self) -> None:
        from settlement import checks  # noqa: F401  (registers the system checks)
