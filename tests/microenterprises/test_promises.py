"""A person's own money is promised to an idea, and counts when finance has recorded the paper by which it came in."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from core.clock import business_date
from core.errors import Conflict, Denied, Invalid, InvalidTransition
from ledger.accounts import Kind
from ledger.models import Entry
from ledger.queries import balance, party_balances
from microenterprises.actions import ideas, pledges
from microenterprises.models import Idea, Pledge
from people.models import Notice, User
from tests.cast import Cast, person
from tests.microenterprises.test_circle import TERMS, books_of, paid_in, published, ready, seat_for
from tests.microenterprises.test_pages import signed_in


def promise(idea: Idea, amount_minor: int, by: User) -> Pledge:
    return pledges.pledge(idea=idea, amount_minor=amount_minor, by=by)


def receive(cast: Cast, pledge: Pledge, document: str = "TR 1") -> Pledge:
    return pledges.receive(pledge=pledge, document=document, dated=business_date(), by=cast.fay)


def test_a_promise_posts_nothing_and_launches_nothing(cast: Cast) -> None:
    idea = published(cast)
    promise(idea, 1_000_000, cast.hua)
    seat_for(idea, cast.mei)
    seat_for(idea, cast.noor, "Seller")
    assert not Entry.objects.filter(subject=f"idea:{idea.pk}").exists()
    with pytest.raises(InvalidTransition, match=r"CN¥10,000\.00 is still to come in; CN¥10,000\.00 is promised"):
        ideas.launch(idea=idea, terms=TERMS, by=cast.sol)


def test_what_came_in_is_owed_to_who_pledged_and_dated_by_its_paper(cast: Cast) -> None:
    idea = published(cast)
    made = promise(idea, 400_000, cast.hua)
    day = business_date() - timedelta(days=1)
    pledges.receive(pledge=made, document="TR 7", dated=day, by=cast.fay)
    assert party_balances([books_of(idea)], Kind.PLEDGES_OWED) == {(books_of(idea), cast.hua.party): 400_000}
    entry = Entry.objects.get(reference=f"pledge:{made.pk}")
    assert (entry.effective_date, entry.business_date, entry.memo) == (day, business_date(), "Quiet Fridge, TR 7")
    told = Notice.objects.filter(sentence="CN¥4,000.00 that Hua pledged to Quiet Fridge came in.")
    assert {notice.person for notice in told} == {cast.hua, cast.sol}


def test_finance_records_it_and_nobody_their_own(cast: Cast) -> None:
    idea = published(cast)
    for giver, recorder, refusal in ((cast.hua, cast.sol, "Finance records"), (cast.fay, cast.fay, "You pledged")):
        made = promise(idea, 100, giver)
        with pytest.raises(Denied, match=refusal):
            pledges.receive(pledge=made, document="TR 1", dated=business_date(), by=recorder)
    other = person("Ines", "finance")
    pledges.receive(pledge=made, document="TR 1", dated=business_date(), by=other)
    assert balance(books_of(idea), Kind.PLEDGE_ESCROW) == 100


def test_a_paper_pays_one_pledge_however_it_is_typed(cast: Cast) -> None:
    idea = published(cast)
    receive(cast, promise(idea, 100, cast.hua), "TR-1")
    second = promise(idea, 100, cast.noor)
    with pytest.raises(Conflict, match="recorded for this idea before") as refusal:
        receive(cast, second, "tr–１")
    assert refusal.value.field == "document"
    for document, day, field in (("  ", 0, "document"), ("TR-2", 1, "dated")):
        with pytest.raises(Invalid) as wrong:
            dated = business_date() + timedelta(days=day)
            pledges.receive(pledge=second, document=document, dated=dated, by=cast.fay)
        assert wrong.value.field == field
    assert balance(books_of(idea), Kind.PLEDGE_ESCROW) == 100


def test_a_promise_ends_unpaid_and_a_payment_goes_back(cast: Cast) -> None:
    idea = published(cast)
    unpaid, paid = promise(idea, 100, cast.hua), paid_in(cast, idea, 200, cast.hua)
    assert pledges.refund(pledge=unpaid, by=cast.hua).status == "cancelled"
    assert not Notice.objects.filter(person=cast.fay).exists()
    with pytest.raises(InvalidTransition):
        receive(cast, unpaid)
    assert pledges.refund(pledge=paid, by=cast.hua).status == "refunded"
    assert Notice.objects.get(person=cast.fay).sentence.startswith("Send CN¥2.00 back to Hua: the pledge to Quiet")
    assert balance(books_of(idea), Kind.PLEDGE_ESCROW) == 0


def test_a_launch_ends_what_was_only_promised_and_says_so(cast: Cast) -> None:
    idea = ready(cast)
    late = promise(idea, 5_000, cast.teo)
    firm = ideas.launch(idea=idea, terms=TERMS, by=cast.sol)
    assert Pledge.objects.get(pk=late.pk).status == "cancelled"
    assert cast.teo.party not in {party for _, party in party_balances([firm.entity_id], Kind.STAKE)}
    assert Notice.objects.get(person=cast.teo).sentence.startswith("Quiet Fridge was launched as Quiet Fridge before")
    with pytest.raises(InvalidTransition):
        receive(cast, late)


def test_withdrawing_an_idea_ends_its_promises(cast: Cast) -> None:
    idea = published(cast)
    made = promise(idea, 5_000, cast.teo)
    ideas.withdraw(idea=idea, reason="Too loud", by=cast.sol)
    assert Pledge.objects.get(pk=made.pk).status == "cancelled"
    assert Notice.objects.filter(person=cast.teo, sentence__contains="withdrew the idea").exists()


@pytest.mark.parametrize(
    "change",
    [
        "status = 'held'",
        "status = 'converted'",
        "status = 'held', received_at = now(), dated = '2026-01-01'",
        "amount_minor = 7",
    ],
)
def test_the_database_takes_no_pledge_for_paid_without_a_paper(cast: Cast, change: str) -> None:
    made = promise(published(cast), 5_000, cast.teo)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE microenterprises_pledge SET {change} WHERE id = %s", [made.pk])


def test_finance_finds_a_promise_and_records_it_on_the_pages(cast: Cast) -> None:
    idea = published(cast)
    made = promise(idea, 400_000, cast.hua)
    fay = signed_in(cast.fay)
    assert "1 pledge waits for its money to come in" in fay.get("/").content.decode()
    assert "Quiet Fridge" in fay.get("/ideas/pledges/?q=hua").content.decode()
    assert "Nothing fits" in fay.get("/ideas/pledges/?q=nobody").content.decode()
    url = f"/pledges/{made.pk}/receive/"
    assert url in fay.get(f"/ideas/{idea.pk}/").content.decode()
    refused = fay.post(url, {"document": "", "dated": "2999-01-01"})
    assert refused.status_code == 422
    done = fay.post(url, {"document": "TR 1", "dated": str(business_date())}, follow=True).content.decode()
    assert "CN¥4,000.00 is in the idea&#x27;s escrow." in done
    assert "No pledge waits for its money" in fay.get("/ideas/pledges/").content.decode()
    assert fay.get(url).status_code == 409


def test_others_see_no_list_of_promises(cast: Cast) -> None:
    promise(published(cast), 400_000, cast.hua)
    assert signed_in(cast.sol).get("/ideas/pledges/").status_code == 403
    page = signed_in(cast.rui).get("/ideas/pledges/").content.decode()
    assert "Finance records that the money of a pledge came in." in page


def test_the_page_says_what_a_promise_is(cast: Cast) -> None:
    idea = published(cast)
    hua, url = signed_in(cast.hua), f"/ideas/{published(cast).pk}/"
    said = hua.post(f"/ideas/{idea.pk}/pledge/", {"amount": "50", "source": "own"}, follow=True).content.decode()
    assert "It counts once finance has recorded that your money came in." in said
    assert "more is promised. It counts once" in said
    assert "more is promised" not in hua.get(url).content.decode()
    pledge = Pledge.objects.get()
    ended = hua.post(f"/pledges/{pledge.pk}/refund/", follow=True).content.decode()
    assert "Your promise of CN¥50.00 ended." in ended
