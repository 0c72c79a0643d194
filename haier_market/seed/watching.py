"""What the cast keeps an eye on: a project and a filter of Mei, and a filter that Amara shares with her ME."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from django.http import QueryDict

from contracts.actions import finding
from haier_market.seed.deals import ASKED, Deal
from haier_market.seed.world import Act, World

CLOSING: Final = "phase=open&order=deadline"
COLD: Final = "q=cold&phase=open"


def deeds(world: World) -> Iterator[Act]:
    """Late on the last day but before the questions, so that who watches hears of them."""
    deal = world.told.get(ASKED)
    if deal is not None:
        yield Act(world.timeline.slots - 1, timedelta(minutes=1), partial(_keep, world, deal))


def _keep(world: World, deal: Deal) -> None:
    mei, amara, firm = world.cast.mei, world.cast.amara, world.cast.cold_chain
    finding.watch(project=deal.project, by=mei)
    finding.save_filter(name="Closes next", query=QueryDict(CLOSING), by=mei)
    shared_with = firm.row if firm is not None else None
    finding.save_filter(
        name="Work for cold rooms", query=QueryDict(COLD), by=amara, shared_with=shared_with, alerts=True
    )
