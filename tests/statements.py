"""How many SQL statements a page takes, for whoever says that it is the same for one row and for many."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from people.models import User


def statements(reader: User, url: str) -> int:
    """What the second look costs: the first one writes the session."""
    client = Client()
    client.force_login(reader)
    client.get(url)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len(caught)
