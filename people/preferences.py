"""What a person sets for themselves: language, time zone, skills, and which notices they have read."""

from django.db import transaction
from django.utils.translation import gettext as _

from core import audit
from core.clock import market_now
from core.errors import Denied
from people.models import Notice, PersonSkill, Skill, User


def check_own(person: User, by: User) -> None:
    """Preferences and skills are one's own."""
    if person.pk != by.pk:
        raise Denied(_("Only %(name)s changes this.") % {"name": person.name})


@transaction.atomic
def choose(*, person: User, language: str, time_zone: str, by: User) -> User:
    """Set the language of pages and mails and the zone in which times are shown; empty means the company's."""
    check_own(person, by)
    row = User.objects.select_for_update().get(pk=person.pk)
    before = {"language": row.language, "time_zone": row.time_zone}
    row.language, row.time_zone = language, time_zone
    row.save(update_fields=["language", "time_zone"])
    after = {"language": language, "time_zone": time_zone}
    _record("person.preferences", row, by, before=before, after=after)
    return row


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
