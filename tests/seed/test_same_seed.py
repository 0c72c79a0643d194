"""Same seed, same date, same company: on two databases, to the last identifier and amount."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from haier_market.seed.chance import Chance
from tests.databases import cloned
from tests.seed import small

SECRET: Mapping[str, tuple[str, ...]] = {
    "people_user": ("password",),
    "contracts_wrappedkey": ("wrapped",),
    "contracts_sealedterms": ("ciphertext", "made_for"),
    "contracts_sealedevent": ("ciphertext",),
    "contracts_bid": ("bidder_token", "receipt"),
    "contracts_question": ("asker_token",),
    "contracts_sealedscores": ("ciphertext",),
    "contracts_release": ("xid",),
    "settlement_bankdetails": ("sealed",),
}
"""Keys, what is sealed under them, what follows from nonces, and the number of a transaction: these must differ."""
OURS = ("core", "people", "ledger", "microenterprises", "contracts", "settlement", "talent_pool")


def digest_of_a_new_company() -> dict[str, str]:
    with cloned():
        small.build()
        return {table: _digest(table) for table in _tables()}


def _tables() -> list[str]:
    models = [model for room in OURS for model in apps.get_app_config(room).get_models(include_auto_created=True)]
    return sorted({str(model._meta.db_table) for model in models})


def _digest(table: str) -> str:
    """A hash over all rows but what must differ."""
    hidden = list(SECRET.get(table, ()))
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT (row #- '{{facts,receipt}}')::text AS told
              FROM (SELECT to_jsonb(t) - %s::text[] AS row FROM "{table}" t) rows ORDER BY told
            """,
            [hidden],
        )
        for (told,) in cursor:
            digest.update(told.encode())
    return digest.hexdigest()


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_two_databases_hold_the_same_company() -> None:
    first, second = digest_of_a_new_company(), digest_of_a_new_company()
    differing = [table for table in first if first[table] != second[table]]
    assert not differing, differing
    assert len(first) > 40


def test_another_seed_is_another_company() -> None:
    one, other = Chance(1), Chance(2)
    assert [one.uuid() for _each in range(3)] != [other.uuid() for _each in range(3)]
    assert Chance(1).stream("people").hex(8) == Chance(1).stream("people").hex(8)
    assert Chance(1).stream("people").hex(8) != Chance(1).stream("firms").hex(8)


@pytest.mark.parametrize(("low", "high"), [(1, 6), (18_000, 260_000)])
def test_draws_stay_within_their_bounds(low: int, high: int) -> None:
    chance: Any = Chance(3)
    assert all(low <= chance.spread(low, high) <= high for _each in range(500))
    assert all(low <= chance.whole(low, high) <= high for _each in range(500))
