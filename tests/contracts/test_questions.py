"""Questions about a project: asked without a name, answered for everybody at once, and nothing of it tells who bids."""

from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from http import HTTPStatus
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from contracts.actions import finding, openings, projects, questions
from contracts.models import Alert, Project, Question
from core import past
from core.clock import market_now, move_forward
from core.errors import Conflict, Denied, Invalid, InvalidTransition, TooLate
from core.models import AuditRecord, Parameter
from people.models import Notice, User
from tests.cast import Cast, cast, person
from tests.contracts.market import after_deadline, bids_on, drafted, opened, published
from tests.contracts.told import releases_of
from tests.secrecy.worlds import seen
from tests.statements import statements

__all__ = ["cast"]

pytestmark = pytest.mark.django_db
TEXT = "Must the boxes be washable?"


def as_person(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def page(who: User, project: Project) -> str:
    response = as_person(who).get(reverse("question_list", args=[project.pk]))
    assert response.status_code == HTTPStatus.OK
    return response.content.decode()


def post(who: User, name: str, *args: Any, **data: Any) -> Any:
    return as_person(who).post(reverse(name, args=args), data)


def asked(project: Project, by: User, text: str = TEXT) -> Question:
    return questions.ask(project=project, text=text, by=by)


# ------------------------------------------------------------------ the walk


def test_amara_asks_noor_answers_and_everybody_reads_both(cast: Cast) -> None:
    project = published(cast)
    assert post(cast.amara, "question_list", project.pk, text=TEXT).status_code == HTTPStatus.SEE_OTHER
    question = Question.objects.get()
    for reader in (cast.amara, cast.teo, cast.lin, cast.rui, cast.sol):
        found = page(reader, project)
        assert TEXT in found
        assert ("No answer yet" in found) is (reader != cast.lin)
        assert (f"{question.pk}/answer/" in found) is (reader == cast.lin)
    assert "1 waits for an answer" in as_person(cast.teo).get(f"/projects/{project.pk}/").content.decode()
    answer = post(cast.noor, "question_answer", project.pk, question.pk, text="Yes, at sixty degrees.")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    for reader in (cast.amara, cast.teo, cast.lin, cast.rui, cast.sol):
        found = page(reader, project)
        assert "Yes, at sixty degrees." in found
        assert "Noor for Blue Kettle" in found
        assert "Asked by" not in found


def test_without_questions_the_page_says_what_would_stand_there(cast: Cast) -> None:
    project = published(cast)
    assert "Nobody has asked anything" in page(cast.teo, project)
    assert "Nobody has asked anything yet" in as_person(cast.teo).get(f"/projects/{project.pk}/").content.decode()


def test_the_buyers_home_page_asks_for_the_answer_and_nobody_elses(cast: Cast) -> None:
    question = asked(published(cast), cast.amara)
    assert "Answer questions about" in as_person(cast.noor).get("/").content.decode()
    assert "Answer questions about" not in as_person(cast.teo).get("/").content.decode()
    questions.answer(question=question, text="Yes.", by=cast.noor)
    assert "Answer questions about" not in as_person(cast.noor).get("/").content.decode()


def test_questions_are_paged_by_cursor_and_cost_the_same_for_one_and_for_many(cast: Cast) -> None:
    Parameter.objects.filter(name="questions_per_person").update(value=100)
    project = published(cast)
    asked(project, cast.amara)
    url = reverse("question_list", args=[project.pk])
    readers = (cast.amara, cast.noor, cast.rui)
    few = [statements(reader, url) for reader in readers]
    for number in range(24):
        asked(project, cast.teo, f"Question of many, {number}")
    assert [statements(reader, url) for reader in readers] == few
    assert max(few) <= 8
    first = as_person(cast.mei).get(url).content.decode()
    assert "25 results, showing 1 to 20" in first
    following = unescape(first.split('rel="next" href="')[1].split('"')[0])
    second = as_person(cast.mei).get(url + following).content.decode()
    assert TEXT in second
    assert TEXT not in first


# ------------------------------------------------------------------ the battery


def test_asking_is_refused_to_those_it_is_not_for(cast: Cast) -> None:
    project = published(cast)
    for who, sentence in ((cast.lin, "Members of the buyer answer"), (cast.noor, "Members of the buyer answer"),
                          (cast.rui, "auditor")):  # fmt: skip
        response = post(who, "question_list", project.pk, text=TEXT)
        assert response.status_code == HTTPStatus.FORBIDDEN, who
        assert sentence in response.content.decode()
    assert post(person("Vendor", "vendor"), "question_list", project.pk, text=TEXT).status_code == HTTPStatus.NOT_FOUND
    assert post(cast.mei, "question_list", uuid4(), text=TEXT).status_code == HTTPStatus.NOT_FOUND
    assert Client().post(reverse("question_list", args=[project.pk]), {"text": TEXT}).status_code == HTTPStatus.FOUND
    assert not Question.objects.exists()


def test_answering_is_for_members_of_the_buyer_only_and_once(cast: Cast) -> None:
    project = published(cast)
    question = asked(project, cast.amara)
    url = reverse("question_answer", args=[project.pk, question.pk])
    for who in (cast.amara, cast.teo, cast.rui, cast.ada):
        assert as_person(who).get(url).status_code == HTTPStatus.FORBIDDEN
        assert as_person(who).post(url, {"text": "No."}).status_code == HTTPStatus.FORBIDDEN
    assert as_person(person("Vendor", "vendor")).get(url).status_code == HTTPStatus.NOT_FOUND
    other = published(cast)
    assert post(cast.lin, "question_answer", other.pk, question.pk, text="x").status_code == HTTPStatus.NOT_FOUND
    assert as_person(cast.lin).get(url).status_code == HTTPStatus.OK
    assert as_person(cast.lin).post(url, {"text": ""}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert as_person(cast.lin).post(url, {"text": "Yes."}).status_code == HTTPStatus.SEE_OTHER
    again = as_person(cast.noor).post(url, {"text": "No."})
    assert again.status_code == HTTPStatus.CONFLICT
    assert "an answer stays" in again.content.decode()
    assert Question.objects.get().answer == "Yes."


def test_a_draft_a_coming_a_closed_and_a_cancelled_project_take_no_questions(cast: Cast) -> None:
    draft = drafted(cast)
    assert post(cast.teo, "question_list", draft.pk, text=TEXT).status_code == HTTPStatus.NOT_FOUND
    with pytest.raises(InvalidTransition, match="draft"):
        asked(draft, cast.teo)
    soon = published(cast, opens_at=market_now() + timedelta(hours=5))
    with pytest.raises(InvalidTransition, match="Questions are taken from"):
        asked(soon, cast.teo)
    gone = published(cast)
    question = asked(gone, cast.teo)
    projects.cancel(project=gone, reason="Not needed.", by=cast.lin)
    assert post(cast.teo, "question_list", gone.pk, text=TEXT).status_code == HTTPStatus.CONFLICT
    with pytest.raises(InvalidTransition, match="cancelled"):
        questions.answer(question=question, text="Yes.", by=cast.lin)
    over = published(cast)
    late = asked(over, cast.teo)
    after_deadline(over)
    with pytest.raises(TooLate):
        asked(over, cast.teo)
    with pytest.raises(TooLate):
        questions.answer(question=late, text="Yes.", by=cast.lin)
    assert "ended with it" in page(cast.teo, over)


def test_questions_close_hours_before_the_deadline_and_answers_do_not(cast: Cast) -> None:
    project = published(cast)
    question = asked(project, cast.amara)
    end = project.deadline - timedelta(hours=2)
    with past.at(end - timedelta(microseconds=1)):
        asked(project, cast.amara, "In time?")
    with past.at(end), pytest.raises(TooLate, match="Questions closed at"):
        asked(project, cast.amara, "Late?")
    with past.at(project.deadline - timedelta(microseconds=1)):
        questions.answer(question=question, text="Yes.", by=cast.lin)
    other = Question.objects.get(number=2)
    with past.at(project.deadline), pytest.raises(TooLate):
        questions.answer(question=other, text="Yes.", by=cast.lin)


def test_the_hours_are_those_of_the_day_of_publication(cast: Cast) -> None:
    project = published(cast)
    tomorrow = market_now().date() + timedelta(days=1)
    Parameter.objects.create(name="questions_close_hours", holds_from=tomorrow, value=40)
    with past.at(project.deadline - timedelta(hours=3)):
        asked(project, cast.amara)
    assert Question.objects.get(project=project).asked_at == project.deadline - timedelta(hours=3)


def test_a_project_that_is_open_for_too_short_a_time_says_so(cast: Cast) -> None:
    project = published(cast, deadline=market_now() + timedelta(minutes=90))
    assert "not open for longer than that" in page(cast.teo, project)


def test_lengths_and_the_number_of_questions_are_limited_with_a_sentence(cast: Cast) -> None:
    project = published(cast)
    for text, sentence in (("", "Write down what you want to know"), ("x" * 1001, "1001"), (" \n ", "Write down")):
        response = post(cast.teo, "question_list", project.pk, text=text)
        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert sentence in response.content.decode()
    with pytest.raises(Invalid, match="1000"):
        asked(project, cast.teo, "x" * 1001)
    Parameter.objects.filter(name="questions_per_person").update(value=2)
    for _again in range(2):
        asked(project, cast.teo)
    with pytest.raises(Conflict, match="at most 2 questions"):
        asked(project, cast.teo)
    response = post(cast.teo, "question_list", project.pk, text="What I typed stays")
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "at most 2 questions" in response.content.decode()
    assert "What I typed stays" in response.content.decode()
    asked(project, cast.amara)
    asked(published(cast), cast.teo)
    question = Question.objects.filter(project=project).first()
    assert question is not None
    with pytest.raises(Invalid, match="4000"):
        questions.answer(question=question, text="x" * 4001, by=cast.lin)


def test_the_database_keeps_what_was_said(cast: Cast) -> None:
    project = published(cast)
    question = asked(project, cast.teo)
    questions.answer(question=question, text="Yes.", by=cast.lin)

    def refused(deed: Any) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            deed()

    rows = Question.objects.filter(pk=question.pk)
    refused(lambda: rows.update(text="Something else"))
    refused(lambda: rows.update(answer="No."))
    refused(lambda: rows.delete())
    late = {"number": 9, "asker_token": "x", "text": "Late?", "asked_at": project.deadline}
    refused(lambda: Question.objects.create(project=project, **late))


# ------------------------------------------------------------------ nobody learns who asks


def texts() -> Iterator[tuple[str, str]]:
    """Every row of every table but sessions, as text."""
    for table in connection.introspection.table_names():
        if table in ("django_session",):
            continue
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            yield from ((table, row[0] or "") for row in cursor.fetchall())


def traces(who: User, *names: str) -> dict[str, int]:
    """How many rows name somebody, table by table."""
    words = (str(who.pk), who.name, who.email, *names)
    found: dict[str, int] = {}
    for table, text in texts():
        if any(word in text for word in words):
            found[table] = found.get(table, 0) + 1
    return found


def test_no_row_in_the_database_names_the_asker_before_the_opening(cast: Cast) -> None:
    project = published(cast)
    as_person(cast.amara).get("/")
    client = as_person(cast.amara)
    before = traces(cast.amara, "Cold Chain")
    answer = client.post(reverse("question_list", args=[project.pk]), {"text": TEXT})
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert traces(cast.amara, "Cold Chain") == before


def test_the_pages_of_others_are_the_same_whoever_asks(cast: Cast) -> None:
    project = published(cast)
    finding.watch(project=project, by=cast.amara)
    finding.watch(project=project, by=cast.sol)
    readers = (cast.lin, cast.noor, cast.mei, cast.sol, cast.ada, cast.rui, cast.hua)
    instant = market_now()

    def world(asker: User) -> list[Any]:
        told: list[Any] = []
        numbers = count(1)
        with transaction.atomic():
            with past.at(instant), past.ids(lambda: UUID(int=next(numbers))):
                asked(project, asker)
                told += Notice.objects.order_by("person", "sentence").values_list("person__email", "sentence")
                for reader in readers:
                    for url in (f"/projects/{project.pk}/", f"/projects/{project.pk}/questions/", "/", "/projects/"):
                        told.append((reader.email, url, seen(as_person(reader).get(url))))
                told += AuditRecord.objects.order_by("id").values_list("deed", "actor_name")
            transaction.set_rollback(True)
        return told

    # Amara watches and asks in one world; Teo, who does not, asks in the other.
    assert world(cast.amara) == world(cast.teo)


def test_the_world_is_told_with_the_first_question_that_there_are_any(cast: Cast) -> None:
    project = published(cast)
    asked(project, cast.amara)
    asked(project, cast.sol, "And by night?")
    releases = releases_of(project)
    assert [release["tender"].get("hasEnquiries") for release in releases] == [None, True]
    assert not any(word in str(releases) for word in ("Amara", "Cold Chain", "night"))


def test_the_asker_is_named_with_the_bids_and_never_before(cast: Cast) -> None:
    project = published(cast)
    question = asked(project, cast.amara)
    bids_on(project, cast.northwind, cast.teo)
    assert not AuditRecord.objects.filter(deed="question.asked").exists()
    project = opened(project)
    record = AuditRecord.objects.get(deed="question.asked")
    assert (record.actor_name, record.subject) == ("Amara", f"question:{question.pk}")
    assert record.facts["happened_at"] == question.asked_at.isoformat()
    assert "Asked by Amara" in page(cast.teo, project)
    assert statements(cast.teo, reverse("question_list", args=[project.pk])) <= 8


def test_the_asker_of_a_cancelled_project_stays_sealed(cast: Cast) -> None:
    project = published(cast)
    asked(project, cast.amara)
    projects.cancel(project=project, reason="Not needed.", by=cast.lin)
    after_deadline(project)
    openings.open_bids(project=project)
    assert not AuditRecord.objects.filter(deed="question.asked").exists()
    assert "Asked by" not in page(cast.lin, project)


# ------------------------------------------------------------------ who is told, and when


def told(kind: str) -> set[str]:
    return set(Alert.objects.filter(kind=kind).values_list("person__name", flat=True))


def test_watchers_and_the_buyer_are_told_at_one_instant_and_nobody_reads_the_answer_in_it(cast: Cast) -> None:
    project = published(cast)
    for watcher in (cast.teo, cast.sol, cast.noor):
        finding.watch(project=project, by=watcher)
    Notice.objects.all().delete()
    question = asked(project, cast.amara)
    heard = Notice.objects.filter(sentence__contains="question")
    assert set(heard.values_list("person__name", flat=True)) == {"Lin", "Noor", "Teo", "Sol"}
    assert heard.count() == 4
    assert told("asked") == {"Teo", "Sol"}
    Notice.objects.all().delete()
    questions.answer(question=question, text="A secret word.", by=cast.lin)
    rows = Notice.objects.all()
    assert set(rows.values_list("person__name", flat=True)) == {"Teo", "Sol", "Noor"}
    assert rows.values("created_at").distinct().count() == 1
    assert all("secret" not in row.sentence for row in rows)
    assert rows[0].link == f"/projects/{project.pk}/questions/"


def test_a_refused_answer_tells_nobody(cast: Cast) -> None:
    project = published(cast)
    finding.watch(project=project, by=cast.teo)
    question = asked(project, cast.amara)
    Notice.objects.all().delete()
    mail.outbox.clear()
    with pytest.raises(Denied):
        questions.answer(question=question, text="No.", by=cast.teo)
    move_forward(timedelta(hours=1))
    assert not Notice.objects.exists()
    assert not mail.outbox
