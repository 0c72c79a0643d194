"""The Celery application. Tasks live in each room's `tasks.py` and are five lines; the schedule is in settings."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "haier_market.settings")

app = Celery("haier_market")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
