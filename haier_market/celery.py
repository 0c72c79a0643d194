"""The Celery application. Tasks live in each room's `tasks.py` and are five lines; the schedule is in settings."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

from core.memory import keep_what_is_loaded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "haier_market.settings")

app = Celery("haier_market")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect  # Celery's only door to a process of its pool
def _ready(**_told: Any) -> None:
    keep_what_is_loaded()
