"""Changing a published project: everybody reads it at once, on its page and in its versions."""

from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from contracts.actions import amendments, projects
from contracts.models import Project, ProjectVersion
from contracts.versions import ProjectChanged, Words, words_of
from core.clock import business_date, market_now
from core.errors import Conflict, Denied, InsufficientFunds, Invalid, InvalidTransition, TooLate
from core.models import AuditRecord, Parameter
from ledger.accounts import Kind
from ledger.queries import balance
from tests.cast import Cast, cast
from tests.contracts.changing import amended, told
from tests.contracts.market import CEILING, after_deadline, bids_on, drafted, published, quality_facts
from tests.contracts.test_project_pages import as_person, page, post, seen

__all__ = ["cast"]
pytestmark = pytest.mark.django_db


def test_a_change_is_a_numbered_version_with_its_reason_that_everybody_reads(cast: Cast) -> None:
    project = published(cast)
    before = words_of(project)
    changed = amended(cast, project, title="Colder boxes", need="Two degrees.", reason="The fish asks for less.")
    assert (changed.title, changed.need, changed.revision) == ("Colder boxes", "Two degrees.", 2)
    first, second = ProjectVersion.objects.all()
    assert (first.number, first.words, first.made_at, first.made_by) == (
        1,
        before.as_json(),
        project.published_at,
        cast.lin,
    )
    assert (second.number, second.words, second.reason) == (2, words_of(changed).as_json(), "The fish asks for less.")
    for reader in (cast.lin, cast.amara, cast.sol, cast.rui):
        found = seen(page(reader, "project_detail", project.pk))
        for words in ("What changed", "The fish asks for less.", "Cold boxes for the last mile", "Colder boxes"):
            assert words in found
        assert "Need Boxes that keep four degrees for six hours. Two degrees." in found
    told_of = AuditRecord.objects.get(deed="project.amended")
    assert told_of.facts["version"] == 2
    assert told_of.facts["changed"] == ["title", "need"]


def test_the_hold_grows_and_shrinks_with_the_ceiling(cast: Cast) -> None:
    wallet = balance(cast.blue_kettle.entity_id, Kind.WALLET)
    project = amended(cast, published(cast), ceiling_minor=CEILING + 30_000_00)
    assert balance(cast.blue_kettle.entity_id, Kind.HOLD) == CEILING + 30_000_00
    project = amended(cast, project, ceiling_minor=40_000_00)
    assert balance(cast.blue_kettle.entity_id, Kind.HOLD) == 40_000_00
    assert balance(cast.blue_kettle.entity_id, Kind.WALLET) == wallet - 40_000_00
    assert "Hold follows a changed ceiling" in seen(page(cast.lin, "microenterprise_books", cast.blue_kettle.pk))
    projects.cancel(project=project, reason="Not needed.", by=cast.lin)
    assert balance(cast.blue_kettle.entity_id, Kind.HOLD) == 0
    assert balance(cast.blue_kettle.entity_id, Kind.WALLET) == wallet


def test_a_wallet_that_is_short_changes_nothing(cast: Cast) -> None:
    project = published(cast)
    with pytest.raises(InsufficientFunds):
        amended(cast, project, ceiling_minor=9_000_000_00)
    project.refresh_from_db()
    assert (project.revision, project.ceiling_minor) == (1, CEILING)
    assert not ProjectVersion.objects.exists()


