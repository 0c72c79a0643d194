"""When everybody has a conflict: the buyer asks, the steward names somebody from outside the bidders."""

from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.actions.panel.interests import room_of
from contracts.actions.panel.room import LONGEST_CONFLICT, Room, given, trail
from contracts.actions.projects import check_judge, leaders, link
from contracts.models import Panelist, Project, ReplacementRequest
from contracts.permissions import panel as permissions
from contracts.queries import panel as queries
from core.clock import business_date
from core.errors import Invalid
from people.models import Role, User
from people.notices import tell


@transaction.atomic
def ask_for_replacement(*, project: Project, reason: str, by: User) -> ReplacementRequest:
    """The buyer asks the steward for a panelist because everybody has a conflict. Raises Denied, InvalidTransition,
    Invalid without a reason."""
    room = room_of(project, by)
    permissions.check_ask(room.project, room.panel, room.who, asked=_asked(room.project) is not None)
    reason = given(reason, _("Say what the new member should know about."), LONGEST_CONFLICT)
    asked = ReplacementRequest.objects.create(project=room.project, reason=reason, asked_at=room.now, asked_by=by)
    trail(room.project, "replacement_asked", by=by, reason=reason)
    title = room.project.title
    tell(
        User.objects.filter(roles__contains=[Role.STEWARD], is_active=True),
        lambda: (
            _("Name a panel member for “%(title)s”: everybody named has a conflict of interest.") % {"title": title}
        ),
        link=f"{link(room.project)}quality/replace/",
    )
    return asked


@transaction.atomic
def name_replacement(*, project: Project, person: User, by: User) -> Panelist:
    """The steward names who judges instead, from outside the bidders. They declare and judge like anybody else.

    Raises Denied, InvalidTransition (not asked for), Invalid (cannot judge: on the panel, a vendor, with a bidder).
    """
    room = room_of(project, by)
    asked = _asked(room.project)
    ties = queries.conflicts_of_steward(room.who, room.bids)
    permissions.check_name(room.project, room.panel, room.who, ties, asked=asked is not None)
    _check_nameable(room, person)
    named = Panelist.objects.create(project=room.project, person=person, named_at=room.now, named_by=by)
    ReplacementRequest.objects.filter(project=room.project, panelist=None).update(panelist=named)
    trail(room.project, "replacement_named", by=by, person=str(person.pk))
    title, page = room.project.title, f"{link(room.project)}quality/"
    tell([person], partial(_you_judge, title), link=page)
    tell(
        leaders([room.project.buyer], room.now),
        lambda: _("%(name)s judges the bids on “%(title)s” now.") % {"name": person.name, "title": title},
        link=page,
    )
    return named


def _you_judge(title: str) -> str:
    return _("You are on the panel of “%(title)s” now. Judge the quality of its bids.") % {"title": title}


def _check_nameable(room: Room, person: User) -> None:
    check_judge(person, field="person")
    if room.panel.of(person.pk) is not None:
        raise Invalid(_("%(name)s is on the panel already.") % {"name": person.name}, field="person")
    if person.pk == room.who.user.pk:
        raise Invalid(_("You guard this contract as steward, so somebody else judges."), field="person")
    found = queries.found_conflicts([person.pk], room.to_judge, business_date(room.now))
    if found:
        raise Invalid(found[0].sentence, field="person")


def _asked(project: Project) -> ReplacementRequest | None:
    return ReplacementRequest.objects.filter(project=project, panelist=None).first()
