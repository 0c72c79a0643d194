"""Outside vendors: a link that works once, the same words as everybody, their own things and nothing else."""

from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from rest_framework.authtoken.models import Token

from contracts.actions import (
    bids,
    projects,
    questions,
    vendors,
)
from contracts.actions.amendments import amend
from contracts.actions.vendors import DeadLink, NewVendor
from contracts.bidders import speakers
from contracts.models import (
    Bid,
    InvitedVendor,
    Project,
    Vendor,
    VendorInvitation,
    VendorSeat,
)
from contracts.proofs import everything
from contracts.sealing import bidder_token
from contracts.versions import words_of
from core.clock import business_date, move_forward
from core.errors import Conflict, Denied, Invalid, InvalidTransition
from core.models import AuditRecord
from haier_market.doors import OPEN_TO_VENDORS, SIGN_IN
from people import actions as people_actions
from people.models import User
from tests.cast import PASSWORD, Cast, cast
from tests.contracts.market import a_draft, bids_on, drafted, opened, published
from tests.contracts.outsiders import ADDRESS, NORDFROST, as_, invited, mailed, seated, told, vendor_of
from tests.secrecy.worlds import routes
from tests.test_house import filled

__all__ = ["cast"]

pytestmark = pytest.mark.django_db

SECRET = f"{PASSWORD}-outside"


# ------------------------------------------------------------------ the invitation


def test_vera_accepts_the_link_of_lins_mail_and_sees_her_project_alone(cast: Cast) -> None:
    other = published(cast, title="Not for outsiders")
    project = invited(cast)
    (token,) = mailed(project)
    url = reverse("vendor_invitation", args=[token])
    stranger = Client()
    assert "Nordfrost AB" in stranger.get(url).content.decode()
    weak = stranger.post(url, {"name": "Vera Berg", "password": "short"})
    assert weak.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not VendorSeat.objects.exists()
    accepted = stranger.post(url, {"name": "Vera Berg", "password": SECRET})
    assert (accepted.status_code, accepted["Location"]) == (303, reverse("project_detail", args=[project.pk]))
    vera = User.objects.get(email=ADDRESS)
    assert (vera.roles, vera.check_password(SECRET), vera.vendor_seat.vendor.name) == (["vendor"], True, "Nordfrost AB")
    home = stranger.get("/").content.decode()
    assert project.title in home
    assert other.title not in home
    assert stranger.get(accepted["Location"]).status_code == HTTPStatus.OK
    assert stranger.get(reverse("project_detail", args=[other.pk])).status_code == HTTPStatus.NOT_FOUND


def test_a_wrong_a_used_and_an_old_link_say_the_same(cast: Cast) -> None:
    project = drafted(cast)
    vendors.invite(project=project, vendor=NORDFROST, email=ADDRESS, by=cast.lin)
    vendors.invite(project=project, vendor=NewVendor("Sudwind", "DE"), email="otto@sudwind.example", by=cast.lin)
    used, old = mailed(projects.publish(project=project, by=cast.lin))
    vendors.accept(token=used, name="Vera Berg", password=SECRET)
    assert Client().get(reverse("vendor_invitation", args=[old])).status_code == HTTPStatus.OK
    move_forward(timedelta(days=15))
    pages = [Client().get(reverse("vendor_invitation", args=[token])) for token in ("wrong", used, old)]
    assert {page.status_code for page in pages} == {HTTPStatus.NOT_FOUND}
    sentences = {page.content.decode().split("data-refusal>")[1].split("<")[0] for page in pages}
    assert len(sentences) == 1
    for token in ("wrong", used, old):
        with pytest.raises(DeadLink):
            vendors.accept(token=token, name="Vera Berg", password=SECRET)
    assert VendorSeat.objects.count() == 1


def test_nothing_goes_out_before_the_publication_and_the_token_is_stored_nowhere(cast: Cast) -> None:
    project = drafted(cast)
    vendors.invite(project=project, vendor=NORDFROST, email=ADDRESS, by=cast.lin)
    assert mailed(project) == []
    as_(cast.lin).post(reverse("project_publish", args=[project.pk]))
    (token,) = mailed(project)
    kept = VendorInvitation.objects.get()
    assert token not in str(vars(kept))
    assert kept.expires_at is not None
    assert kept.sent_at is not None
    assert kept.expires_at - kept.sent_at == timedelta(days=14)
    assert mailed(project) == []


