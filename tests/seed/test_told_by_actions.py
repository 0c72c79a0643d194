"""What the seeder tells by the real actions is half done, so that somebody of the cast has the next step."""

import pytest
from django.test import Client

from contracts.models import Award, Bid, Objection, Panelist, Project, Question, SavedFilter, Score, Watch
from core import past
from core.clock import business_date
from people.models import User
from tests.seed import small

pytestmark = pytest.mark.usefixtures("living")


def page(reader: User, address: str) -> str:
    client = Client()
    client.force_login(reader)
    with past.at(small.MORNING):
        response = client.get(address)
    assert response.status_code == 200, (address, response.status_code)
    return " ".join(response.content.decode().split())


def test_two_judge_apart_under_two_envelopes_and_noor_is_awaited(people: dict[str, User]) -> None:
    project = Project.objects.get(two_envelopes=True)
    assert project.status == Project.Status.EVALUATING
    assert set(project.bids.values_list("price_minor", "status")) == {(None, Bid.Status.VALID)}
    assert not Score.objects.filter(bid__project=project).exists()
    states = dict(Panelist.objects.filter(project=project).values_list("person__email", "status"))
    assert states == {"noor@haier.example": "ready", "hua@haier.example": "submitted"}
    assert f"/projects/{project.pk}/quality/" in page(people["noor"], "/")


def test_a_proposed_award_waits_for_mei(people: dict[str, User]) -> None:
    made = Award.objects.get(status=Award.Status.PROPOSED)
    assert (made.awarded_by, made.causes) == (people["amara"], ["single_bid"])
    assert f"/projects/{made.project_id}/award/agree/" in page(people["mei"], "/")


def test_a_standing_award_is_objected_to_and_ada_rules(people: dict[str, User]) -> None:
    made = Award.objects.get(status=Award.Status.STANDING)
    raised = Objection.objects.get(ruling=None)
    assert raised.award == made
    assert raised.raised_by == people["amara"]
    assert made.stands_until is not None
    assert made.stands_until > small.MORNING
    assert f"/objections/{raised.pk}/" in page(people["ada"], "/")


def test_whatever_was_awarded_besides_took_effect_at_once_on_a_day_without_standstill() -> None:
    others = Award.objects.filter(status__in=(Award.Status.ACTIVE, Award.Status.DECLINED))
    days = [business_date(made.awarded_at) for made in others]
    assert days
    assert max(days) < business_date(Award.objects.get(status=Award.Status.STANDING).awarded_at)


def test_the_first_project_has_an_answer_and_a_question_and_is_watched(people: dict[str, User]) -> None:
    first, second = Question.objects.order_by("number")
    assert first.answered_by == people["lin"]
    assert second.answered_at is None
    assert Watch.objects.get().person == people["mei"]
    assert Watch.objects.get().project == first.project
    assert f"/projects/{first.project_id}/questions/" in page(people["lin"], "/")
    shared = SavedFilter.objects.get(person=people["amara"])
    assert shared.name in page(people["mei"], "/projects/saved/")
