"""Many people at once on the lots of one set: published once, one deadline for all, and nobody waits for ever."""

from dataclasses import replace
from datetime import timedelta

from contracts.actions import amendments, lots
from contracts.models import Award, Project
from contracts.versions import words_of
from core.clock import move_forward
from tests.cast import Cast
from tests.contracts.market import after_deadline, bids_on
from tests.contracts.test_contracts_races import winners
from tests.contracts.test_lots import CEILING, both_bid, choose, drafted, held, opened
from tests.threads import together


def test_lots_are_published_once_moved_together_and_awarded_side_by_side(cloned_db: str, cast: Cast) -> None:
    lot_set = drafted(cast)
    assert winners(list(together(8, lambda _n: lots.publish(lot_set=lot_set, by=cast.lin)))) == 1
    assert held(cast) == 3 * CEILING
    found = list(lot_set.lots.order_by("lot_number"))

    def moves(number: int) -> object:
        lot = Project.objects.get(pk=found[number % 3].pk)
        if number == 0:
            return bids_on(lot, cast.cold_chain, cast.amara, 1_00)
        later = replace(words_of(lot), deadline=lot.deadline + timedelta(hours=number))
        return amendments.amend(project=lot, words=later, reason=f"Again {number}.", by=cast.lin)

    assert winners(list(together(9, moves))) >= 2
    rows = set(lot_set.lots.values_list("deadline", "revision"))
    assert len(rows) == 1, rows
    for lot in lot_set.lots.all():
        if lot.lot_number != 1:
            both_bid(cast, lot)
    move_forward(timedelta(minutes=5))
    after_deadline(lot_set.lots.get(lot_number=1))
    second, third = (opened(lot) for lot in lot_set.lots.filter(lot_number__gt=1).order_by("lot_number"))
    asked = ((second, "Cold Chain"), (third, "Northwind"))
    assert winners(list(together(6, lambda n: choose(cast, *asked[n % 2])))) == 2
    split = Award.objects.get(project=third)
    # Whoever came second saw what the first had decided: alone if lot 2 had gone, else with a second person.
    assert (split.causes, split.arithmetic["split"]["settled"]) in (([], True), (["tie_split"], False))
