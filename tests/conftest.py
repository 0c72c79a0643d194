"""Fixtures every test may use. Tests that commit get a database of their own (see `tests.databases`)."""

import gc
from collections.abc import Iterator

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from pytest_django.plugin import DjangoDbBlocker

from haier_market import roles
from tests.cast import cast  # the fixture
from tests.databases import cloned

__all__ = ["cast", "cloned_db"]

# How fast a machine draws examples proves nothing, and no test fails for it.
settings.register_profile("market", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("market")


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is loaded by now stays: not to be looked through for garbage again and again is a twentieth of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 25, 100)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The migrated database, in which the application's role has its rights as in a company's."""
    with django_db_blocker.unblock():
        roles.grant()
        connection.close()  # a template must have no visitors


@pytest.fixture
def _django_db_helper(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Replaces pytest-django's: a rolled back transaction as ever, but a clone instead of a flush."""
    if _commits(request):
        with django_db_blocker.unblock(), cloned():
            yield
    else:
        request.getfixturevalue("_django_db_helper")  # the one this replaces
        yield


@pytest.fixture
def cloned_db(transactional_db: None) -> str:
    """A database of the test's own, in which commits and threads are real; its name."""
    return str(connection.settings_dict["NAME"])


def _commits(request: pytest.FixtureRequest) -> bool:
    marker = request.node.get_closest_marker("django_db")
    asked = marker is not None and (marker.kwargs.get("transaction") or marker.args[:1] == (True,))
    return asked or not {"transactional_db", "live_server"}.isdisjoint(request.fixturenames)
