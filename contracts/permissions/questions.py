"""Who may ask about a project and answer, and until when. Who asked is asked nowhere here (rule 2)."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts.lifecycle import Phase, phase
from contracts.models import Project, Question
from contracts.permissions.standing import Standing
from core.errors import Denied, InvalidTransition, TooLate
from core.words.instants import exact
from people.models import Role


def closes_at(project: Project, hours: int) -> datetime:
    """The instant from which no question is taken: so many hours before the deadline, so that answers still help."""
    return project.deadline - timedelta(hours=hours)


def check_ask(project: Project, who: Standing, *, hours: int, now: datetime) -> None:
    """Colleagues who may see the project ask while it is open, all but those who answer.

    hours: `questions_close_hours` as it held when the project was published. Raises Denied, InvalidTransition, TooLate.
    """
    _check_live(project, now)
    _check_still_taken(project, hours, now)
    if who.user.has_role(Role.AUDITOR):
        raise Denied(_("The auditor reads everything and takes no part, so asks nothing here."))
    if who.belongs_to(project.buyer_id):
        raise Denied(_("Members of the buyer answer here; questions come from everybody else."))


def check_answer(project: Project, question: Question, who: Standing, *, now: datetime) -> None:
    """Members of the buyer answer a question once, until the deadline. Raises Denied, InvalidTransition, TooLate."""
    buyer = project.buyer.name if project.buyer is not None else ""
    if not who.belongs_to(project.buyer_id):
        raise Denied(_("Only members of %(me)s answer questions about their project.") % {"me": buyer})
    _check_live(project, now)
    if question.answered_at is not None:
        raise InvalidTransition(_("This question is answered, and bidders rely on what was said; an answer stays."))


def _check_live(project: Project, now: datetime) -> None:
    here = phase(project, now)
    if project.buyer_id is None:
        raise InvalidTransition(_("This is a real tender shown for reference; nobody answers questions about it here."))
    if here is Phase.DRAFT:
        raise InvalidTransition(_("This project is a draft; questions are asked once it is open."))
    if here is Phase.SCHEDULED and project.opens_at is not None:
        raise InvalidTransition(_("Questions are taken from %(start)s on.") % {"start": exact(project.opens_at)})
    if here is Phase.CANCELLED:
        raise InvalidTransition(_("This project was cancelled, so there is nothing left to ask or to answer."))
    if here is not Phase.OPEN:
        raise TooLate(
            _("The deadline was %(deadline)s. Questions and answers ended with it.")
            % {"deadline": exact(project.deadline)},
            deadline=project.deadline.isoformat(),
        )


def _check_still_taken(project: Project, hours: int, now: datetime) -> None:
    end = closes_at(project, hours)
    if now < end:
        return
    if project.opens_at is not None and end <= project.opens_at:
        sentence = ngettext(
            "Questions close %(count)s hour before the deadline, and this project is not open for longer than that, "
            "so none are taken.",
            "Questions close %(count)s hours before the deadline, and this project is not open for longer than that, "
            "so none are taken.",
            hours,
        )
        raise TooLate(sentence % {"count": hours}, closed=end.isoformat())
    raise TooLate(
        _("Questions closed at %(end)s, so that the last answers still reach every bidder before the deadline.")
        % {"end": exact(end)},
        closed=end.isoformat(),
    )