def test_lin_invites_by_the_page_and_only_while_it_is_a_draft(cast: Cast) -> None:
    project = drafted(cast)
    url = reverse("project_vendors", args=[project.pk])
    lin = as_(cast.lin)
    wrong = lin.post(url, {"name": "", "country": "SE", "email": ADDRESS})
    assert (wrong.status_code, "Name the firm" in wrong.content.decode()) == (422, True)
    colleague = lin.post(url, {"name": "Inside", "country": "SE", "email": cast.teo.email})
    assert (colleague.status_code, "People of the company" in colleague.content.decode()) == (422, True)
    alias = lin.post(url, {"name": "Inside", "country": "SE", "email": "Someone.Else@Haier.Example"})
    assert "write to an address of the vendor" in alias.content.decode()
    assert lin.post(url, {"name": "Nordfrost AB", "country": "SE", "email": ADDRESS}).status_code == 303
    assert ADDRESS in lin.get(url).content.decode()
    vendor = Vendor.objects.get()
    again = lin.post(url, {"name": "nordfrost  ab", "country": "SE", "email": ADDRESS})
    assert (again.status_code, Vendor.objects.count()) == (422, 1)
    assert as_(cast.noor).get(url).status_code == HTTPStatus.FORBIDDEN
    assert as_(cast.teo).get(url).status_code == HTTPStatus.NOT_FOUND
    assert lin.post(reverse("vendor_take_off", args=[project.pk, vendor.pk])).status_code == 303
    assert not InvitedVendor.objects.exists()
    lin.post(url, {"known": vendor.pk, "email": ADDRESS})
    lin.post(reverse("project_publish", args=[project.pk]))
    assert "Nordfrost AB" in as_(cast.teo).get(reverse("project_detail", args=[project.pk])).content.decode()
    for late in (
        lambda: vendors.invite(project=project, vendor=NewVendor("Late Oy", "FI"), email="a@late.example", by=cast.lin),
        lambda: vendors.take_off(project=project, vendor=vendor, by=cast.lin),
    ):
        with pytest.raises(InvalidTransition, match="same moment"):
            late()
    sent = lin.post(reverse("vendor_send", args=[project.pk, vendor.pk]), {"email": ADDRESS})
    assert (sent.status_code, len(mailed(project))) == (303, 2)
    with pytest.raises(IntegrityError, match="settled at publication"), transaction.atomic():
        InvitedVendor.objects.all().delete()


def test_who_signs_in_already_is_told_by_a_notice_and_needs_no_link(cast: Cast) -> None:
    vera = seated(invited(cast, title="First"))
    second = invited(cast, firm=NORDFROST, email="", title="Second")
    assert told(vera)[-1] == "You are invited to bid on “Second”."
    assert mailed(second) == []
    assert set(Project.objects.visible_to(vera).values_list("title", flat=True)) == {"First", "Second"}
    third = drafted(cast, title="Third")
    with pytest.raises(Invalid, match="Nordfrost"):
        vendors.invite(project=third, vendor=NewVendor("Other AB", "SE"), email=ADDRESS, by=cast.lin)


def test_a_known_vendor_is_written_to_by_its_own_addresses_alone(cast: Cast) -> None:
    words = a_draft(cast, acceptor=cast.mei, ceiling_minor=1_000_00)
    drawer = projects.create_draft(buyer=cast.cold_chain, draft=words, by=cast.amara)
    vendors.invite(project=drawer, vendor=NORDFROST, email="amara.private@mail.example", by=cast.amara)
    second = drafted(cast, title="Second")
    known = Vendor.objects.known_to(second)
    assert not known.exists()
    project = invited(cast)
    assert [row.email for row in project.vendor_invitations.all()] == [ADDRESS]
    assert known.get().name == "Nordfrost AB"
    spy, said = "lin.private@mail.example", set()

    def refused() -> None:
        for act in (
            lambda: vendors.send_again(project=project, vendor=Vendor.objects.get(), email=spy, by=cast.lin),
            lambda: vendors.invite(project=second, vendor=Vendor.objects.get(), email=spy, by=cast.lin),
            lambda: vendors.invite(project=second, vendor=NORDFROST, email=spy, by=cast.lin),
        ):
            with pytest.raises(Invalid, match="is known by") as caught:
                act()
            said.add(str(caught.value.sentence))

    refused()
    vera = seated(project)
    refused()
    assert len(said) == 1
    bid = bids_on(project, vendor_of(vera), vera)
    drawer = projects.publish(project=drawer, by=cast.amara)
    assert [row.email for row in drawer.vendor_invitations.all()] == [ADDRESS]
    assert mailed(drawer) == []
    for reader, shown, sees in ((cast.amara, drawer, False), (cast.lin, project, True)):
        page = as_(reader).get(reverse("project_vendors", args=[shown.pk])).content.decode()
        assert (ADDRESS in page, "private" in page) == (sees, False)
    assert bids.read_own_bid(bid=bid, by=vera).vendor == str(vendor_of(vera).pk)


