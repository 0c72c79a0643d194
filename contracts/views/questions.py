"""The pages of a project's questions: read, ask, answer. Load, act, answer."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from contracts.access import project_or_404, question_or_404
from contracts.actions import questions as actions
from contracts.forms.questions import AnswerForm, QuestionForm
from contracts.lifecycle import Phase, phase, project_badge
from contracts.models import Project, Question
from contracts.permissions import questions as checks
from contracts.permissions.standing import Standing, standing_of
from contracts.queries import questions as queries
from contracts.queries.projects import buyer_name
from core.clock import business_date, market_now
from core.errors import Conflict, Invalid
from core.http import Request, see_other, unprocessable
from core.paging import page
from core.permissions import why_not

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True)
class Row:
    """One question as the page shows it. `asker` is empty until the bids are opened."""

    question: Question
    asker: str
    answer_url: str


@get_or_post
def question_list(request: Request, pk: UUID) -> HttpResponse:
    """Every question about a project, the newest first, and the form to ask another."""
    now = market_now()
    project = project_or_404(request.user, pk).project
    who = standing_of(request.user, business_date(now))
    form = QuestionForm(request.POST) if request.method == "POST" else QuestionForm()
    if form.is_bound and form.is_valid():
        try:
            actions.ask(project=project, text=form.cleaned_data["text"], by=request.user)
        except (Invalid, Conflict) as refusal:
            form.add_error("text", str(refusal.sentence))
        else:
            messages.success(request, _("Your question stands here for everybody. Nobody is told that it is yours."))
            return see_other("question_list", pk)
    elif form.is_bound:
        checks.check_ask(project, who, hours=queries.closing_hours(project, now), now=now)
    # The hours matter while the project is open; afterwards the names are read in their stead.
    hours = queries.closing_hours(project, now) if phase(project, now) is Phase.OPEN else 0
    found = page(queries.asked_about(project), order=("-number", "id"), cursor=request.GET.get("cursor"))
    askers = queries.askers(project, found.rows)
    context = {
        "project": project,
        "badge": project_badge(project, now),
        "buyer": buyer_name(project),
        "page": found,
        "rows": [Row(row, askers.get(row.pk, ""), _answer_url(row, who, now, project)) for row in found.rows],
        "form": form,
        "why_not_ask": why_not(checks.check_ask, project, who, hours=hours, now=now),
        "closes_at": checks.closes_at(project, hours),
    }
    response = render(request, "projects/questions.html", context)
    return unprocessable(response) if form.errors else response


def _answer_url(question: Question, who: Standing, now: datetime, project: Project) -> str:
    if why_not(checks.check_answer, project, question, who, now=now):
        return ""
    return reverse("question_answer", args=[project.pk, question.pk])


@get_or_post
def question_answer(request: Request, pk: UUID, question: UUID) -> HttpResponse:
    """Answer one question, for everybody."""
    now = market_now()
    project = project_or_404(request.user, pk).project
    asked = question_or_404(project, question)
    checks.check_answer(project, asked, standing_of(request.user, business_date(now)), now=now)
    form = AnswerForm(request.POST) if request.method == "POST" else AnswerForm()
    if form.is_bound and form.is_valid():
        try:
            actions.answer(question=asked, text=form.cleaned_data["text"], by=request.user)
        except Invalid as refusal:
            form.add_error("text", str(refusal.sentence))
        else:
            messages.success(request, _("Your answer stands here for everybody."))
            return see_other("question_list", pk)
    response = render(request, "projects/answer.html", {"project": project, "question": asked, "form": form})
    return unprocessable(response) if form.errors else response
