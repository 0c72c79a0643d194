"""The page of one process tells the steward who read what and when, after the opening and not before."""

from datetime import timedelta

import pytest
from django.urls import reverse

from contracts.actions import bids, projects
from contracts.actions import integrity as actions
from contracts.models import FlagSearch, Project
from core import audit
from core.clock import market_now
from people.models import User
from tests.cast import Cast, cast
from tests.contracts.market import evaluating, opened, published, two_bids
from tests.contracts.steward import as_person, page, tamper
from tests.naming import names

__all__ = ["cast"]
pytestmark = pytest.mark.django_db


def content(reader: User, project: Project, show: str = "openings") -> str:
    """A process, without what differs from one answer to the next."""
    text = page(reader, "integrity_process", project.pk, show=show)
    return text[text.index("<h1>") : text.index("</main>")]


def test_who_read_a_sealed_bid_is_told_after_the_opening_and_not_before(cast: Cast) -> None:
    project = published(cast)
    before = content(cast.ada, project)
    first, _second = two_bids(cast, project)
    bids.read_own_bid(bid=first, by=cast.amara)

    assert content(cast.ada, project) == before
    assert "Nobody has opened anything" in before
    opened(project)

    told = content(cast.ada, project)
    assert "Own sealed bid read" in told
    assert "Amara" in told
    assert "Bids opened" in told
    assert not names(told, "Teo")


def test_before_the_opening_no_page_tells_whether_anybody_bid(cast: Cast) -> None:
    def seen() -> list[str]:
        actions.search()
        shown = page(cast.rui, "integrity_list")
        searched = FlagSearch.objects.values_list("processes", "fences", "counts", "proofs").get()
        pages = [content(cast.ada, project, show) for show in ("", "openings")]
        return [*pages, shown[shown.index("<h1>") : shown.index("</main>")], str(searched)]

    project = published(cast)
    audit.link()
    before = seen()
    first, second = two_bids(cast, project)
    bids.read_own_bid(bid=first, by=cast.amara)
    bids.withdraw(bid=second, by=cast.teo)

    assert seen() == before


def test_the_trail_shows_every_record_with_its_link_and_finds_a_changed_one(cast: Cast) -> None:
    project, _first, _second = evaluating(cast)
    audit.link()
    whole = page(cast.rui, "integrity_process", project.pk)
    assert whole.count("Fits") >= 5
    assert "Changed" not in whole

    tamper(
        "core_auditrecord",
        "UPDATE core_auditrecord SET actor_name = 'Nobody' WHERE deed = 'project.published' AND subject = %s",
        f"project:{project.pk}",
    )

    assert page(cast.rui, "integrity_process", project.pk).count("Changed") == 1


def test_a_draft_of_others_has_no_process_page(cast: Cast) -> None:
    project = published(cast)

    assert as_person(cast.ada).get(reverse("integrity_process", args=[project.pk])).status_code == 200
    draft = projects.create_draft(
        buyer=cast.blue_kettle,
        draft=projects.ProjectDraft(
            title="A draft",
            need="",
            success_measure="",
            ceiling_minor=None,
            deadline=market_now() + timedelta(days=3),
            deadline_zone="UTC",
        ),
        by=cast.lin,
    )
    assert as_person(cast.ada).get(reverse("integrity_process", args=[draft.pk])).status_code == 404