# ------------------------------------------------------------------ nothing else


def test_every_other_address_is_a_404_for_vera(cast: Cast) -> None:
    vera = as_(seated(invited(cast)))
    found = {}
    for route in routes():
        name = route.name or ""
        if name in OPEN_TO_VENDORS or name.startswith(SIGN_IN):
            continue
        response = vera.get("/" + filled(route.pattern))
        if response.status_code not in (404, 405):
            found[route.pattern] = response.status_code
    assert found == {}


def test_her_token_opens_no_api(cast: Cast) -> None:
    vera = seated(invited(cast))
    token = Token.objects.create(user=vera)
    for address in ("/api/v1/projects/", "/api/v1/bids/", "/api/v1/contracts/", "/api/v1/ocds/releases/", "/api/"):
        answer = Client().get(address, headers={"Authorization": f"Token {token.key}"})
        assert answer.status_code in (302, 404), address


def test_her_pages_name_nobody_inside_but_the_buyer_and_no_other_bidder(cast: Cast) -> None:
    project = invited(cast, title="Cold boxes")
    vera = seated(project)
    bids_on(project, cast.cold_chain, cast.amara, 80_000_00)
    bids_on(project, vendor_of(vera), vera, 70_000_00)
    question = questions.ask(project=project, text="How many boxes?", by=cast.amara)
    questions.answer(question=question, text="Forty.", by=cast.noor)
    amend(project=project, words=replace(words_of(project), need="Colder boxes."), reason="Summer.", by=cast.lin)
    client, pages = as_(vera), []
    for name in ("project_detail", "question_list", "bid_submit"):
        pages.append(client.get(reverse(name, args=[project.pk])).content.decode())
    assert client.post(reverse("bid_confirm", args=[project.pk]), {"seen": "2"}).status_code == 303
    rival = Bid.objects.exclude(bidder_token=bidder_token(project.pk, vendor_of(vera).pk)).get()
    bids.confirm(bid=rival, seen=2, by=cast.amara)
    opened(project)
    pages.append(client.get(reverse("project_detail", args=[project.pk])).content.decode())
    for text in pages:
        assert "Blue Kettle" in text
        for name in ("Lin", "Noor", "Amara", "Teo", "Cold Chain", "80,000"):
            assert f">{name}" not in text
            assert f" {name} " not in text
    assert "Forty." in pages[1]
    rival = Bid.objects.get(microenterprise=cast.cold_chain)
    for name in ("bid_receipt", "bid_price"):
        assert client.get(reverse(name, args=[project.pk, rival.pk])).status_code == HTTPStatus.NOT_FOUND
    assert set(Bid.objects.visible_to(vera)) == {Bid.objects.get(vendor__isnull=False)}


def test_that_a_link_was_used_is_told_to_hua_alone_until_the_opening(cast: Cast) -> None:
    project, other = invited(cast), drafted(cast, title="Other")
    (token,) = mailed(project)
    probe = {"name": "Probe", "country": "SE", "email": ADDRESS}

    def answers() -> list[object]:
        with pytest.raises(Invalid) as caught:
            vendors.invite(project=other, vendor=NewVendor("Probe", "SE"), email=ADDRESS, by=cast.lin)
        page = as_(cast.lin).post(reverse("project_vendors", args=[other.pk]), probe)
        return [str(caught.value.sentence), page.status_code]

    before = answers()
    vera = vendors.accept(token=token, name="Vera Berg", password=SECRET)
    assert answers() == before
    people = reverse("admin:people_user_changelist") + "?q=vera"
    for reader, sees in ((cast.rui, False), (cast.ada, False), (cast.hua, True)):
        assert ("Vera Berg" in as_(reader).get(people).content.decode()) is sees
        one = as_(reader).get(reverse("admin:people_user_change", args=[vera.pk]))
        assert (one.status_code == HTTPStatus.OK) is sees
    trail = AuditRecord.objects.filter(deed="vendor.seated")
    assert not AuditRecord.objects.filter(actor_id=str(vera.pk)).exists()
    assert not trail.exists()
    bids_on(project, cast.cold_chain, cast.amara)
    opened(project)
    assert trail.get().facts["name"] == "Nordfrost AB"
    assert all(proof.holds for proof in everything())