def test_weights_and_pass_mark_change_where_the_criteria_have_them(cast: Cast) -> None:
    project = amended(cast, published(cast, **quality_facts(cast)), price_weight_bp=7_000, pass_mark=4_000)
    assert (project.price_weight_bp, project.pass_mark) == (7_000, 4_000)
    assert "Weight of price 60% 70%" in seen(page(cast.teo, "project_detail", project.pk))


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"title": " "}, "title", "title"),
        ({"need": ""}, "need", "what is needed"),
        ({"success_measure": ""}, "success_measure", "success"),
        ({"ceiling_minor": None}, "ceiling", "ceiling"),
        ({"ceiling_minor": 0}, "ceiling", "zero"),
        ({"price_weight_bp": 6_000}, "price_weight", "100%"),
        ({"pass_mark": 5_000}, "pass_mark", "panel"),
    ],
)
def test_what_bidders_rely_on_stays_complete(cast: Cast, changes: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(Invalid, match=says) as refused:
        amended(cast, published(cast), **changes)
    assert refused.value.field == field


def test_a_change_needs_a_reason_and_a_difference(cast: Cast) -> None:
    project = published(cast)
    with pytest.raises(Invalid, match="Say why") as refused:
        amended(cast, project, reason=" ")
    assert refused.value.field == "reason"
    with pytest.raises(Invalid, match="Nothing is different"):
        amended(cast, project, title=f" {project.title}  ")


def test_the_deadline_only_moves_later(cast: Cast) -> None:
    project = published(cast, deadline=market_now() + timedelta(days=5))
    with pytest.raises(Invalid, match="only moves later") as refused:
        amended(cast, project, deadline=project.deadline - timedelta(minutes=1))
    assert refused.value.field == "deadline"
    later = project.deadline + timedelta(days=1)
    assert amended(cast, project, deadline=later).deadline == later


def test_a_late_change_must_move_the_deadline_by_the_dated_policy(cast: Cast) -> None:
    project = published(cast, deadline=market_now() + timedelta(hours=20))
    with pytest.raises(Invalid, match=r"at least 1440 minutes .* so the deadline moves with it") as refused:
        amended(cast, project, title="Colder")
    assert refused.value.field == "deadline"
    far = market_now() + timedelta(hours=25)
    assert amended(cast, project, title="Colder", deadline=far).deadline == far
    Parameter.objects.create(
        name="shortest_minutes_after_a_change", holds_from=business_date(), value=60, note="Faster from today on."
    )
    other = published(cast, deadline=market_now() + timedelta(hours=2))
    assert amended(cast, other, title="Colder").revision == 2


def test_only_the_leader_of_the_buyer_changes_and_only_before_the_deadline(cast: Cast) -> None:
    project = published(cast)
    words = replace(words_of(project), title="Colder")
    for other in (cast.noor, cast.amara, cast.teo, cast.ada, cast.rui):
        with pytest.raises(Denied):
            amendments.amend(project=project, words=words, reason="x", by=other)
        address = reverse("project_amend", args=[project.pk])
        assert as_person(other).get(address).status_code == HTTPStatus.FORBIDDEN
        assert as_person(other).post(address, {"title": "x"}).status_code == HTTPStatus.FORBIDDEN
    after_deadline(project)
    with pytest.raises(TooLate, match="before its deadline"):
        amendments.amend(project=project, words=words, reason="x", by=cast.lin)
    with pytest.raises(InvalidTransition, match="edit it"):
        amendments.amend(project=drafted(cast), words=words, reason="x", by=cast.lin)


def test_a_project_that_takes_no_bids_yet_changes_too(cast: Cast) -> None:
    start = market_now() + timedelta(days=1)
    assert amended(cast, published(cast, opens_at=start, deadline=start + timedelta(days=2))).revision == 2


def test_who_writes_over_words_that_changed_meanwhile_is_told(cast: Cast) -> None:
    project = published(cast)
    words = replace(words_of(project), title="Colder")
    amendments.amend(project=project, words=words, reason="x", by=cast.lin, seen=1)
    with pytest.raises(ProjectChanged, match="changed after you opened"):
        amendments.amend(project=project, words=replace(words, title="Coldest"), reason="x", by=cast.lin, seen=1)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE contracts_project SET title = 'Another'", "but for a new version"),
        ("UPDATE contracts_project SET title = 'Another', revision = 2", "but for a new version"),
        ("UPDATE contracts_project SET revision = 2", "but for a new version"),
        ("UPDATE contracts_project SET milestones = '[]', deadline = deadline + interval '1 day'", "but for a new"),
        ("UPDATE contracts_project SET admission = 'invited'", "keeps its buyer"),
        ("UPDATE contracts_project SET currency = 'EUR'", "keeps its buyer"),
        ("UPDATE contracts_project SET method = 'price_quality'", "keeps its buyer"),
    ],
)
def test_the_database_keeps_what_was_published(cast: Cast, change: str, says: str) -> None:
    published(cast)
    with pytest.raises(IntegrityError, match=says), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_versions_are_only_ever_added(cast: Cast) -> None:
    amended(cast, published(cast))
    for deed in ("UPDATE contracts_projectversion SET reason = 'x'", "DELETE FROM contracts_projectversion"):
        refused = pytest.raises(IntegrityError, match="only ever added")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(deed)


