"""Telling people what happened: a sentence on their home page and by e-mail, each in their own language.

Rooms above call `tell` inside the transaction of the deed. Nothing sealed may be told here (rule 2).
"""

from collections.abc import Callable, Iterable
from functools import partial

from django.db import transaction
from django.utils.translation import override

from core.clock import market_now
from people.models import Notice, User


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


def _said(person: User, say: Callable[[], str]) -> str:
    with override(person.language or "en"):
        return say()


def _mail(notice_id: str) -> None:
    from people.tasks import mail_notice

    mail_notice.delay(notice_id)
