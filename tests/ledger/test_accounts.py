"""The chart in Python and the rules in the database say the same."""

import pytest
from django.db import connection

from ledger.accounts import CHART, GUARDED, NIGHT_KINDS, Family, Kind, PartyRule, kinds_with


def test_every_kind_has_a_row_in_the_chart() -> None:
    assert set(CHART) == set(Kind)
    assert len({kind.hledger for kind in Kind}) == len(Kind)
    assert all(str(kind.label) for kind in Kind)


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_grows_on_the_side_of_its_family(kind: Kind) -> None:
    usual = +1 if kind.family in (Family.ASSET, Family.EXPENSE) else -1
    assert kind.side == (-usual if kind is Kind.PROFIT_SHARED else usual)


def test_the_database_guards_the_same_kinds_in_the_same_sign(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, ledger_guarded_side(kind) FROM unnest(%s) AS kind", [[str(kind) for kind in Kind]])
        said = dict(cursor.fetchall())
    assert said == {kind.value: kind.side if kind.guarded else None for kind in Kind}
    assert {Kind.WALLET, Kind.HOLD, Kind.ESCROW, Kind.SET_ASIDE, Kind.PLEDGE_ESCROW, Kind.IN_TRANSIT} <= set(GUARDED)


def test_a_guarded_pot_is_one_per_entity() -> None:
    pots = {Kind.WALLET, Kind.HOLD, Kind.ESCROW, Kind.SET_ASIDE, Kind.PLEDGE_ESCROW}
    assert pots <= set(kinds_with(PartyRule.NEVER)), "split by party, an account would be guarded in parts only"


def test_the_database_knows_the_kinds_that_post_at_night(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('ledger_guard_entries'::regproc)")
        assert f"kind IN ({', '.join(repr(kind) for kind in NIGHT_KINDS)})" in cursor.fetchone()[0]
