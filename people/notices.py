"""Telling people what happened: a sentence on their home page and by e-mail, each in their own language.

Rooms above call `tell` inside the transaction of the deed, or `announce` for what very many hear at the same moment.
Nothing sealed may be told here (rule 2).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import override

from core.clock import market_now
from core.ids import new_id
from people.models import AlertMails, Notice, Role, User

_ANNOUNCE: Final = """
    INSERT INTO people_notice (id, person_id, sentence, link, created_at, mail_waits)
    SELECT t.id, u.id, s.sentence, s.link, %(now)s, u.alert_mails <> %(off)s
      FROM unnest(%(ids)s::uuid[], %(people)s::uuid[], %(which)s::int[]) AS t (id, person_id, which)
      JOIN people_user u ON u.id = t.person_id AND u.is_active AND NOT %(vendor)s = ANY (u.roles)
      JOIN unnest(%(numbers)s::int[], %(languages)s::text[], %(sentences)s::text[], %(links)s::text[])
           AS s (which, language, sentence, link)
        ON s.which = t.which
       AND s.language = CASE WHEN u.language = ANY (%(languages)s::text[]) THEN u.language ELSE 'en' END
"""


def tell(people: Iterable[User | None], say: Callable[[], str], *, link: str = "") -> list[Notice]:
    """Write one notice per person and send it by e-mail after the commit.

    people: each is told once; None and accounts that are closed are passed over. say: makes the sentence, called in
    each reader's language, for example `lambda: _("Sign %(title)s") % {...}`. link: a path of the market.
    """
    found = {person.pk: person for person in people if person is not None and person.is_active}
    now = market_now()
    notices = [
        Notice(person=person, sentence=_said(person, say), link=link[:200], created_at=now) for person in found.values()
    ]
    Notice.objects.bulk_create(notices)
    for notice in notices:
        # robust: what is done is done, even when the broker cannot be reached to send the mail.
        transaction.on_commit(partial(_mail, str(notice.pk)), robust=True)
    return notices


@dataclass(frozen=True, slots=True)
class Announcement:
    """What many people hear. say: the sentence, called once in each language; link: a path of the market."""

    say: Callable[[], str]
    link: str = ""


def announce(told: Sequence[tuple[UUID, int]], what: Sequence[Announcement]) -> int:
    """Write a notice for each pair of a person and the place of an announcement: one statement, however many hear it.

    Closed accounts and outside vendors hear nothing. By e-mail it goes as each person prefers (`people.digest`), never
    before the transaction is over. Returns how many notices that made.
    """
    if not told:
        return 0
    rows = [
        (place, language, _said_in(language, row.say), row.link[:200])
        for place, row in enumerate(what)
        for language, _name in settings.LANGUAGES
    ]
    numbers, languages, sentences, links = (list(column) for column in zip(*rows, strict=True))
    facts: dict[str, Any] = {
        "now": market_now(),
        "off": AlertMails.OFF.value,
        "vendor": Role.VENDOR.value,
        "ids": [new_id() for _person in told],
        "people": [person for person, _place in told],
        "which": [place for _person, place in told],
        "numbers": numbers,
        "languages": languages,
        "sentences": sentences,
        "links": links,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ANNOUNCE, facts)
        return int(cursor.rowcount)


def _said_in(language: str, say: Callable[[], str]) -> str:
    with override(language):
        return say()


def _said(person: User, say: Callable[[], str]) -> str:
    with override(person.language or "en"):
        return say()


def _mail(notice_id: str) -> None:
    from people.tasks import mail_notice

    mail_notice.delay(notice_id)
