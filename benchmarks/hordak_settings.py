"""Settings for django-hordak alone, in a database of its own (`benchmarks.hordak`). The product never sees it."""

from haier_market import environment as env

SECRET_KEY = "measured-and-thrown-away"
DATABASES = {"default": {**env.database("DATABASE_URL"), "CONN_MAX_AGE": None}}
INSTALLED_APPS = ["django.contrib.contenttypes", "mptt", "djmoney", "hordak"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DEFAULT_CURRENCY = "CNY"
HORDAK_CURRENCIES = ["CNY"]
HORDAK_INTERNAL_CURRENCY = "CNY"
HORDAK_MAX_DIGITS = 20
