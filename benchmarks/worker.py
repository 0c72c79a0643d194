"""One worker of `benchmarks.workers`: a process that works on a night's run like a Celery worker does."""

import time
from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

import django


def main() -> None:
    """Work on the run of each date asked for; answers when the last shard and when everything was done."""
    django.setup()
    from benchmarks.helpers import answer_all
    from core.memory import keep_what_is_loaded
    from settlement.actions import nights
    from settlement.models import SettlementRun

    def work(question: Mapping[str, Any]) -> dict[str, float]:
        times: dict[str, float] = {}
        seal = nights.seal

        def noted(run: SettlementRun) -> SettlementRun:
            times["shards"] = time.perf_counter()
            return seal(run)

        with patch.object(nights, "seal", noted):
            nights.work_on_run(SettlementRun.objects.get(business_date=question["day"]))
        return times | {"end": time.perf_counter()}

    keep_what_is_loaded()
    answer_all(work)


if __name__ == "__main__":
    main()
