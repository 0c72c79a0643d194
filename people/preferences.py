"""What a person sets for themselves: language, time zone, alerts, skills, the key of their calendar, notices read."""

import secrets
from hashlib import sha256

from django.db import transaction
from django.utils.translation import gettext as _

from core import audit
from core.clock import market_now
from core.errors import Denied
from people.models import CalendarKey, Notice, PersonSkill, Skill, User


def check_own(person: User, by: User) -> None:
    """Preferences and skills are one's own."""
    if person.pk != by.pk:
        raise Denied(_("Only %(name)s changes this.") % {"name": person.name})


@transaction.atomic
def choose(*, person: User, language: str, time_zone: str, by: User, alert_mails: str = "") -> User:
    """Set the language of pages and mails and the zone in which times are shown; empty means the company's.

    alert_mails: an `AlertMails`; empty leaves it as it is.
    """
    check_own(person, by)
    row = User.objects.select_for_update().get(pk=person.pk)
    before = _chosen(row)
    row.language, row.time_zone, row.alert_mails = language, time_zone, alert_mails or row.alert_mails
    row.save(update_fields=["language", "time_zone", "alert_mails"])
    after = _chosen(row)
    _record("person.preferences", row, by, before=before, after=after)
    return row


def _chosen(row: User) -> dict[str, str]:
    return {"language": row.language, "time_zone": row.time_zone, "alert_mails": row.alert_mails}


@transaction.atomic
def renew_calendar(*, by: User) -> str:
    """A new key for the reader's own calendar, which ends the one before; it is returned once and stored hashed."""
    token = secrets.token_urlsafe(32)
    facts = {"token_sha256": calendar_digest(token), "made_at": market_now()}
    CalendarKey.objects.update_or_create(person=by, defaults=facts)
    _record("person.calendar_renewed", by, by)
    return token


@transaction.atomic
def revoke_calendar(*, by: User) -> None:
    """End the key of the reader's own calendar. Ending what is not there changes nothing."""
    ended, _by_model = CalendarKey.objects.filter(person=by).delete()
    if ended:
        _record("person.calendar_revoked", by, by)


def calendar_digest(token: str) -> str:
    """How a key is stored: it is long and random, so a hash without salt cannot be turned back."""
    return sha256(token.encode()).hexdigest()


@transaction.atomic
def add_skill(*, person: User, skill: Skill, by: User) -> None:
    """Say that one can do something. Saying it twice changes nothing."""
    check_own(person, by)
    _row, added = PersonSkill.objects.get_or_create(person=person, skill=skill)
    if added:
        _record("person.skill_added", person, by, skill=skill.label)


@transaction.atomic
def remove_skill(*, person: User, skill: Skill, by: User) -> None:
    """Take a skill back. Taking back what is not there changes nothing."""
    check_own(person, by)
    removed, _by_model = PersonSkill.objects.filter(person=person, skill=skill).delete()
    if removed:
        _record("person.skill_removed", person, by, skill=skill.label)


@transaction.atomic
def read_notice(*, notice: Notice, by: User) -> Notice:
    """Mark one notice as read; it keeps the first instant."""
    check_own(notice.person, by)
    now = market_now()
    if Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=now):
        notice.read_at = now
    return notice


@transaction.atomic
def read_all(*, by: User) -> int:
    """Mark all of one's notices as read; returns how many were not."""
    return Notice.objects.filter(person=by, read_at=None).update(read_at=market_now())


def _record(deed: str, person: User, by: User, **facts: object) -> None:
    audit.record(by=by, deed=deed, subject=f"person:{person.pk}", about=person.name, **facts)
