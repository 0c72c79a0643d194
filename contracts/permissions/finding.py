"""Who watches a project and who changes a saved filter: everybody for themselves."""

from datetime import datetime

from django.utils.translation import gettext as _

from contracts.lifecycle import Phase, phase
from contracts.models import Project, SavedFilter
from contracts.permissions.standing import Standing
from core.errors import Denied, InvalidTransition
from microenterprises.models import Microenterprise
from people.models import Role, User

ENDED = (Phase.AWARDED, Phase.UNSUCCESSFUL, Phase.CANCELLED)


def check_keep(user: User) -> None:
    """Everybody keeps what they look for, but the auditor, who reads everything and writes nothing."""
    if user.has_role(Role.AUDITOR):
        raise Denied(_("The auditor reads everything and writes nothing, so keeps nothing here either."))


def check_watch(project: Project, user: User, now: datetime) -> None:
    """A project is watched while something can still happen to it."""
    check_keep(user)
    here = phase(project, now)
    if project.buyer_id is None:
        raise InvalidTransition(_("This is a real tender shown for reference; nothing happens to it here."))
    if here is Phase.DRAFT:
        raise InvalidTransition(_("This project is a draft; it can be watched once it is published."))
    if here in ENDED:
        raise InvalidTransition(_("This project has ended, so there is nothing left to watch."))


def check_own_filter(saved: SavedFilter, by: User) -> None:
    """A saved filter is changed by who saved it; others open it."""
    if saved.person_id != by.pk:
        raise Denied(_("Only %(name)s changes this filter. Save it under a name of your own.") % {"name": saved.person})


def check_share(firm: Microenterprise | None, who: Standing) -> None:
    """A filter is shared with an ME of one's own."""
    if firm is not None and not who.belongs_to(firm.pk):
        raise Denied(_("You share filters with MEs of your own; %(me)s is none of them.") % {"me": firm.name})


def check_template(project: Project, who: Standing) -> None:
    """Members of the buyer start new projects from those of their ME, whatever became of them."""
    if project.buyer is None:
        raise Denied(_("This is a real tender shown for reference; new projects start from those of your own ME."))
    if not who.belongs_to(project.buyer_id):
        raise Denied(_("Only members of %(me)s start new projects from this one.") % {"me": project.buyer.name})
