"""Stories of the seeded company that end on chosen dates, and how to read what its unusual people got."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum
from django.test import Client

from core import past
from haier_market.seed import cases, company
from haier_market.seed.world import Options
from microenterprises.models import Microenterprise
from people.models import User
from settlement.models import Outcome, StatementLine

NIGHTS = 30


@contextmanager
def told(until: date) -> Iterator[None]:
    """A company whose story of thirty nights ends on a date, on the morning of it; taken back at the end."""
    options = Options(people=180, microenterprises=12, days=NIGHTS, seed=7, projects=24, until=until)
    with ExitStack() as stack:
        stack.enter_context(transaction.atomic())
        company.build(options, lambda line: None)
        connection.check_constraints()
        morning = datetime.combine(until, time(9), ZoneInfo(settings.COMPANY_TIME_ZONE))
        stack.enter_context(past.at(morning))
        yield
        transaction.set_rollback(True)


def crew() -> list[User]:
    """The people of Even Keel, in the order of `cases.PEOPLE`."""
    return [User.objects.get(name=each.written) for each in cases.PEOPLE]


def sums(person: User, me: Microenterprise, kind: str) -> int:
    lines = StatementLine.objects.filter(person=person, microenterprise=me, kind=kind)
    return lines.aggregate(total=Sum("amount_minor"))["total"] or 0


def shared_by_night(me: Microenterprise) -> list[int]:
    rows = Outcome.objects.filter(microenterprise=me, repairs=None).order_by("business_date")
    return list(rows.values_list("shared_minor", flat=True))


def read(person: User, path: str = "/statements/") -> str:
    client = Client()
    client.force_login(person)
    answer = client.get(path, headers={"accept-language": "en"})
    assert answer.status_code == 200
    return answer.content.decode()
