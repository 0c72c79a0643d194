"""What `quick_settings` adds to a process: shards of SOAK_SHARD MEs, and the board of SOAK_BOARD if there is one."""

import os
from pathlib import Path

from django.apps import AppConfig

SHARD = "SOAK_SHARD"
BOARD = "SOAK_BOARD"
SETTINGS = "tests.soak.quick_settings"


class QuickConfig(AppConfig):
    name = "tests.soak"
    label = "soak"

    def ready(self) -> None:
        from settlement.actions import nights
        from tests.soak.stages import Board, watch

        nights.SHARD_SIZE = int(os.environ.get(SHARD, nights.SHARD_SIZE))
        if path := os.environ.get(BOARD):
            watch(Board(Path(path)))
