"""Alerts by e-mail: gathered, and sent as each person prefers, at most one mail a day to whoever wants them together.

Who is due is claimed a few hundred at a time, each claim in a transaction of its own before its mails go out: two
workers share the work, and nobody gets a mail twice. Mail that is down is noticed before anything is claimed. A mail
that is lost on its way is not sent again: what it said stands on the person's page.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from core import parameters
from core.clock import business_date, company_zone, market_now
from people.models import AlertMails

log = logging.getLogger(__name__)
AT_ONCE: Final = 500
"""How many people are claimed at a time."""

_DUE: Final = """
    SELECT u.id FROM people_user u
     WHERE u.id > %(after)s AND EXISTS (SELECT FROM people_notice n WHERE n.person_id = u.id AND n.mail_waits)
       AND (u.alert_mails <> %(daily)s OR %(hour_is_come)s AND coalesce(u.alerts_mailed_on < %(today)s, true))
     ORDER BY u.id LIMIT %(most)s
"""
_CLAIM: Final = f"""
    WITH due AS MATERIALIZED ({_DUE} FOR NO KEY UPDATE SKIP LOCKED),
    claimed AS (
        UPDATE people_notice n SET mail_waits = false FROM due
         WHERE n.person_id = due.id AND n.mail_waits
     RETURNING n.person_id, n.sentence, n.link, n.created_at, n.read_at),
    stamped AS (
        UPDATE people_user u SET alerts_mailed_on = %(today)s
         WHERE u.id IN (SELECT c.person_id FROM claimed c WHERE c.read_at IS NULL))
    SELECT u.id, u.email, u.language, u.is_active AND u.alert_mails <> %(off)s AND c.read_at IS NULL, c.sentence, c.link
      FROM claimed c JOIN people_user u ON u.id = c.person_id
     ORDER BY c.created_at, c.sentence
"""  # noqa: S608  both parts stand here


class Line(NamedTuple):
    """One alert in a mail: what happened and where to look."""

    sentence: str
    link: str


class Letter(NamedTuple):
    """Everything that one person is told in one mail."""

    person: UUID
    address: str
    language: str
    lines: Sequence[Line]


def send_due() -> int:
    """Send every alert that is due by mail; returns how many mails went out. Raises OSError when mail is down."""
    facts = _facts(market_now())
    if not _rows(_DUE, facts):
        return 0
    sent = 0
    with get_connection() as post:
        while claimed := _claim(facts):
            # On from the last one: who was claimed is not looked at again.
            facts["after"] = max(letter.person for letter in claimed)
            for message in (_message(letter) for letter in claimed if letter.lines):
                message.connection = post
                sent += _sent(message)
    return sent


def _sent(message: EmailMessage) -> int:
    try:
        return message.send()
    except (SMTPResponseException, SMTPRecipientsRefused):
        # One address that the server does not take keeps nobody else from their mail.
        log.warning("a mail with alerts was not taken by the mail server")
        return 0


def _facts(now: datetime) -> dict[str, Any]:
    """What decides who is due."""
    today = business_date(now)
    return {
        "after": UUID(int=0),
        "daily": AlertMails.DAILY.value,
        "off": AlertMails.OFF.value,
        "today": today,
        "hour_is_come": _hour_is_come(now, today),
        "most": AT_ONCE,
    }


def _rows(statement: str, facts: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, facts)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


@transaction.atomic
def _claim(facts: dict[str, Any]) -> list[Letter]:
    """The next people whose alerts are due, with what to tell them; empty when nobody is left. One statement."""
    lines: defaultdict[tuple[UUID, str, str], list[Line]] = defaultdict(list)
    for person, address, language, wanted, sentence, link in _rows(_CLAIM, facts):
        kept = lines[person, address, language]
        if wanted and Line(sentence, link) not in kept:
            kept.append(Line(sentence, link))
    return [Letter(*whose, found) for whose, found in lines.items()]


def _hour_is_come(now: datetime, today: date) -> bool:
    return now.astimezone(company_zone()).hour >= parameters.value("alert_mail_hour", on=today)


def _message(letter: Letter) -> EmailMessage:
    with override(letter.language or "en"):
        return EmailMessage(_subject(letter.lines), _body(letter.lines), settings.DEFAULT_FROM_EMAIL, [letter.address])


def _subject(lines: Sequence[Line]) -> str:
    if len(lines) == 1:
        return _("Haier Market: %(sentence)s") % {"sentence": lines[0].sentence.splitlines()[0][:120]}
    return _("Haier Market: %(count)s things you asked to hear of") % {"count": len(lines)}


def _body(lines: Sequence[Line]) -> str:
    how = _("How often you get these mails: %(link)s") % {"link": _address("/people/me/")}
    return "\n\n".join([*_told(lines), how])


def _told(lines: Sequence[Line]) -> Iterator[str]:
    for line in lines:
        yield f"{line.sentence}\n{_address(line.link or '/')}"


def _address(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}"
