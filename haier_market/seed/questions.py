"""Questions about the cast's open project, asked and answered by the real actions; one still waits for its answer."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from contracts.actions import questions
from contracts.models import Question
from haier_market.seed.deals import ASKED, Deal
from haier_market.seed.world import Act, World
from people.models import User

CALIBRATION: Final = "Do the sensors have to be calibrated by us, or do you have a laboratory for that?"
ANSWER: Final = "We calibrate them ourselves; count on two days at the beginning and one at the end."
NIGHTS: Final = "May we work in the cold store at night, when the doors stay shut?"


def deeds(world: World) -> Iterator[Act]:
    """At the end of the last day, while the project takes bids."""
    deal, cold, north = world.told.get(ASKED), world.cast.cold_chain, world.cast.northwind
    if deal is None or cold is None or north is None:
        return
    last = world.timeline.slots - 1
    yield Act(last, timedelta(minutes=2), partial(_ask, deal, CALIBRATION, cold.lead))
    yield Act(last, timedelta(minutes=15), partial(_answer, deal))
    yield Act(last, timedelta(minutes=20), partial(_ask, deal, NIGHTS, north.lead))


def _ask(deal: Deal, text: str, by: User) -> None:
    questions.ask(project=deal.project, text=text, by=by)


def _answer(deal: Deal) -> None:
    first = Question.objects.filter(project=deal.project.pk).earliest("number")
    questions.answer(question=first, text=ANSWER, by=deal.buyer.lead)
