"""Bids made before a change wait to be confirmed, and nobody learns of any."""

import re
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.urls import reverse

from contracts import letters
from contracts.actions import bids
from contracts.lifecycle import BID
from contracts.models import Bid, Project, SealedEvent, SealedTerms
from contracts.versions import ProjectChanged
from core import past
from core.clock import market_now
from core.errors import Denied, Invalid, InvalidTransition, TooLate
from core.models import AuditRecord
from ledger.accounts import Kind
from ledger.queries import balance
from people.models import Notice
from tests.cast import Cast, cast
from tests.contracts.changing import amended, confirmed, own, told
from tests.contracts.market import after_deadline, bids_on, opened, published, two_bids
from tests.contracts.test_project_pages import as_person, page, post, seen, without_tokens

__all__ = ["cast"]
pytestmark = pytest.mark.django_db
IDS = r"[0-9a-f]{8}-[0-9a-f-]{27}|why-[0-9a-f]{8}"


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
