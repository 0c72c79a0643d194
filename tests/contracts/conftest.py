"""After every test of this room: what was told in OCDS is what became of it, whichever verbs the test used."""

from collections.abc import Generator

import pytest
from django.db import connection

from tests.contracts.told import prove_everything


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Prove it while the test's database is still there."""
    yield
    if _has_database(item) and not connection.needs_rollback:
        prove_everything()


def _has_database(item: pytest.Item) -> bool:
    names: list[str] = getattr(item, "fixturenames", [])
    return item.get_closest_marker("django_db") is not None or not {"db", "transactional_db"}.isdisjoint(names)
