from django.apps import AppConfig


class MicroenterprisesConfig(AppConfig):
    name = "microenterprises"
    default_auto_field = "django.db.models.BigAutoField"
