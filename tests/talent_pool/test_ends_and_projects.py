"""An ME is wound up while somebody puts up a project of it: nothing stays held for an ME that is gone."""

from collections.abc import Callable
from threading import Event

import pytest
from django.db import transaction

from contracts.actions import lots, projects
from contracts.models import Project
from core.errors import DomainError
from ledger.accounts import Kind
from ledger.queries import balance
from talent_pool.actions.wind_up import wind_up
from tests.cast import Cast
from tests.contracts import market, test_lots
from tests.threads import together, wait_until_somebody_waits


def one_project(cast: Cast) -> None:
    projects.publish(project=market.drafted(cast), by=cast.lin)


def lots_together(cast: Cast) -> None:
    lots.publish(lot_set=test_lots.drafted(cast), by=cast.lin)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("put_up", [one_project, lots_together])
def test_what_is_put_up_while_its_me_ends_is_refused(
    cloned_db: str, cast: Cast, put_up: Callable[[Cast], None]
) -> None:
    begun = Event()

    def work(index: int) -> object:
        if index == 1:
            assert begun.wait(60)
            put_up(cast)
            return None
        with transaction.atomic():
            wind_up(microenterprise=cast.blue_kettle, reason="No need any more.", by=cast.lin)
            begun.set()
            wait_until_somebody_waits()
        return None

    ended, refused = together(2, work)
    assert ended is None
    assert isinstance(refused, DomainError)
    assert balance(cast.blue_kettle.entity_id, Kind.HOLD) == 0
    assert not Project.objects.filter(buyer=cast.blue_kettle, status=Project.Status.PUBLISHED).exists()
