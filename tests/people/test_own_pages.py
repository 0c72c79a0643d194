"""One's own pages: preferences, skills, notices; and nobody else's."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client
from django.utils.translation import get_language

from core import clock
from core.errors import Denied
from core.models import AuditRecord
from people import preferences
from people.mail import send_notice
from people.models import Notice, PersonSkill, Skill, User
from people.notices import tell
from tests.cast import Cast, cast
from tests.statements import statements

__all__ = ["cast"]
MOST_STATEMENTS = 8


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def skill(label: str = "cold storage") -> Skill:
    return Skill.objects.create(concept_uri=f"urn:{label}", reuse_level="cross", label=label, search_text="")


def test_mei_chooses_her_language_and_zone_and_reads_in_them(cast: Cast) -> None:
    client = as_(cast.mei)
    answer = client.post("/people/me/", {"language": "zh-hans", "time_zone": "Europe/Rome"})
    assert answer.status_code == 303
    assert answer.cookies["django_language"].value == "zh-hans"
    cast.mei.refresh_from_db()
    assert (cast.mei.language, cast.mei.time_zone) == ("zh-hans", "Europe/Rome")
    assert 'lang="zh-Hans"' in client.get("/people/me/").content.decode()
    assert AuditRecord.objects.get(deed="person.preferences").facts["after"]["time_zone"] == "Europe/Rome"
    back = client.post("/people/me/", {"language": "", "time_zone": ""})
    assert back.cookies["django_language"].value == ""


@pytest.mark.parametrize("data", [{"language": "xx"}, {"time_zone": "Mars/Olympus"}])
def test_what_is_not_offered_is_answered_beside_the_field(cast: Cast, data: dict[str, str]) -> None:
    answer = as_(cast.mei).post("/people/me/", data)
    assert answer.status_code == 422
    assert 'class="errors"' in answer.content.decode()


def test_mei_finds_a_skill_adds_it_and_takes_it_back(cast: Cast) -> None:
    cold, _other = skill(), skill("baking")
    client = as_(cast.mei)
    page = client.get("/people/me/skills/?q=cold").content.decode()
    assert "cold storage" in page and "baking" not in page
    for _again in range(2):
        assert client.post("/people/me/skills/", {"skill": cold.pk, "do": "add"}).status_code == 303
    assert list(cast.mei.skills.all()) == [cold]
    assert "cold storage" in client.get("/people/me/").content.decode()
    for _again in range(2):
        assert client.post("/people/me/skills/", {"skill": cold.pk, "do": "remove"}).status_code == 303
    assert not PersonSkill.objects.exists()
    assert [row.deed for row in AuditRecord.objects.filter(deed__startswith="person.skill").order_by("id")] == [
        "person.skill_added",
        "person.skill_removed",
    ]
    assert "No skill has these words" in client.get("/people/me/skills/?q=xyzzy").content.decode()
    assert client.post("/people/me/skills/", {"skill": "0", "do": "add"}).status_code == 303


def test_preferences_and_skills_are_ones_own(cast: Cast) -> None:
    with pytest.raises(Denied, match="Only Mei"):
        preferences.choose(person=cast.mei, language="en", time_zone="", by=cast.hua)
    with pytest.raises(Denied):
        preferences.add_skill(person=cast.mei, skill=skill(), by=cast.amara)


def test_notices_are_told_in_the_readers_language_and_once_each(cast: Cast) -> None:
    cast.amara.language = "zh-hans"
    told = tell([cast.amara, cast.mei, cast.mei, None], lambda: get_language() or "", link="/projects/")
    assert {notice.person: notice.sentence for notice in told} == {cast.amara: "zh-hans", cast.mei: "en"}
    assert Notice.objects.count() == 2


def test_a_closed_account_is_told_nothing(cast: Cast) -> None:
    cast.mei.is_active = False
    cast.mei.save()
    assert tell([cast.mei], lambda: "Hello") == []


def test_a_notice_goes_out_by_mail_with_its_link_and_nothing_else(cast: Cast) -> None:
    (notice,) = tell([cast.mei], lambda: "Your delivery was accepted.", link="/contracts/")
    assert send_notice(str(notice.pk))
    assert mail.outbox[0].to == ["mei@haier.example"]
    assert mail.outbox[0].subject == "Haier Market: Your delivery was accepted."
    assert "/contracts/" in mail.outbox[0].body
    assert not send_notice(str(uuid4()))


def test_reading_a_notice_marks_it_and_goes_where_it_points(cast: Cast) -> None:
    (notice,) = tell([cast.mei], lambda: "Look.", link="/contracts/")
    url = f"/people/me/notices/{notice.pk}/read/"
    assert as_(cast.amara).post(url).status_code == 404
    assert as_(cast.mei).get(url).status_code == 405
    answer = as_(cast.mei).post(url)
    assert (answer.status_code, answer["Location"]) == (303, "/contracts/")
    notice.refresh_from_db()
    first = notice.read_at
    clock.move_forward(timedelta(minutes=5))
    as_(cast.mei).post(url)
    notice.refresh_from_db()
    assert notice.read_at == first is not None


def test_a_link_out_of_the_market_is_not_followed(cast: Cast) -> None:
    (notice,) = tell([cast.mei], lambda: "Look.", link="//elsewhere.example/")
    assert as_(cast.mei).post(f"/people/me/notices/{notice.pk}/read/")["Location"] == "/people/me/notices/"


def test_all_notices_can_be_marked_at_once_and_are_ones_own(cast: Cast) -> None:
    tell([cast.mei, cast.amara], lambda: "Look.")
    page = as_(cast.mei).get("/people/me/notices/").content.decode()
    assert page.count("Look.") >= 1 and "Mark all as read" in page
    assert as_(cast.mei).post("/people/me/notices/").status_code == 303
    assert Notice.objects.get(person=cast.mei).read_at is not None
    assert Notice.objects.get(person=cast.amara).read_at is None
    assert "Mark all as read" not in as_(cast.mei).get("/people/me/notices/").content.decode()


def test_the_pages_take_as_many_statements_for_three_times_the_rows(cast: Cast) -> None:
    tell([cast.mei], lambda: "Look.")
    PersonSkill.objects.create(person=cast.mei, skill=skill("a cold"))
    urls = ("/people/me/", "/people/me/skills/?q=cold", "/people/me/notices/")
    few = {url: statements(cast.mei, url) for url in urls}
    for n in range(3):
        tell([cast.mei], lambda: "Look.")
        PersonSkill.objects.create(person=cast.mei, skill=skill(f"{n} cold"))
    for url in urls:
        assert statements(cast.mei, url) == few[url] <= MOST_STATEMENTS
