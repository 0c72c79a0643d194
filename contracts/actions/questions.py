"""The verbs of questions and answers. Both are public in the same transaction to everybody who may see the project.

Rule 2: who asks hints who bids, so the asker is written nowhere in clear, neither in the question nor in the trail, a
notice or a log; the deed is kept sealed like those of bids and is published with them. Nothing here sends the words of
an answer: notices and mails say that there is one, and the page says what.
"""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts import sealing
from contracts.actions import releases, vendor_mails
from contracts.actions.alerts import News, tell_watchers
from contracts.actions.projects import locked, record
from contracts.models import Alert, Project, Question
from contracts.permissions import questions as permissions
from contracts.permissions.standing import standing_of
from contracts.queries.questions import closing_hours
from core import parameters
from core.clock import business_date, market_now
from core.errors import Conflict, Invalid
from microenterprises.models import Membership
from people.models import User
from people.notices import tell

LONGEST_QUESTION = 1_000
LONGEST_ANSWER = 4_000


@transaction.atomic
def ask(*, project: Project, text: str, by: User) -> Question:
    """Ask about an open project, without one's name. The buyer's members and all watchers learn that there is one.

    Raises Denied, InvalidTransition (not open), TooLate (`questions_close_hours` before the deadline or later), Invalid
    (nothing or too much is asked), Conflict (`questions_per_person` are asked already).
    """
    project = locked(project)
    now = market_now()
    who = standing_of(by, business_date(now))
    permissions.check_ask(project, who, hours=closing_hours(project, now), now=now)
    text = _checked(text, LONGEST_QUESTION, _("Write down what you want to know."), field="text")
    token = sealing.asker_token(project.pk, by.pk)
    earlier = list(project.questions.order_by("number").values_list("number", "asker_token"))
    _check_not_too_many(project, sum(1 for _number, asker in earlier if asker == token))
    number = earlier[-1][0] + 1 if earlier else 1
    question = Question.objects.create(project=project, number=number, asker_token=token, text=text, asked_at=now)
    sealing.keep_deed(
        project.pk, kind="question", deed="asked", bid=question.pk, actor=by.pk, actor_name=by.name, at=now,
        number=number,
    )  # fmt: skip
    releases.note_project(project, "question_asked")
    _tell_of_question(question)
    return question


@transaction.atomic
def answer(*, question: Question, text: str, by: User) -> Question:
    """Answer a question, once and for everybody; all watchers learn that there is an answer at the same moment.

    Raises Denied, InvalidTransition (answered already, cancelled), TooLate (at the deadline or later), Invalid.
    """
    project = locked(Project(pk=question.project_id))
    now = market_now()
    question = Question.objects.select_related("answered_by").get(pk=question.pk)
    permissions.check_answer(project, question, standing_of(by, business_date(now)), now=now)
    question.answer = _checked(text, LONGEST_ANSWER, _("Write the answer; every bidder reads it."), field="text")
    question.answered_at, question.answered_by = now, by
    question.save(update_fields=["answer", "answered_at", "answered_by"])
    record(project, "question_answered", by=by, question=str(question.pk), number=question.number)
    _tell_of_answer(question, project)
    return question


def link(project_id: UUID) -> str:
    """The page of a project's questions."""
    return f"/projects/{project_id}/questions/"


def _checked(text: str, most: int, missing: str, *, field: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Invalid(missing, field=field)
    if len(text) > most:
        sentence = ngettext(
            "This is longer than %(most)s sign. Shorten it.", "This is longer than %(most)s signs. Shorten it.", most
        )
        raise Invalid(sentence % {"most": most}, field=field)
    return text


def _check_not_too_many(project: Project, asked: int) -> None:
    most = parameters.value("questions_per_person", on=business_date(project.published_at))
    if asked >= most:
        sentence = ngettext(
            "One person asks at most %(most)s question about a project, and you have asked it.",
            "One person asks at most %(most)s questions about a project, and you have asked as many.",
            most,
        )
        raise Conflict(sentence % {"most": most})


def _tell_of_question(question: Question) -> None:
    project = question.project
    answerers = Membership.objects.active(business_date(question.asked_at)).filter(microenterprise=project.buyer_id)
    people = [place.person for place in answerers.select_related("person")]
    tell(
        people,
        lambda: _("A question about your project “%(title)s” waits for an answer.") % {"title": project.title},
        link=link(project.pk),
    )
    news = News(
        project.pk,
        lambda: _("A question was asked about “%(title)s”, which you watch.") % {"title": project.title},
        occasion=str(question.number),
        link=link(project.pk),
    )
    tell_watchers(Alert.Kind.ASKED, [news], besides=[person.pk for person in people])


def _tell_of_answer(question: Question, project: Project) -> None:
    news = News(
        project.pk,
        lambda: _("A question about “%(title)s”, which you watch, was answered.") % {"title": project.title},
        occasion=str(question.number),
        link=link(project.pk),
    )
    tell_watchers(Alert.Kind.ANSWERED, [news])
    # Vendors cannot watch. Every colleague reads who is invited, so telling all of them says nothing of who bids.
    tell(
        vendor_mails.people_invited(project),
        lambda: _("A question about “%(title)s” was answered.") % {"title": project.title},
        link=link(project.pk),
    )
