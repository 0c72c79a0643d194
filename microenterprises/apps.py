from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MicroenterprisesConfig(AppConfig):
    name = "microenterprises"
    verbose_name = _("Microenterprises")
    default_auto_field = "django.db.models.BigAutoField"
