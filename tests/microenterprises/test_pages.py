"""The pages of MEs and ideas: who sees what, and for every page that writes the same battery.

Works, GET refused where there is nothing to show, a stranger gets 404, a colleague without the right 403 with the
sentence, a wrong state is refused, and doing it twice does it once.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from core.clock import business_date, move_forward
from ledger.accounts import Kind
from ledger.queries import balance
from microenterprises.actions import firms, ideas, invitations, pledges, seats, terms
from microenterprises.actions.money import record_receipt
from microenterprises.models import (
    Ballot,
    Idea,
    Invitation,
    Membership,
    Microenterprise,
    MoneyRecord,
    Pledge,
    Seat,
    ShareTerms,
    Vote,
)
from people.models import User
from tests.cast import Cast, invest, person
from tests.microenterprises.test_circle import TERMS, draft, paid_in, published, ready, seat_for
from tests.microenterprises.test_money import paper
from tests.microenterprises.test_terms import proposed
from tests.statements import statements

STATEMENTS = 8
"""What a list or a detail page may cost, session and user included (docs/architecture.md)."""


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def member(cast: Cast) -> Membership:
    return Membership.objects.get(person=cast.mei, microenterprise=cast.cold_chain)


def open_seat(cast: Cast) -> Seat:
    return seats.open_seat(
        owner=cast.cold_chain, spec=seats.SeatSpec(role="Driver", customer_outcome="Cold"), by=cast.amara
    )


def receipt(cast: Cast) -> MoneyRecord:
    return record_receipt(microenterprise=cast.cold_chain, amount_minor=500, document=paper(), by=cast.fay)


TERMS_TYPED = {
    "threshold": "0",
    "upto_1": "1000",
    "rate_1": "30",
    "rate_2": "40",
    "owner_reserve": "60",
    "owner_platform": "40",
}
SEAT_TYPED = {
    "role": "Driver",
    "customer_outcome": "Cold to the door",
    "track": "entrepreneur",
    "weight": "10",
    "allocation_percent": "100",
    "pay": "0",
}
IDEA_TYPED = {
    "title": "Loud Fridge",
    "customer": "Hotels",
    "outcome": "Guests hear it",
    "kind": "user",
    "funding_goal": "1,000.00",
    "metric_1": "Noise",
    "baseline_1": "0 dB",
    "target_1": "90 dB",
    "due_1": "2030-01-01",
}


def in_days(days: int) -> str:
    return (business_date() + timedelta(days=days)).isoformat()


@dataclass
class Deed:
    """One page that writes: who may, who may not, where, what is typed, and how one sees that it was done once."""

    name: str
    by: str
    outsider: str
    prepare: Callable[[Cast], Any]
    url: Callable[[Cast, Any], str]
    done: Callable[[Cast, Any], int]
    data: Callable[[Cast, Any], dict[str, Any]] = field(default=lambda cast, thing: {})
    has_page: bool = False
    again: int = 1
    """How often it is done after a second try."""
    refused_again: bool = True
    """Whether the second try is refused."""


def me(cast: Cast, _thing: Any = None) -> str:
    return f"/microenterprises/{cast.cold_chain.pk}/"


DEEDS = [
    Deed(
        "open a seat of an ME",
        "amara",
        "mei",
        lambda cast: None,
        lambda cast, _: me(cast) + "seats/new/",
        lambda cast, _: Seat.objects.filter(microenterprise=cast.cold_chain).count(),
        lambda cast, _: SEAT_TYPED,
        has_page=True,
        again=2,
        refused_again=False,
    ),
    Deed(
        "open a seat of an idea",
        "sol",
        "hua",
        published,
        lambda cast, idea: f"/ideas/{idea.pk}/seats/new/",
        lambda cast, idea: idea.seats.count(),
        lambda cast, _: SEAT_TYPED,
        has_page=True,
        again=2,
        refused_again=False,
    ),
    Deed(
        "withdraw a seat",
        "amara",
        "hua",
        open_seat,
        lambda cast, seat: f"/seats/{seat.pk}/withdraw/",
        lambda cast, seat: Seat.objects.filter(status="withdrawn").count(),
    ),
    Deed(
        "invite to a seat",
        "hua",
        "teo",
        open_seat,
        lambda cast, seat: f"/seats/{seat.pk}/invite/?q=sol",
        lambda cast, seat: seat.invitations.count(),
        lambda cast, _: {"person": str(cast.sol.pk), "message": "Come and drive."},
        has_page=True,
    ),
    Deed(
        "take an invitation back",
        "hua",
        "",
        lambda cast: invitations.invite(seat=open_seat(cast), person=cast.sol, by=cast.hua),
        lambda cast, found: f"/invitations/{found.pk}/withdraw/",
        lambda cast, found: Invitation.objects.filter(status="withdrawn").count(),
    ),
    Deed(
        "record a receipt",
        "fay",
        "amara",
        lambda cast: None,
        lambda cast, _: me(cast) + "money/",
        lambda cast, _: MoneyRecord.objects.filter(document="INV-7").count(),
        lambda cast, _: {
            "kind": "receipt",
            "amount": "1,234.50",
            "counterparty": "Hotel",
            "document": "INV-7",
            "dated": in_days(0),
        },
        has_page=True,
    ),
    Deed(
        "reverse a record",
        "fay",
        "amara",
        receipt,
        lambda cast, record: f"{me(cast)}money/{record.pk}/reverse/",
        lambda cast, record: MoneyRecord.objects.filter(reversed_at__isnull=False).count(),
        lambda cast, _: {"reason": "Wrong amount"},
    ),
    Deed(
        "fund a platform",
        "fay",
        "amara",
        lambda cast: None,
        lambda cast, _: f"/platforms/{cast.platform.pk}/",
        lambda cast, _: int(balance(cast.platform.entity_id, Kind.WALLET) == 100_000),
        lambda cast, _: {"amount": "1000", "document": "D-9", "dated": in_days(0)},
        has_page=True,
    ),
    Deed(
        "propose share terms",
        "mei",
        "teo",
        lambda cast: None,
        lambda cast, _: me(cast) + "terms/new/",
        lambda cast, _: ShareTerms.objects.filter(microenterprise=cast.cold_chain, version__gt=1).count(),
        lambda cast, _: {**TERMS_TYPED, "effective_from": in_days(20)},
        has_page=True,
    ),
    Deed(
        "vote",
        "mei",
        "teo",
        lambda cast: proposed(cast.cold_chain, cast.amara),
        lambda cast, ballot: f"{me(cast)}ballots/{ballot.pk}/vote/",
        lambda cast, ballot: Vote.objects.filter(ballot=ballot, person=cast.mei).count(),
        lambda cast, _: {"agrees": "yes"},
    ),
    Deed(
        "take a proposal back",
        "amara",
        "mei",
        lambda cast: proposed(cast.cold_chain, cast.amara),
        lambda cast, ballot: f"{me(cast)}ballots/{ballot.pk}/withdraw/",
        lambda cast, ballot: Ballot.objects.filter(status="failed").count(),
    ),
    Deed(
        "change a member's conditions",
        "amara",
        "mei",
        member,
        lambda cast, place: f"{me(cast)}members/{place.pk}/",
        lambda cast, place: Membership.objects.filter(person=cast.mei, weight=15).count(),
        lambda cast, _: {**SEAT_TYPED, "weight": "15", "on": in_days(3)},
        has_page=True,
    ),
    Deed(
        "hand over the lead",
        "amara",
        "mei",
        member,
        lambda cast, place: f"{me(cast)}members/{place.pk}/lead/",
        lambda cast, place: Membership.objects.filter(person=cast.mei, is_lead=True).count(),
        lambda cast, _: {"on": in_days(3)},
    ),
    Deed(
        "leave",
        "mei",
        "teo",
        member,
        lambda cast, place: f"{me(cast)}members/{place.pk}/leave/",
        lambda cast, place: Membership.objects.filter(person=cast.mei, ended_on__isnull=False).count(),
        lambda cast, _: {"on": in_days(0)},
    ),
    Deed(
        "write down an idea",
        "sol",
        "rui",
        lambda cast: None,
        lambda cast, _: "/ideas/new/",
        lambda cast, _: Idea.objects.count(),
        lambda cast, _: {**IDEA_TYPED, "platform": str(cast.platform.pk)},
        has_page=True,
        again=2,
        refused_again=False,
    ),
    Deed(
        "publish an idea",
        "sol",
        "",
        draft,
        lambda cast, idea: f"/ideas/{idea.pk}/publish/",
        lambda cast, idea: Idea.objects.filter(status="published").count(),
    ),
    Deed(
        "edit a draft",
        "sol",
        "",
        draft,
        lambda cast, idea: f"/ideas/{idea.pk}/edit/",
        lambda cast, idea: Idea.objects.filter(title="Loud Fridge").count(),
        lambda cast, _: {**IDEA_TYPED, "platform": str(cast.platform.pk)},
        has_page=True,
        refused_again=False,
    ),
    Deed(
        "withdraw an idea",
        "sol",
        "hua",
        ready,
        lambda cast, idea: f"/ideas/{idea.pk}/withdraw/",
        lambda cast, idea: Idea.objects.filter(status="withdrawn").count(),
        lambda cast, _: {"reason": "No compressor"},
    ),
    Deed(
        "pledge",
        "hua",
        "rui",
        published,
        lambda cast, idea: f"/ideas/{idea.pk}/pledge/",
        lambda cast, idea: idea.pledges.count(),
        lambda cast, _: {"amount": "50", "source": "own"},
        has_page=True,
        again=2,
        refused_again=False,
    ),
    Deed(
        "take a pledge back",
        "hua",
        "sol",
        lambda cast: paid_in(cast, published(cast), 5, cast.hua),
        lambda cast, pledge: f"/pledges/{pledge.pk}/refund/",
        lambda cast, pledge: Pledge.objects.filter(status="refunded").count(),
    ),
    Deed(
        "record that a pledge came in",
        "fay",
        "hua",
        lambda cast: pledges.pledge(idea=published(cast), amount_minor=5, by=cast.hua),
        lambda cast, pledge: f"/pledges/{pledge.pk}/receive/",
        lambda cast, pledge: Pledge.objects.filter(status="held").count(),
        lambda cast, _: {"document": "TR 9", "dated": str(business_date())},
        has_page=True,
    ),
    Deed(
        "launch",
        "sol",
        "hua",
        ready,
        lambda cast, idea: f"/ideas/{idea.pk}/launch/",
        lambda cast, idea: Microenterprise.objects.filter(name="Quieter").count(),
        lambda cast, idea: {
            **TERMS_TYPED,
            "name": "Quieter",
            "purpose": "Quiet nights",
            "lead_role": "Leader",
            "lead_outcome": "Sleep",
            "lead_weight": "20",
            "lead_track": "entrepreneur",
            "lead_pay": "0",
        },
        has_page=True,
    ),
]
BY_NAME = pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.name)


@BY_NAME
def test_it_works_and_twice_is_once(cast: Cast, deed: Deed) -> None:
    thing = deed.prepare(cast)
    client, url, data = signed_in(getattr(cast, deed.by)), deed.url(cast, thing), deed.data(cast, thing)
    first = client.post(url, data)
    assert first.status_code == 303, first.content.decode()[-3000:]
    assert deed.done(cast, thing) == 1
    second = client.post(url, data)
    assert second.status_code in ((403, 409, 422) if deed.refused_again else (303,))
    assert deed.done(cast, thing) == deed.again


@BY_NAME
def test_get_changes_nothing(cast: Cast, deed: Deed) -> None:
    thing = deed.prepare(cast)
    before = deed.done(cast, thing)
    response = signed_in(getattr(cast, deed.by)).get(deed.url(cast, thing))
    assert response.status_code == (200 if deed.has_page else 405)
    assert deed.done(cast, thing) == before


@BY_NAME
def test_a_colleague_without_the_right_is_told_why(cast: Cast, deed: Deed) -> None:
    if not deed.outsider:
        return
    thing = deed.prepare(cast)
    client, url, data = signed_in(getattr(cast, deed.outsider)), deed.url(cast, thing), deed.data(cast, thing)
    refused = client.post(url, data)
    assert refused.status_code == 403
    assert "data-refusal" in refused.content.decode()
    assert deed.done(cast, thing) == 0


@BY_NAME
def test_a_vendor_and_a_wrong_address_are_the_same_404(cast: Cast, deed: Deed) -> None:
    thing = deed.prepare(cast)
    url, data = deed.url(cast, thing), deed.data(cast, thing)
    before = deed.done(cast, thing)
    vendor = signed_in(person("Vic", "vendor")).post(url, data)
    assert vendor.status_code == 404
    if not url.startswith("/ideas/new"):
        nowhere = url.replace(str(_first_id(url)), "00000000-0000-4000-8000-000000000000")
        missing = signed_in(getattr(cast, deed.by)).post(nowhere, data)
        assert missing.status_code == 404
    assert deed.done(cast, thing) == before


def _first_id(url: str) -> UUID:
    return next(UUID(part) for part in url.split("/") if len(part) == 36)


@BY_NAME
def test_the_auditor_changes_nothing(cast: Cast, deed: Deed) -> None:
    thing = deed.prepare(cast)
    before = deed.done(cast, thing)
    refused = signed_in(cast.rui).post(deed.url(cast, thing), deed.data(cast, thing))
    assert refused.status_code in (403, 404)  # a draft is absent for everybody but its owner
    assert deed.done(cast, thing) == before


# --- What is shown ----------------------------------------------------------------------------------------------------


def test_pay_and_money_are_for_those_inside(cast: Cast) -> None:
    firms.change(membership=member(cast), on=business_date() + timedelta(days=1), pay_minor=765_400, by=cast.amara)
    move_forward(timedelta(days=1))
    url = me(cast)
    for insider in (cast.amara, cast.mei, cast.fay, cast.rui):
        page = signed_in(insider).get(url).content.decode()
        assert "7,654.00" in page
        assert "100,000.00" in page
    hua = signed_in(cast.hua).get(url).content.decode()
    assert "7,654.00" in hua
    assert "100,000.00" not in hua
    teo = signed_in(cast.teo).get(url).content.decode()
    assert "7,654.00" not in teo
    assert "100,000.00" not in teo
    assert "Deliveries arrive cold." in teo
    assert signed_in(cast.teo).get(url + "books/").status_code == 403
    assert signed_in(cast.teo).get(f"{url}members/{member_now(cast).pk}/").status_code == 403


def member_now(cast: Cast) -> Membership:
    return Membership.objects.active(business_date()).get(person=cast.mei)


def test_a_draft_is_absent_for_everybody_but_its_owner(cast: Cast) -> None:
    idea = draft(cast)
    assert signed_in(cast.sol).get(f"/ideas/{idea.pk}/").status_code == 200
    for somebody in (cast.hua, cast.rui, cast.fay, cast.amara):
        client = signed_in(somebody)
        assert client.get(f"/ideas/{idea.pk}/").status_code == 404
        assert idea.title not in client.get("/ideas/").content.decode()
        assert client.post(f"/ideas/{idea.pk}/publish/").status_code == 404


def test_a_form_that_is_refused_keeps_what_was_typed(cast: Cast) -> None:
    url = me(cast) + "terms/new/"
    typed = {**TERMS_TYPED, "rate_2": "", "effective_from": in_days(20)}
    refused = signed_in(cast.mei).post(url, typed)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "Say what holds above" in page
    assert 'value="1000"' in page
    assert 'aria-invalid="true"' in page


def test_the_example_answers_while_one_types(cast: Cast) -> None:
    typed = {**TERMS_TYPED, "plan": "2000"}
    fragment = signed_in(cast.mei).post(
        me(cast) + "terms/new/", typed, headers={"HX-Request": "true", "HX-Target": "preview"}
    )
    page = fragment.content.decode()
    assert fragment.status_code == 200
    assert "<html" not in page
    assert "700.00" in page  # 30 % of 1,000 and 40 % of the next 1,000
    assert not ShareTerms.objects.filter(microenterprise=cast.cold_chain, version=2).exists()


def test_every_member_sees_what_they_would_get_beside_the_terms_in_force(cast: Cast) -> None:
    """2,000.00 share 600.00 under the terms in force and 700.00 under the proposed; Mei carries 10 of 30 weights."""
    typed = {**TERMS_TYPED, "plan": "2000"}
    answer = signed_in(cast.mei).post(
        me(cast) + "terms/new/", typed, headers={"HX-Request": "true", "HX-Target": "preview"}
    )
    page = " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())
    assert "Mei you 10" in page
    assert "233.33 now 200.00" in page
    assert "466.66 now 400.00" in page
    assert "What I would get CN¥180.00 CN¥233.33 CN¥286.66" in page  # under the proposed terms
    assert "What I would get CN¥160.00 CN¥200.00 CN¥240.00" in page  # under the terms in force


def test_the_preview_of_a_receipt_is_what_is_posted(cast: Cast) -> None:
    typed = {"kind": "receipt", "amount": "1234.5", "counterparty": "Hotel", "document": "A", "dated": in_days(0)}
    fragment = signed_in(cast.fay).post(
        me(cast) + "money/", typed, headers={"HX-Request": "true", "HX-Target": "preview"}
    )
    page = fragment.content.decode()
    assert page.count("1,234.50") == 2
    assert "income from outside" in page
    assert not MoneyRecord.objects.filter(document="A").exists()


def test_without_javascript_the_button_shows_the_same_preview(cast: Cast) -> None:
    typed = {**TERMS_TYPED, "plan": "2000", "effective_from": in_days(9), "preview": "1"}
    page = signed_in(cast.mei).post(me(cast) + "terms/new/", typed).content.decode()
    assert "700.00" in page
    assert not ShareTerms.objects.filter(microenterprise=cast.cold_chain, version=2).exists()


def test_the_filters_of_the_list_are_chips_and_its_address_is_the_state(cast: Cast) -> None:
    open_seat(cast)
    client = signed_in(cast.sol)
    page = client.get("/microenterprises/?q=cold&kind=user&seats=on").content.decode()
    assert "1 result" in page
    assert "Cold Chain" in page
    assert page.count('class="chip"') == 3
    nothing = client.get("/microenterprises/?q=cold&kind=node").content.decode()
    assert "Nothing fits these filters together" in nothing
    fragment = client.get("/microenterprises/?q=cold", headers={"HX-Request": "true", "HX-Target": "results"})
    assert "<html" not in fragment.content.decode()


def test_the_books_read_like_a_banks_and_page_by_page(cast: Cast) -> None:
    for number in range(30):
        record_receipt(microenterprise=cast.cold_chain, amount_minor=100, document=paper(f"N-{number}"), by=cast.fay)
    client, url = signed_in(cast.mei), me(cast) + "books/"
    first = client.get(url).content.decode()
    assert first.count("Hotel, N-") == 25
    older = first.split("cursor=")[1].split('"')[0]
    second = client.get(f"{url}?account=wallet&cursor={older}").content.decode()
    assert second.count("Hotel, N-") == 5
    assert "100,000.00" in second
    assert client.get(url + "?account=nothing").status_code == 404
    assert client.get(url + "?cursor=rubbish").status_code == 200


def test_the_checklist_says_what_is_missing(cast: Cast) -> None:
    idea = published(cast)
    page = signed_in(cast.sol).get(f"/ideas/{idea.pk}/").content.decode()
    assert "0 of 2 seats are filled." in page
    assert "is still to be pledged." in page


def test_more_than_one_person_may_pledge_is_refused_beside_the_amount(cast: Cast) -> None:
    page = f"/ideas/{published(cast).pk}/pledge/"
    client = signed_in(cast.hua)
    assert "Of your own money at most CN¥1,000,000.00 to one idea." in client.get(page).content.decode()
    refused = client.post(page, {"amount": "1,000,000.01", "source": "own"})
    assert refused.status_code == 422
    assert "Pledge less, or from the wallet of an ME you lead." in refused.content.decode()
    assert not Pledge.objects.exists()


# --- What a page costs ------------------------------------------------------------------------------------------------


def grow(cast: Cast, times: int) -> None:
    """More of everything that a page of this room lists."""
    for number in range(times):
        somebody = person(f"Grow{number}{times}")
        seat = open_seat(cast)
        invitations.ask(seat=seat, by=cast.sol)
        idea = ideas.publish(idea=draft(cast), by=cast.sol)
        paid_in(cast, idea, 10, somebody)
        pledges.pledge(idea=idea, amount_minor=10, by=somebody)
        seat_for(idea, somebody)
        record_receipt(
            microenterprise=cast.cold_chain, amount_minor=10, document=paper(f"G-{number}-{times}"), by=cast.fay
        )
        firms.join(
            microenterprise=cast.cold_chain,
            person=somebody,
            role="Packer",
            customer_outcome="Cold",
            on=business_date(),
            by=cast.amara,
        )


def test_pages_cost_the_same_with_three_times_as_much_on_them(cast: Cast) -> None:
    idea = ready(cast)
    grow(cast, 2)
    pages = [
        (cast.amara, me(cast)),
        (cast.mei, me(cast)),
        (cast.fay, me(cast) + "money/"),
        (cast.mei, me(cast) + "books/"),
        (cast.mei, me(cast) + "terms/"),
        (cast.teo, "/microenterprises/"),
        (cast.teo, f"/microenterprises/?seats=on&platform={cast.platform.pk}"),
        (cast.teo, "/ideas/"),
        (cast.sol, f"/ideas/{idea.pk}/"),
        (cast.hua, "/admin/microenterprises/microenterprise/"),
        (cast.hua, "/admin/microenterprises/membership/"),
    ]
    before = [statements(user, url) for user, url in pages]
    grow(cast, 6)
    seat_for(idea, cast.ada, "More")
    after = [statements(user, url) for user, url in pages]
    assert before == after
    assert max(after) <= STATEMENTS


def test_a_ballot_page_costs_no_more_when_one_votes(cast: Cast) -> None:
    ballot = proposed(cast.cold_chain, cast.amara)
    client = signed_in(cast.mei)
    assert statements(cast.mei, me(cast) + "terms/") <= STATEMENTS
    assert statements(cast.mei, me(cast)) <= STATEMENTS
    terms.vote(ballot=ballot, agrees=True, by=cast.mei)
    page = client.get(me(cast) + "terms/").content.decode()
    assert "You agreed. A vote stands." in page


def test_launched_and_invested_the_wallet_is_shown(cast: Cast) -> None:
    firm = ideas.launch(idea=ready(cast), terms=TERMS, by=cast.sol)
    invest(firm, cast.platform, 500_000)
    page = signed_in(cast.mei).get(f"/microenterprises/{firm.pk}/").content.decode()
    assert "15,000.00" in page