def typed_words(project: Project, **changes: Any) -> dict[str, Any]:
    """The form as the browser sends it back."""
    facts = {
        "title": project.title,
        "need": project.need,
        "success_measure": project.success_measure,
        "ceiling": "100,000.00",
        "deadline": project.deadline.strftime("%Y-%m-%dT%H:%M"),
        "zone": "UTC",
        "reason": "The customer asks for more.",
        "seen": str(project.revision),
    }
    return facts | changes


def test_lin_changes_her_project_on_its_page(cast: Cast) -> None:
    project = published(cast, deadline_zone="UTC")
    assert "Change the project" in page(cast.lin, "project_detail", project.pk)
    assert "Change the project" not in page(cast.amara, "project_detail", project.pk)
    form = page(cast.lin, "project_amend", project.pk)
    assert "It only moves later" in seen(form)
    data = typed_words(project, title="Colder boxes", ceiling="110,000.00")
    response = post(cast.lin, "project_amend", project.pk, data=data)
    assert response.status_code == HTTPStatus.SEE_OTHER, seen(response.content.decode())
    project.refresh_from_db()
    assert (project.title, project.ceiling_minor, project.revision) == ("Colder boxes", 110_000_00, 2)
    deadline = project.deadline
    again = post(cast.lin, "project_amend", project.pk, data=data | {"title": "Coldest boxes"})
    assert again.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "changed after you opened this page" in seen(again.content.decode())
    assert "Coldest boxes" in again.content.decode()
    data |= {"title": "Coldest boxes", "seen": "2"}
    assert post(cast.lin, "project_amend", project.pk, data=data).status_code == HTTPStatus.SEE_OTHER
    project.refresh_from_db()
    assert project.deadline == deadline, "left as it was, a deadline keeps its seconds"
    found = seen(page(cast.teo, "project_detail", project.pk))
    assert "Version 3" in found
    assert "Version 2" in found


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"reason": ""}, "This field is required"),
        ({"title": ""}, "This field is required"),
        ({"ceiling": "9,000,000.00"}, "wallet"),
        ({"ceiling": "lots"}, "Write the amount in digits"),
        ({"deadline": "2020-01-01T10:00"}, "only moves later"),
        ({"deadline": "2027-03-28T02:30", "zone": "Europe/Berlin"}, "does not exist in Berlin"),
        ({"deadline": "2027-10-31T02:30", "zone": "Europe/Berlin"}, "comes twice in Berlin"),
        ({}, "Nothing is different"),
    ],
)
def test_a_change_that_cannot_be_says_why_and_keeps_what_was_typed(
    cast: Cast, changes: dict[str, str], says: str
) -> None:
    project = published(cast, deadline_zone="UTC")
    data = typed_words(project, **changes) | ({"need": "Typed."} if changes else {})
    response = post(cast.lin, "project_amend", project.pk, data=data)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    html = response.content.decode()
    assert says in seen(html)
    assert not changes or "Typed." in html
    assert not ProjectVersion.objects.exists()


def test_panel_acceptor_and_invited_leaders_are_told_and_nobody_for_their_bid(cast: Cast) -> None:
    project = published(cast, **quality_facts(cast))
    bids_on(project, cast.cold_chain, cast.amara)
    before = told(cast.amara)
    amended(cast, project)
    assert "was changed. Read what is different." in told(cast.noor)[-1]
    assert told(cast.amara) == before


def test_words_that_never_change_are_not_among_those_that_may() -> None:
    assert {"buyer", "currency", "panel", "method", "admission", "invited", "acceptor"}.isdisjoint(
        Words.__dataclass_fields__
    )
    assert issubclass(ProjectChanged, Conflict)
