"""Rule 2: until the bids are opened, what is sealed is absent, for whoever reads the database too."""

import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import letters, sealing
from contracts.actions import bids
from contracts.models import Bid, SealedEvent, SealedTerms
from contracts.sealing import Terms
from core.cipher import BrokenSeal
from core.clock import business_date, market_now, move_forward
from core.errors import Denied
from core.ids import new_id
from core.models import AuditRecord
from microenterprises.actions import firms
from microenterprises.models import Membership
from people.models import Notice
from tests.cast import Cast, cast
from tests.contracts.market import bids_on, evaluating, opened, published, two_bids

__all__ = ["cast"]

pytestmark = pytest.mark.django_db


def every_cell() -> str:
    """Everything a reader of the database finds in every table, as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            found += [f"{table} {row}" for (row,) in cursor.fetchall()]
    return "\n".join(sorted(found))


def test_a_reader_of_the_database_finds_neither_who_bid_nor_what(cast: Cast) -> None:
    project = published(cast)
    before = every_cell()
    bid = bids_on(project, cast.cold_chain, cast.amara, price_minor=73_123_45, days=37, plan="Vacuum panels")
    bids.revise(bid=bid, price_minor=72_987_65, days=36, plan="Vacuum panels, thinner", by=cast.amara)
    bids.read_own_bid(bid=bid, by=cast.amara)
    new = "\n".join(set(every_cell().splitlines()) - set(before.splitlines()))
    for secret in ("7312345", "7298765", "Vacuum", str(cast.cold_chain.pk), str(cast.amara.pk), "Cold Chain", "Amara"):
        assert secret not in new
    assert {line.split(" ")[0] for line in new.splitlines()} <= {
        "contracts_bid", "contracts_sealedterms", "contracts_sealedevent", "contracts_wrappedkey",
    }  # fmt: skip


def test_the_length_of_a_sealed_bid_tells_nothing(cast: Cast) -> None:
    project = published(cast)
    bids_on(project, cast.cold_chain, cast.amara, price_minor=1, plan="x")
    bids_on(project, cast.northwind, cast.teo, price_minor=9_999_999, plan="长" * 4000)
    assert len({len(row.ciphertext) for row in SealedTerms.objects.all()}) == 1
    assert len({len(row.ciphertext) for row in SealedEvent.objects.all()}) == 1


def test_bidding_adds_no_audit_row_and_no_notice_for_anybody(cast: Cast) -> None:
    project = published(cast)
    trail, notices = AuditRecord.objects.count(), Notice.objects.count()
    bid = bids_on(project, cast.cold_chain, cast.amara)
    bids.withdraw(bid=bid, by=cast.amara)
    assert (AuditRecord.objects.count(), Notice.objects.count()) == (trail, notices)


def test_at_the_opening_the_sealed_deeds_enter_the_trail_with_their_instants(cast: Cast) -> None:
    project = published(cast)
    first, _second = two_bids(cast, project)
    first = bids.revise(bid=first, price_minor=70_000_00, days=10, plan="Better.", by=cast.amara)
    opened(project)
    told = AuditRecord.objects.filter(subject=f"bid:{first.pk}").order_by("id")
    assert [row.deed for row in told] == ["bid.submitted", "bid.revised"]
    assert told[1].facts["happened_at"] == first.submitted_at.isoformat()
    assert told[1].actor_id == str(cast.amara.pk)
    assert not SealedEvent.objects.filter(published=False).exists()


def test_mei_rui_ada_and_lin_cannot_read_amaras_bid(cast: Cast) -> None:
    bid = bids_on(published(cast), cast.cold_chain, cast.amara)
    for person in (cast.mei, cast.rui, cast.ada, cast.lin, cast.teo, cast.hua, cast.fay):
        with pytest.raises(Denied):
            bids.read_own_bid(bid=bid, by=person)


def test_the_author_and_a_new_leader_both_read_it(cast: Cast) -> None:
    project = published(cast, deadline=market_now() + timedelta(days=9))
    bid = bids_on(project, cast.cold_chain, cast.amara, price_minor=5_000_00)
    tomorrow = business_date() + timedelta(days=1)
    firms.hand_over_lead(to=Membership.objects.get(person=cast.mei), on=tomorrow, by=cast.amara)
    move_forward(timedelta(days=1))
    assert bids.read_own_bid(bid=bid, by=cast.amara).price_minor == 5_000_00
    assert bids.read_own_bid(bid=bid, by=cast.mei).price_minor == 5_000_00


def test_the_receipt_is_the_hash_of_the_words_and_holds_after_the_opening(cast: Cast) -> None:
    _project, first, _second = evaluating(cast)
    terms = sealing.open_terms(Bid.objects.select_related("sealed").get(pk=first.pk))
    assert sha256(terms.text().encode()).hexdigest() == first.receipt
    words = json.loads(terms.text())
    assert (words["price_minor"], words["plan"]) == (first.price_minor, first.plan)


def test_a_sealed_bid_moved_to_another_bid_cannot_be_opened(cast: Cast) -> None:
    project = published(cast)
    first, second = two_bids(cast, project)
    SealedTerms.objects.filter(pk=second.pk).update(ciphertext=SealedTerms.objects.get(pk=first.pk).ciphertext)
    with pytest.raises(BrokenSeal):
        sealing.open_terms(Bid.objects.select_related("sealed").get(pk=second.pk))


def test_an_older_revision_cannot_be_put_back(cast: Cast) -> None:
    bid = bids_on(published(cast), cast.cold_chain, cast.amara)
    old = bytes(SealedTerms.objects.get(pk=bid.pk).ciphertext)
    bid = bids.revise(bid=bid, price_minor=1_00, days=1, plan="New", by=cast.amara)
    SealedTerms.objects.filter(pk=bid.pk).update(ciphertext=old)
    with pytest.raises(BrokenSeal):
        sealing.open_terms(Bid.objects.select_related("sealed").get(pk=bid.pk))


def test_another_bid_key_opens_nothing(cast: Cast, settings: Any) -> None:
    bid = bids_on(published(cast), cast.cold_chain, cast.amara)
    settings.BID_KEY = b"k" * 32
    with pytest.raises(BrokenSeal):
        sealing.open_terms(Bid.objects.select_related("sealed").get(pk=bid.pk))


def test_tokens_of_the_same_me_differ_from_project_to_project(cast: Cast) -> None:
    one, two = published(cast), published(cast)
    assert sealing.bidder_token(one.pk, cast.cold_chain.pk) != sealing.bidder_token(two.pk, cast.cold_chain.pk)
    assert sealing.bidder_token(one.pk, cast.cold_chain.pk) == sealing.bidder_token(one.pk, cast.cold_chain.pk)


def test_the_receipt_goes_to_the_bidder_alone_and_travels_sealed(
    cast: Cast, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr("contracts.tasks.deliver.delay", lambda *given: sent.append(given))
    project = published(cast)
    with django_capture_on_commit_callbacks(execute=True):
        bid = bids_on(project, cast.cold_chain, cast.amara)
    ((project_id, sealed),) = sent
    assert str(cast.amara.pk) not in sealed
    letters.deliver_receipt(project_id, sealed)
    (mail,) = mailoutbox
    assert mail.to == [cast.amara.email]
    assert bid.receipt in mail.body
    assert "80,000" not in mail.body


@given(
    price=st.integers(1, 10**15),
    days=st.integers(1, 3650),
    plan=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=300),
)
@settings(max_examples=60, deadline=timedelta(seconds=2))
def test_what_is_sealed_comes_back_as_it_was(price: int, days: int, plan: str) -> None:
    terms = sealing.new_terms(microenterprise=new_id(), author=new_id(), price_minor=price, days=days, plan=plan)
    assert Terms(**json.loads(terms.text())) == terms
    assert sealing.new_terms(
        microenterprise=new_id(), author=new_id(), price_minor=price, days=days, plan=plan
    ).receipt() != terms.receipt()  # fmt: skip
