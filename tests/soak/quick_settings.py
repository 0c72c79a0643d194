"""The house's settings with a hurried clock and small shards, for processes that are started to be killed."""

from datetime import timedelta
from typing import Any

from haier_market import settings as house

globals().update({name: value for name, value in vars(house).items() if name.isupper()})

INSTALLED_APPS = [*house.INSTALLED_APPS, "tests.soak.quick.QuickConfig"]


def _hurried(entry: dict[str, Any]) -> dict[str, Any]:
    return entry | {"schedule": min(entry["schedule"], timedelta(seconds=1)), "options": {"expires": 5}}


CELERY_BEAT_SCHEDULE = {
    name: _hurried(entry) if str(entry["task"]).startswith("settlement.") else entry
    for name, entry in house.CELERY_BEAT_SCHEDULE.items()
}
