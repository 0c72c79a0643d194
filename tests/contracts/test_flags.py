"""The steward sees questions about opened processes with their arithmetic, nobody else does; a look is noted."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.urls import reverse

from contracts.actions import integrity as actions
from contracts.models import FlagNote, RedFlag
from core.clock import market_now
from core.errors import Denied, Invalid, InvalidTransition
from core.models import AuditRecord
from people.models import User
from tests.cast import Cast, cast, firm, person
from tests.contracts.market import awarded, bids_on, evaluating, opened, published
from tests.contracts.steward import as_person, codes, flag_of, page
from tests.statements import statements

__all__ = ["cast"]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["lin", "amara", "mei", "sol", "fay", "hua"])
def test_to_everybody_else_there_is_no_such_page(cast: Cast, name: str) -> None:
    project, _first, _second = evaluating(cast)
    actions.search()
    client = as_person(getattr(cast, name))
    flag = reverse("integrity_flag", args=[flag_of("R003").pk])

    addresses = [reverse("integrity_list"), flag, reverse("integrity_process", args=[project.pk])]

    assert [client.get(address).status_code for address in addresses] == [404] * 3
    assert client.post(flag, {"reason": "I looked."}).status_code == 404
    assert "/integrity/" not in client.get("/").content.decode()


@pytest.mark.parametrize("name", ["ada", "rui"])
def test_steward_and_auditor_find_it_in_their_navigation(cast: Cast, name: str) -> None:
    reader = getattr(cast, name)

    assert 'href="/integrity/"' in as_person(reader).get("/").content.decode()
    assert "Nothing has been searched yet" in page(reader, "integrity_list")


def test_the_first_page_tells_the_steward_until_everything_was_looked_at(cast: Cast) -> None:
    def told(person: User) -> bool:
        return "Red flags wait for a look" in as_person(person).get("/").content.decode()

    assert not told(cast.ada)
    evaluating(cast)
    actions.search()

    assert told(cast.ada)
    assert not told(cast.rui)
    actions.look_at(flag=flag_of("R003"), reason="Two days suffice for boxes.", by=cast.ada)
    assert not told(cast.ada)


def test_the_list_is_filtered_by_question_microenterprise_state_and_date(cast: Cast) -> None:
    project = published(cast)
    bids_on(project, cast.cold_chain, cast.amara, 70_000_00)
    bids_on(project, cast.northwind, cast.teo, 70_000_00)
    opened(project)
    actions.search()
    actions.look_at(flag=flag_of("R003"), reason="Two days suffice for boxes.", by=cast.ada)
    today = market_now().date()

    def shown(**query: Any) -> list[str]:
        text = page(cast.ada, "integrity_list", **query)
        table = text[text.find("<tbody>") : text.find("</tbody>")] if "<tbody>" in text else ""
        return [code for code in ("R003", "R028") if code in table]

    assert shown() == ["R028"]
    assert shown(state="all") == ["R003", "R028"]
    assert shown(state="looked") == ["R003"]
    assert shown(state="ended") == []
    assert shown(state="all", indicator="R003") == ["R003"]
    assert shown(state="all", q="northwind") == ["R028"]
    assert shown(state="all", q="blue") == ["R003", "R028"]
    assert shown(state="all", until=today - timedelta(days=2)) == []
    assert shown(state="all", since=today - timedelta(days=2)) == ["R003", "R028"]
    assert shown(state="all", since="never") == ["R003", "R028"]


def test_a_flag_says_question_and_never_verdict(cast: Cast) -> None:
    evaluating(cast)
    actions.search()

    for text in (page(cast.rui, "integrity_list"), page(cast.rui, "integrity_flag", flag_of("R003").pk)):
        assert "a question, not a verdict" in text
    assert "Bids were taken for 1 whole day; under 3 days" in page(cast.rui, "integrity_flag", flag_of("R003").pk)


def many(count: int) -> None:
    """So many more flags, each with a note, as rows of their own."""
    now = market_now()
    ada = User.objects.get(name="Ada")
    rows = RedFlag.objects.bulk_create(
        RedFlag(
            key=f"R038:Tenderer:{n}",
            indicator="R038",
            group="Tenderer",
            names=[f"Bidder {n}"],
            value="3/4",
            figures={"disqualified": "3", "submitted": "4"},
            found_at=now - timedelta(minutes=n),
        )
        for n in range(count)
    )
    FlagNote.objects.bulk_create(
        FlagNote(flag=row, reason="Looked.", value="3/4", noted_at=now, noted_by=ada) for row in rows
    )


def test_the_second_page_goes_on_where_the_first_ends_and_costs_the_same(cast: Cast) -> None:
    evaluating(cast)
    actions.search()
    few = statements(cast.ada, "/integrity/")
    many(45)

    text = page(cast.ada, "integrity_list")
    assert statements(cast.ada, "/integrity/") == few <= 8
    following = text[text.find('rel="next" href="') + len('rel="next" href="') :].split('"')[0].replace("&amp;", "&")
    second = as_person(cast.ada).get(f"/integrity/{following}").content.decode()

    assert "46" in text
    assert second.count("<tr>") == text.count("<tr>") == 21
    assert "Bidder 18" in text
    assert "Bidder 19" in second
    assert statements(cast.ada, f"/integrity/{following}") <= 8


def test_every_page_of_one_takes_at_most_eight_statements(cast: Cast) -> None:
    award, _first, _second = awarded(cast)
    actions.search()

    assert statements(cast.ada, f"/integrity/flags/{flag_of('R058').pk}/") <= 8
    assert statements(cast.ada, f"/integrity/projects/{award.project_id}/") <= 8
    assert statements(cast.ada, f"/integrity/projects/{award.project_id}/?show=openings") <= 8


def test_a_look_is_kept_with_name_time_value_and_in_the_trail(cast: Cast) -> None:
    project, _first, _second = evaluating(cast)
    actions.search()
    flag = flag_of("R003")

    response = as_person(cast.ada).post(
        reverse("integrity_flag", args=[flag.pk]), {"reason": " Two days suffice for boxes. "}
    )

    assert response.status_code == HTTPStatus.SEE_OTHER
    note = FlagNote.objects.get()
    assert (note.reason, note.noted_by, note.value) == ("Two days suffice for boxes.", cast.ada, "1")
    flag.refresh_from_db()
    assert (flag.looked_by, flag.looked_at) == (cast.ada, note.noted_at)
    told = AuditRecord.objects.get(deed="flag.looked_at")
    assert (told.subject, told.actor_id) == (f"project:{project.pk}", str(cast.ada.pk))
    assert told.facts["reason"] == note.reason
    assert "Two days suffice" in page(cast.rui, "integrity_process", project.pk)
    assert codes() == {"R003": 1}


def test_a_look_needs_words(cast: Cast) -> None:
    evaluating(cast)
    actions.search()
    flag = flag_of("R003")
    address = reverse("integrity_flag", args=[flag.pk])

    assert as_person(cast.ada).post(address, {"reason": "  "}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    with pytest.raises(Invalid):
        actions.look_at(flag=flag, reason=" ", by=cast.ada)
    assert not FlagNote.objects.exists()


def test_only_a_steward_without_a_part_in_it_notes(cast: Cast) -> None:
    evaluating(cast)
    actions.search()
    flag = flag_of("R003")
    address = reverse("integrity_flag", args=[flag.pk])

    assert as_person(cast.rui).post(address, {"reason": "I looked."}).status_code == HTTPStatus.FORBIDDEN
    assert "the auditor reads" in page(cast.rui, "integrity_flag", flag.pk)
    with pytest.raises(Denied):
        actions.look_at(flag=flag, reason="I looked.", by=cast.lin)


def test_a_steward_never_notes_about_their_own_microenterprise(cast: Cast) -> None:
    own = firm("Harbour", cast.platform, person("Hao"), cast.ada, wallet_minor=1_000_000)
    project = published(cast)
    bids_on(project, cast.cold_chain, cast.amara, 70_000_00)
    bids_on(project, own, User.objects.get(name="Hao"), 70_000_00)
    opened(project)
    actions.search()

    with pytest.raises(Denied, match="another steward"):
        actions.look_at(flag=flag_of("R028"), reason="I looked.", by=cast.ada)
    assert "another steward must look" in page(cast.ada, "integrity_flag", flag_of("R028").pk)
    actions.look_at(flag=flag_of("R003"), reason="Two days suffice for boxes.", by=cast.ada)


def test_what_is_found_no_more_takes_no_notes(cast: Cast) -> None:
    evaluating(cast)
    actions.search()
    flag = flag_of("R003")
    RedFlag.objects.update(ended_at=market_now())

    with pytest.raises(InvalidTransition):
        actions.look_at(flag=flag, reason="I looked.", by=cast.ada)


def test_a_note_is_never_changed(cast: Cast) -> None:
    evaluating(cast)
    actions.search()
    actions.look_at(flag=flag_of("R003"), reason="Two days suffice for boxes.", by=cast.ada)

    with pytest.raises(Exception, match="Notes on red flags"):
        FlagNote.objects.update(reason="Nothing.")
