"""What tests of the steward's pages share: pages as somebody sees them, flags that were found."""

from http import HTTPStatus
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import Client
from django.urls import reverse

from contracts import ocds
from contracts.importing import import_package
from contracts.models import RedFlag
from people.models import User

TENDERS = Path(__file__).parent.parent / "data" / "tenders_with_bids.ocds.json"


def as_person(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page(person: User, name: str, *args: Any, **query: Any) -> str:
    response = as_person(person).get(reverse(name, args=args), query)
    assert response.status_code == HTTPStatus.OK, (name, response.status_code)
    return "".join(response.content.decode().split("\n"))


def codes() -> dict[str, int]:
    """The open flags by indicator."""
    found: dict[str, int] = {}
    for code in RedFlag.objects.standing().order_by("indicator").values_list("indicator", flat=True):
        found[code] = found.get(code, 0) + 1
    return found


def flag_of(code: str) -> RedFlag:
    return RedFlag.objects.standing().get(indicator=code)


def import_tenders() -> None:
    package = ocds.read(TENDERS.read_bytes())
    assert isinstance(package, ocds.Package)
    import_package(package=package, by=None)


def tamper(table: str, statement: str, *values: Any) -> None:
    """Change what guards protect, as somebody who owns the database could."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, values)
