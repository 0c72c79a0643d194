from django.apps import AppConfig


class TalentPoolConfig(AppConfig):
    name = "talent_pool"
    default_auto_field = "django.db.models.BigAutoField"
