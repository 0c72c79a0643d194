"""Two MEs that end at the same moment: each hands on what it has once, also what one has in the other."""

import pytest

from ledger.accounts import Kind
from ledger.queries import balance, party_balances
from talent_pool.actions import placements
from talent_pool.actions.wind_up import wind_up
from tests.cast import Cast
from tests.microenterprises.test_circle import TERMS, ready
from tests.microenterprises.test_races import outcomes
from tests.threads import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def committed(cloned_db: str, cast: Cast) -> Cast:
    return cast


def test_who_holds_a_stake_and_who_gave_it_end_at_once(committed: Cast) -> None:
    venture = placements.launch(idea=ready(committed), terms=TERMS, by=committed.sol)
    ends = [(venture, committed.sol), (committed.blue_kettle, committed.lin)]
    results = together(2, lambda n: wind_up(microenterprise=ends[n][0], reason="Over.", by=ends[n][1]))
    assert outcomes(results) == (2, 0)
    mes = [venture.entity_id, committed.blue_kettle.entity_id]
    assert [balance(me, Kind.WALLET) for me in mes] == [0, 0]
    assert not any((party_balances(mes, Kind.STAKE) | party_balances(mes, Kind.STAKE_HELD)).values())
    assert balance(committed.platform.entity_id, Kind.STAKE_HELD, f"entity:{venture.entity_id}") == 0
    assert balance(venture.entity_id, Kind.PAYABLE, committed.hua.party) == 600_000
