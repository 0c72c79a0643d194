"""The small company, built once for all tests of this folder and taken back at their end."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.db import connection, transaction
from pytest_django.plugin import DjangoDbBlocker

from core import past
from people.models import User
from tests.seed import small


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The company inside a transaction that ends with the module; tests roll back to it."""
    with django_db_blocker.unblock(), ExitStack() as stack:
        stack.enter_context(transaction.atomic())
        small.build()
        connection.check_constraints()
        yield
        transaction.set_rollback(True)


@pytest.fixture
def living(company: None, db: None) -> Iterator[None]:
    """The company on the morning after its last night."""
    with past.at(small.MORNING):
        yield


@pytest.fixture
def people(living: None) -> dict[str, User]:
    """The cast by first name, in small letters."""
    found = User.objects.filter(email__endswith="@haier.example")
    names = ("lin", "noor", "amara", "teo", "mei", "sol", "ada", "rui", "fay", "hua", "ines")
    return {person.email.split("@")[0]: person for person in found if person.email.split("@")[0] in names}
