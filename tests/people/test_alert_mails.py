"""Alerts by e-mail: one mail a day with all of them, each at once, or none, as each person chose."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.clock import move_forward
from people import digest
from people.models import Notice, User
from people.notices import Announcement, announce, tell
from people.tasks import mail_alerts
from tests.cast import Cast, cast

__all__ = ["cast"]

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def hear(*people: User, say: str = "Something happened.", link: str = "/projects/") -> int:
    return announce([(person.pk, 0) for person in people], [Announcement(lambda: say, link)])


def prefer(person: User, alert_mails: str) -> None:
    User.objects.filter(pk=person.pk).update(alert_mails=alert_mails)


def sent() -> list[tuple[str, str]]:
    """Addresses and subjects of what went out, and a clean desk."""
    mail_alerts()
    found = sorted((message.to[0], str(message.subject)) for message in mail.outbox)
    mail.outbox.clear()
    return found


def test_a_daily_mail_gathers_what_happened_and_comes_once_a_day(cast: Cast) -> None:
    hear(cast.mei, say="First.")
    hear(cast.mei, say="Second.", link="/contracts/")
    mail_alerts()
    (message,) = mail.outbox
    assert message.to == ["mei@haier.example"]
    assert "2 things" in message.subject
    assert message.body.index("First.") < message.body.index("Second.")
    assert "/projects/" in message.body and "/contracts/" in message.body and "/people/me/" in message.body
    mail.outbox.clear()
    assert sent() == []
    hear(cast.mei, say="Third, on the same day.")
    assert sent() == []
    move_forward(DAY)
    assert sent() == [("mei@haier.example", "Haier Market: Third, on the same day.")]


def test_a_daily_mail_waits_for_its_hour(cast: Cast) -> None:
    # A test begins at nine in the morning: now it is two at night, and the mail goes out from eight on.
    move_forward(timedelta(hours=17))
    hear(cast.mei)
    assert sent() == []
    move_forward(timedelta(hours=6))
    assert len(sent()) == 1


def test_who_wants_mails_at_once_gets_each_and_who_wants_none_gets_none(cast: Cast) -> None:
    prefer(cast.mei, "at_once")
    prefer(cast.teo, "off")
    for number in range(2):
        hear(cast.mei, cast.teo, say=f"Number {number}.")
        assert sent() == [("mei@haier.example", f"Haier Market: Number {number}.")]
    assert Notice.objects.filter(person=cast.teo).count() == 2
    prefer(cast.teo, "daily")
    assert sent() == []


def test_who_switches_mails_off_is_not_mailed_what_waited(cast: Cast) -> None:
    hear(cast.mei)
    prefer(cast.mei, "off")
    assert sent() == []
    prefer(cast.mei, "daily")
    assert sent() == []


def test_what_was_read_on_the_page_is_not_mailed_and_does_not_use_up_the_day(cast: Cast) -> None:
    hear(cast.mei)
    client = Client()
    client.force_login(cast.mei)
    client.post("/people/me/notices/")
    assert sent() == []
    hear(cast.mei, say="New.")
    assert sent() == [("mei@haier.example", "Haier Market: New.")]


def test_a_closed_account_is_not_mailed(cast: Cast) -> None:
    hear(cast.mei)
    User.objects.filter(pk=cast.mei.pk).update(is_active=False)
    assert sent() == []
    assert not Notice.objects.filter(mail_waits=True).exists()


def test_other_notices_are_mailed_by_themselves_and_never_twice(cast: Cast) -> None:
    tell([cast.mei], lambda: "Sign the contract.")
    assert sent() == []


def test_the_mail_speaks_the_readers_language(cast: Cast) -> None:
    User.objects.filter(pk=cast.mei.pk).update(language="zh-hans")
    for word in ("一", "二"):
        hear(cast.mei, say=word)
    mail_alerts()
    assert "二" in mail.outbox[0].body


def test_a_thousand_people_are_mailed_with_a_few_statements(cast: Cast) -> None:
    crowd = User.objects.bulk_create(User(email=f"m{n}@haier.example", name=f"M {n}") for n in range(1000))
    hear(*crowd)
    with CaptureQueriesContext(connection) as captured:
        mail_alerts()
    assert len(mail.outbox) == 1000
    assert len(captured) < 20


def test_telling_many_is_one_statement(cast: Cast) -> None:
    with CaptureQueriesContext(connection) as few:
        hear(cast.mei)
    crowd = User.objects.bulk_create(User(email=f"m{n}@haier.example", name=f"M {n}") for n in range(300))
    with CaptureQueriesContext(connection) as many:
        assert hear(*crowd) == 300
    assert len(many) == len(few) == 2
    assert hear() == 0
    assert announce([(UUID(int=7), 0)], [Announcement(lambda: "To nobody.")]) == 0


class Broken(EmailBackend):
    """A mail server that cannot be reached."""

    def open(self) -> bool:
        raise OSError("no mail server")


def test_while_mail_is_down_everything_waits(cast: Cast, settings: Any) -> None:
    hear(cast.mei)
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.Broken"
    with pytest.raises(OSError, match="no mail server"):
        digest.send_due()
    settings.EMAIL_BACKEND = backend
    assert len(sent()) == 1


def test_mei_chooses_how_alerts_come(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.mei)
    assert "Once a day, together" in client.get("/people/me/").content.decode()
    answer = client.post("/people/me/", {"language": "", "time_zone": "", "alert_mails": "off"})
    assert answer.status_code == 303
    cast.mei.refresh_from_db()
    assert cast.mei.alert_mails == "off"
    assert client.post("/people/me/", {"alert_mails": "hourly"}).status_code == 422
    assert client.post("/people/me/", {"language": "", "time_zone": ""}).status_code == 303
    cast.mei.refresh_from_db()
    assert cast.mei.alert_mails == "off"
