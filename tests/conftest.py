"""Fixtures every test may use. Tests that commit get a database of their own (see `tests.databases`)."""

import gc
import os
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from pytest_django.plugin import DjangoDbBlocker

from haier_market import roles
from tests.cast import cast, told_cast  # the fixtures
from tests.databases import Told, cloned, throw_away_clones, visited
from tests.embedded.market import lasting_root
from tests.seed.small import told_company
from tests.shapes import hold
from tests.side_by_side import TABLES

__all__ = ["cast", "cloned_db", "lasting_root", "told_cast", "told_company"]

# How fast a machine draws examples proves nothing, and no test fails for it.
settings.register_profile("market", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("market")


@pytest.fixture(scope="session", autouse=True)
def shapes() -> Iterator[None]:
    """Prepared statements are what their shapes say, in all tests."""
    with pytest.MonkeyPatch.context() as patch:
        hold(patch)
        yield


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is loaded by now stays: not to be looked through for garbage again and again is a twentieth of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 25, 100)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Copy the tables where they are made already; what is missing there is migrated as ever."""
    connection.settings_dict["TEST"]["TEMPLATE"] = os.environ.get(TABLES)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The migrated database, in which the application's role has its rights as in a company's."""
    with django_db_blocker.unblock():
        throw_away_clones()
        roles.grant()
        connection.close()  # a template must have no visitors
    yield
    with django_db_blocker.unblock():
        throw_away_clones(also_ours=True)
        connection.close()


@pytest.fixture
def beginning(request: pytest.FixtureRequest) -> Told[Any] | None:
    """What stands in the test's database when it begins, if that is more than the migrated tables."""
    asked = [name for name in request.fixturenames if name.startswith("told_")]
    assert len(asked) <= 1, f"a test begins in one database, not in {asked}"
    return request.getfixturevalue(asked[0]) if asked else None


@pytest.fixture
def where(request: pytest.FixtureRequest, django_db_setup: None, beginning: Told[Any] | None) -> Iterator[None]:
    """A test that is rolled back works in the database in which its beginning stands, until after its roll back."""
    with nullcontext() if beginning is None or _commits(request) else visited(beginning.own):
        yield


@pytest.fixture
def _django_db_helper(
    request: pytest.FixtureRequest, where: None, beginning: Told[Any] | None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Replaces pytest-django's: a rolled back transaction as ever, but a clone instead of a flush."""
    if _commits(request):
        with django_db_blocker.unblock():
            if beginning is not None:
                beginning.own.close()  # a template must have no visitors
            with cloned(beginning.name if beginning else ""):
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
