"""A process that serves leaves what it loaded out of its searches for garbage."""

import gc

from core.memory import keep_what_is_loaded


def test_what_is_loaded_is_kept_and_what_comes_later_is_still_found() -> None:
    try:
        keep_what_is_loaded()
        assert gc.get_freeze_count() > 100_000  # Django and the rooms of the market are half a million objects
        ring: list[object] = []
        ring.append(ring)
        del ring
        assert gc.collect() >= 1
    finally:
        gc.unfreeze()
