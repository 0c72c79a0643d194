"""Changing a published project: everybody reads it at once, bids wait to be confirmed, and nobody learns of any."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from contracts import letters
from contracts.actions import amendments, bids, projects
from contracts.actions.projects import ProjectDraft
from contracts.lifecycle import BID
from contracts.models import Bid, InvitedFirm, Project, ProjectVersion, SealedEvent, SealedTerms
from contracts.permissions.standing import standing_of
from contracts.queries.bids import OwnBid, own_sealed_bids
from contracts.versions import ProjectChanged, Words, words_of
from core import past
from core.clock import business_date, market_now
from core.errors import Conflict, Denied, InsufficientFunds, Invalid, InvalidTransition, TooLate
from core.models import AuditRecord, Parameter
from ledger.accounts import Kind
from ledger.queries import balance
from people.models import Notice, User
from tests.cast import Cast, cast, firm, person
from tests.contracts.market import (
    CEILING,
    a_draft,
    after_deadline,
    bids_on,
    drafted,
    opened,
    published,
    quality_facts,
    two_bids,
)
from tests.contracts.test_project_pages import as_person, page, post, seen, typed_draft, without_tokens

__all__ = ["cast"]

pytestmark = pytest.mark.django_db

IDS = r"[0-9a-f]{8}-[0-9a-f-]{27}|why-[0-9a-f]{8}"


def amended(cast: Cast, project: Project, reason: str = "The customer asks for more.", **changes: Any) -> Project:
    """Lin changes what her project says."""
    changes = changes or {"title": "Colder boxes for the last mile"}
    words = replace(words_of(project), **changes)
    amendments.amend(project=project, words=words, reason=reason, by=cast.lin)
    return Project.objects.get(pk=project.pk)


def confirmed(bid: Bid, by: User) -> Bid:
    return bids.confirm(bid=bid, seen=Project.objects.get(pk=bid.project_id).revision, by=by)


def own(somebody: User) -> OwnBid:
    now = market_now()
    (found,) = own_sealed_bids(standing_of(somebody, business_date(now)), now)
    return found


def told(somebody: User) -> list[str]:
    return list(Notice.objects.filter(person=somebody).order_by("created_at").values_list("sentence", flat=True))


# ------------------------------------------------------------------ the change


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


# ------------------------------------------------------------------ bids made before


def test_a_confirmed_bid_keeps_its_row_its_time_and_its_receipt(cast: Cast) -> None:
    project = published(cast)
    bid = bids_on(project, cast.cold_chain, cast.amara)
    amended(cast, project)
    assert own(cast.amara).stale
    row = Bid.objects.filter(pk=bid.pk).values().get()
    confirmed(bid, cast.amara)
    assert Bid.objects.filter(pk=bid.pk).values().get() == row
    assert not own(cast.amara).stale
    project = opened(project)
    opened_bid = Bid.objects.get(pk=bid.pk)
    assert (opened_bid.status, opened_bid.price_minor) == (Bid.Status.VALID, 80_000_00)
    assert (opened_bid.submitted_at, opened_bid.receipt) == (row["submitted_at"], row["receipt"])
    deeds = AuditRecord.objects.filter(subject=f"bid:{bid.pk}").values_list("deed", flat=True)
    assert sorted(deeds) == ["bid.confirmed", "bid.read", "bid.submitted"]
    assert AuditRecord.objects.get(deed="bid.confirmed").facts["made_for"] == 2


def test_a_bid_that_is_not_confirmed_stays_sealed_for_ever_and_its_bidder_is_told(cast: Cast) -> None:
    project = published(cast)
    first, second = two_bids(cast, project)
    project = amended(cast, project)
    confirmed(second, cast.teo)
    project = opened(project)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, first.opened_at, first.price_minor, first.microenterprise) == ("stale", None, None, None)
    assert (second.status, second.price_minor) == ("valid", 90_000_00)
    assert "was not confirmed after the project changed" in told(cast.amara)[-1]
    for reader in (cast.lin, cast.amara, cast.rui, cast.ada):
        assert "80,000" not in page(reader, "project_detail", project.pk)
    with pytest.raises((InvalidTransition, TooLate)):
        confirmed(first, cast.amara)
    for verb in BID.moves:
        with pytest.raises(InvalidTransition):
            BID.check("stale", verb)


def test_a_project_whose_bids_all_lapsed_ends_and_gives_the_hold_back(cast: Cast) -> None:
    project = published(cast)
    two_bids(cast, project)
    project = opened(amended(cast, project))
    assert project.status == Project.Status.UNSUCCESSFUL
    assert balance(cast.blue_kettle.entity_id, Kind.HOLD) == 0


def test_a_revised_bid_is_one_for_the_new_words_and_its_time_restarts(cast: Cast) -> None:
    project = published(cast)
    bid = bids_on(project, cast.cold_chain, cast.amara)
    amended(cast, project)
    revised = bids.revise(bid=bid, price_minor=70_000_00, days=10, plan="Colder.", by=cast.amara)
    assert revised.submitted_at > bid.submitted_at
    assert not own(cast.amara).stale
    with pytest.raises(InvalidTransition, match="nothing to confirm"):
        confirmed(bid, cast.amara)
    amended(cast, Project.objects.get(pk=project.pk), title="Coldest")
    assert own(cast.amara).stale


def test_a_bid_made_after_the_change_needs_no_confirmation(cast: Cast) -> None:
    project = amended(cast, published(cast))
    bid = bids_on(project, cast.cold_chain, cast.amara)
    with pytest.raises(InvalidTransition, match="nothing to confirm"):
        confirmed(bid, cast.amara)
    opened(project)
    bid.refresh_from_db()
    assert bid.status == Bid.Status.VALID


def test_only_the_leader_of_the_bidder_confirms_and_only_what_they_read(cast: Cast) -> None:
    project = published(cast)
    bid = bids_on(project, cast.cold_chain, cast.amara)
    amended(cast, project)
    for other in (cast.mei, cast.teo, cast.lin, cast.ada, cast.rui):
        with pytest.raises(Denied):
            confirmed(bid, other)
    with pytest.raises(ProjectChanged):
        bids.confirm(bid=bid, seen=1, by=cast.amara)
    after_deadline(Project.objects.get(pk=project.pk))
    with pytest.raises(TooLate):
        confirmed(bid, cast.amara)


def test_a_price_above_the_new_ceiling_is_revised_not_confirmed(cast: Cast) -> None:
    project = published(cast)
    bid = bids_on(project, cast.cold_chain, cast.amara)
    amended(cast, project, ceiling_minor=79_999_99)
    with pytest.raises(Invalid, match=r"The ceiling is CN¥79,999\.99"):
        confirmed(bid, cast.amara)
    found = seen(page(cast.amara, "bid_submit", project.pk))
    assert "Your price is above the new ceiling, so it cannot be confirmed." in found
    assert "Confirm my bid as it is" not in found
    bids.revise(bid=bid, price_minor=79_999_99, days=10, plan="Less.", by=cast.amara)
    assert not own(cast.amara).stale


def test_a_withdrawn_bid_is_not_confirmed(cast: Cast) -> None:
    project = published(cast)
    bid = bids_on(project, cast.cold_chain, cast.amara)
    bids.withdraw(bid=bid, by=cast.amara)
    amended(cast, project)
    assert not own(cast.amara).stale
    with pytest.raises(InvalidTransition):
        confirmed(bid, cast.amara)


def test_who_bids_on_words_they_did_not_read_is_told_and_keeps_what_they_typed(cast: Cast) -> None:
    project = published(cast)
    amended(cast, project)
    data = {"price": "80,000.00", "days": "20", "plan": "Gel packs of last year.", "seen": "1"}
    response = post(cast.amara, "bid_submit", project.pk, data=data)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    html = response.content.decode()
    assert "The project changed after you opened this page." in seen(html)
    assert "Gel packs of last year." in html
    assert 'name="seen" value="2"' in html
    assert not Bid.objects.exists()
    assert post(cast.amara, "bid_submit", project.pk, data=data | {"seen": "2"}).status_code == HTTPStatus.SEE_OTHER


# ------------------------------------------------------------------ nobody learns of any (rule 2)


def test_a_change_tells_nobody_whether_there_are_bids(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    """The same rows, notices, letters and pages with bids and without, for everybody but the bidders."""
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr("contracts.tasks.deliver.delay", lambda *given: sent.append(given))
    everybody = (cast.lin, cast.noor, cast.mei, cast.sol, cast.ada, cast.rui, cast.fay, cast.hua)

    start = market_now()

    def world(bid: Callable[[Project], Any]) -> tuple[Any, ...]:
        with past.at(start):
            project = published(cast, deadline=start + timedelta(days=3))
        with past.at(start + timedelta(hours=1)):
            bid(project)
        sent.clear()
        rows = (SealedEvent.objects.count(), Notice.objects.count(), AuditRecord.objects.count())
        with past.at(start + timedelta(hours=2)), django_capture_on_commit_callbacks(execute=True):
            changed = amended(cast, project)
        after = (SealedEvent.objects.count(), Notice.objects.count(), AuditRecord.objects.count())
        grown = [new - old for old, new in zip(rows, after, strict=True)]
        with past.at(start + timedelta(hours=3)):
            pages = [page(reader, "project_detail", project.pk) for reader in everybody]
            lists = [page(reader, "bid_list") for reader in everybody]
        shown = [without_tokens(text).replace(changed.draw_commitment, "") for text in (*pages, *lists)]
        return grown, [re.sub(IDS, "", text) for text in shown], [len(letter) for _project, letter in sent]

    nobody = world(lambda project: None)
    somebody = world(lambda project: two_bids(cast, project))
    assert nobody == somebody
    assert nobody[0][0] == 0, "no deed is sealed by a change"
    assert len(nobody[2]) == 1, "one letter goes off, whether or not there is anybody to read it"


def test_every_sealed_row_looks_alike_confirmed_or_not(cast: Cast) -> None:
    project = published(cast)
    first, _second = two_bids(cast, project)
    amended(cast, project)
    confirmed(first, cast.amara)
    sizes = {(len(row.ciphertext), len(row.made_for)) for row in SealedTerms.objects.all()}
    assert len(sizes) == 1


def test_bidders_alone_are_written_to_in_a_sealed_letter(
    cast: Cast, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr("contracts.tasks.deliver.delay", lambda *given: sent.append(given))
    project = published(cast)
    first, _second = two_bids(cast, project)
    with django_capture_on_commit_callbacks(execute=True):
        amended(cast, project)
    letters.deliver_receipt(*sent.pop())
    assert sorted(mail.to[0] for mail in mailoutbox) == [cast.amara.email, cast.teo.email]
    assert all("confirm your bid" in mail.subject for mail in mailoutbox)
    mailoutbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        confirmed(first, cast.amara)
    letters.deliver_receipt(*sent.pop())
    (receipt,) = mailoutbox
    assert receipt.to == [cast.amara.email]
    assert "is confirmed" in receipt.subject
    assert first.receipt in receipt.body


def test_the_bidder_finds_it_on_the_first_page_in_the_list_and_on_the_project(cast: Cast) -> None:
    project = published(cast)
    bids_on(project, cast.cold_chain, cast.amara)
    amended(cast, project)
    assert "Confirm your bid on “Colder boxes for the last mile”" in seen(page(cast.amara, "home"))
    assert "To be confirmed" in seen(page(cast.amara, "bid_list"))
    assert "must be confirmed or revised" in seen(page(cast.amara, "project_detail", project.pk))
    for other in (cast.mei, cast.teo, cast.lin, cast.rui):
        assert "Confirm your bid" not in seen(page(other, "home"))
        assert "must be confirmed" not in seen(page(other, "project_detail", project.pk))
    asked = page(cast.amara, "bid_submit", project.pk)
    assert "Colder boxes for the last mile" in asked
    assert "Confirm my bid as it is" in asked
    response = post(cast.amara, "bid_confirm", project.pk, data={"seen": "2"})
    assert response.status_code == HTTPStatus.SEE_OTHER
    assert "Confirm my bid as it is" not in page(cast.amara, "bid_submit", project.pk)
    assert "Confirm your bid" not in seen(page(cast.amara, "home"))


def test_confirming_needs_a_post_of_the_bidder(cast: Cast) -> None:
    project = published(cast)
    bids_on(project, cast.cold_chain, cast.amara)
    amended(cast, project)
    address = reverse("bid_confirm", args=[project.pk])
    assert as_person(cast.amara).get(address).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    for other in (cast.teo, cast.mei, cast.lin, cast.rui):
        assert as_person(other).post(address, {"seen": "2"}).status_code == HTTPStatus.NOT_FOUND
    assert as_person(cast.amara).post(address, {"seen": "1"}).status_code == HTTPStatus.CONFLICT
    assert as_person(cast.amara).post(address, {"seen": "x"}).status_code == HTTPStatus.CONFLICT
    assert as_person(cast.amara).post(address, {"seen": "2"}).status_code == HTTPStatus.SEE_OTHER
    assert as_person(cast.amara).post(address, {"seen": "2"}).status_code == HTTPStatus.CONFLICT


# ------------------------------------------------------------------ the page


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


# ------------------------------------------------------------------ by invitation


def invited_draft(cast: Cast, *names: str, **changes: Any) -> ProjectDraft:
    firms = [getattr(cast, name) for name in names]
    return a_draft(cast, admission="invited", invited=firms, **changes)


def test_a_project_by_invitation_takes_bids_of_the_invited_alone_and_everybody_reads_the_list(cast: Cast) -> None:
    rival = firm("Polar Lane", cast.platform, person("Pia"), wallet_minor=1_000)
    draft = a_draft(cast, admission="invited", invited=[cast.cold_chain, rival])
    project = projects.create_draft(buyer=cast.blue_kettle, draft=draft, by=cast.lin)
    project = projects.publish(project=project, by=cast.lin)
    assert any("Your ME is invited to bid" in sentence for sentence in told(cast.amara))
    bids_on(project, cast.cold_chain, cast.amara)
    with pytest.raises(Denied, match="Northwind is not on the list"):
        bids_on(project, cast.northwind, cast.teo)
    for reader in (cast.lin, cast.teo, cast.sol, cast.rui):
        assert "Only these MEs may bid Cold Chain, Polar Lane" in seen(page(reader, "project_detail", project.pk))
    assert "Northwind is not on the list" in seen(page(cast.teo, "project_detail", project.pk))
    assert project.title not in page(cast.teo, "project_list", can_bid="on")
    assert project.title in page(cast.amara, "project_list", can_bid="on")


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ((), "Invite at least 2"),
        (("cold_chain",), "Invite at least 2"),
        (("cold_chain", "blue_kettle"), "Nobody buys from themselves"),
    ],
)
def test_a_list_that_is_no_competition_is_not_published(cast: Cast, names: tuple[str, ...], says: str) -> None:
    project = projects.create_draft(buyer=cast.blue_kettle, draft=invited_draft(cast, *names), by=cast.lin)
    with pytest.raises(Invalid, match=says) as refused:
        projects.publish(project=project, by=cast.lin)
    assert refused.value.field == "invited"


def test_the_list_is_fixed_at_publication(cast: Cast) -> None:
    draft = invited_draft(cast, "cold_chain", "northwind")
    project = projects.create_draft(buyer=cast.blue_kettle, draft=draft, by=cast.lin)
    projects.publish(project=project, by=cast.lin)
    with pytest.raises(IntegrityError, match="invited to a published project is fixed"), transaction.atomic():
        InvitedFirm.objects.filter(microenterprise=cast.northwind).delete()


def test_the_form_takes_mes_by_name(cast: Cast) -> None:
    data = typed_draft(cast, admission="invited", invited="Cold Chain\nNorth Wind")
    response = post(cast.lin, "project_new", data=data)
    assert "No active ME has this name: North Wind." in seen(response.content.decode())
    data["invited"] = "Cold Chain\nNorthwind"
    assert post(cast.lin, "project_new", data=data).status_code == HTTPStatus.SEE_OTHER
    project = Project.objects.get()
    assert project.invited.count() == 2
    assert "Cold Chain\nNorthwind" in as_person(cast.lin).get(
        reverse("project_edit", args=[project.pk])
    ).content.decode().replace("\r\n", "\n")


def test_words_that_never_change_are_not_among_those_that_may() -> None:
    assert {"buyer", "currency", "panel", "method", "admission", "invited", "acceptor"}.isdisjoint(
        Words.__dataclass_fields__
    )
    assert issubclass(ProjectChanged, Conflict)
