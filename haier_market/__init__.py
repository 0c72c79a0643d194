"""The top of the house: settings, URLs, Celery, embedded services, the admin site and the home page."""

from haier_market.celery import app as celery_app

__all__ = ["celery_app"]