def test_hua_brings_nobody_with_a_seat_inside_and_no_member_outside(cast: Cast) -> None:
    project = invited(cast)
    vera = seated(project)
    bid = bids_on(project, vendor_of(vera), vera)
    hua = as_(cast.hua)
    for person, roles, status in ((vera, [], 409), (cast.teo, ["vendor"], 409), (vera, ["vendor", "steward"], 200)):
        typed = {"name": person.name, "email": person.email, "is_active": "on", "roles": roles}
        answer = hua.post(reverse("admin:people_user_change", args=[person.pk]), typed)
        assert answer.status_code == status
        assert ("stays outside" if status == 409 else "no other role") in answer.content.decode()
    vera.is_active = False
    with pytest.raises(Denied):
        bids.read_own_bid(bid=bid, by=vera)
    with pytest.raises(IntegrityError, match="outside or inside"), transaction.atomic():
        User.objects.filter(pk=vera.pk).update(roles=[])
    people_actions.correct(person=vera, changes={"is_active": False}, by=cast.hua)
    assert speakers([vendor_of(vera)], business_date()) == []


# ------------------------------------------------------------------ the same words, the same moment


def test_vera_hears_of_answers_and_changes_when_everybody_does(cast: Cast) -> None:
    project = invited(cast)
    vera = seated(project)
    asked = as_(vera).post(reverse("question_list", args=[project.pk]), {"text": "How many boxes?"})
    assert asked.status_code == 303
    question = project.questions.get()
    assert not AuditRecord.objects.filter(actor_id=str(vera.pk), deed="question.asked").exists()
    questions.answer(question=question, text="Forty.", by=cast.noor)
    amend(project=project, words=replace(words_of(project), need="Colder boxes."), reason="Summer.", by=cast.lin)
    assert told(vera) == [
        f"A question about “{project.title}” was answered.",
        f"“{project.title}” was changed. Read what is different.",
    ]


def test_vera_bids_revises_withdraws_and_nobody_learns_of_it(cast: Cast) -> None:
    project = invited(cast)
    vera = seated(project)
    client, url = as_(vera), reverse("bid_submit", args=[project.pk])
    form = client.get(url).content.decode()
    assert "What you would get" not in form
    assert client.post(url, {"price": "70000", "days": "20", "plan": "Ice.", "seen": "1"}).status_code == 303
    assert "70,000" in client.get(url).content.decode()
    assert client.post(url, {"price": "69000", "days": "20", "plan": "Ice.", "seen": "1"}).status_code == 303
    row = Bid.objects.get()
    assert (row.vendor, row.microenterprise, row.author, row.price_minor, row.revision) == (None, None, None, None, 2)
    for reader in (cast.lin, cast.rui, cast.teo):
        assert "69,000" not in as_(reader).get(reverse("project_detail", args=[project.pk])).content.decode()
        with pytest.raises(Denied):
            bids.read_own_bid(bid=row, by=reader)
    with pytest.raises(Conflict, match="one bid"), transaction.atomic():
        bids_on(project, vendor_of(vera), vera)
    assert client.post(reverse("bid_withdraw", args=[project.pk]))["Location"] == "/"
    assert Bid.objects.get().status == Bid.Status.WITHDRAWN


def test_a_vendor_that_is_not_invited_and_a_colleague_of_none_cannot_bid_for_it(cast: Cast) -> None:
    project = invited(cast)
    vera = seated(project)
    elsewhere = published(cast, title="Elsewhere")
    with pytest.raises(Denied, match="has not invited"):
        bids_on(elsewhere, vendor_of(vera), vera)
    with pytest.raises(Denied, match="Only who signs in"):
        bids_on(project, vendor_of(vera), cast.amara)
    with pytest.raises(Denied, match="Only the leader"):
        bids_on(project, cast.cold_chain, vera)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("cold  CHAIN", "named Cold Chain already"),
        ("Nordfr\u043est AB", "look alike"),
        ("Nord\u200bfrost", "cannot be seen"),
    ],
)
def test_no_vendor_has_a_name_that_reads_like_anothers(cast: Cast, name: str, says: str) -> None:
    project = drafted(cast)
    with pytest.raises((Invalid, Conflict), match=says) as refused:
        vendors.invite(project=project, vendor=NewVendor(name, "SE"), email="x@other.example", by=cast.lin)
    assert refused.value.field == "name"


def test_a_vendor_is_one_however_its_name_is_typed(cast: Cast) -> None:
    for number, name in enumerate(("Nordfrost AB", "\uff2eordfrost\u00a0AB")):
        project = drafted(cast, title=f"Boxes {number}")
        email = "" if number else "vera@nordfrost.example"
        vendors.invite(project=project, vendor=NewVendor(name, "SE"), email=email, by=cast.lin)
    assert Vendor.objects.get().name == "Nordfrost AB"
