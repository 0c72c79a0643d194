"""The small company, built once for all tests of it."""

from collections.abc import Iterator

import pytest

from core import past
from haier_market.seed.company import Built
from people.models import User
from tests.databases import Told
from tests.seed import small


@pytest.fixture
def living(told_company: Told[Built], db: None) -> Iterator[None]:
    """The company on the morning after its last night."""
    with past.at(small.MORNING):
        yield


@pytest.fixture
def people(living: None) -> dict[str, User]:
    """The cast by first name, in small letters."""
    found = User.objects.filter(email__endswith="@haier.example")
    names = ("lin", "noor", "amara", "teo", "mei", "sol", "ada", "rui", "fay", "hua", "ines")
    return {person.email.split("@")[0]: person for person in found if person.email.split("@")[0] in names}
