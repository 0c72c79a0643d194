"""The people of a known vendor: nobody alone seats a stranger, and a mistyped address is mended without a hint."""

import re
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from contracts.actions import awards, bids, contracts, questions, vendor_mails, vendor_people, vendors
from contracts.actions.vendors import DeadLink
from contracts.models import Bid, Contract, FurtherColleague, Project, Vendor, VendorInvitation, VendorSeat
from core.clock import market_now, move_forward
from core.errors import Conflict, Denied, DomainError, Invalid, InvalidTransition
from core.models import AuditRecord
from people import actions as people_actions
from people.models import User
from tests.cast import PASSWORD, Cast, cast
from tests.contracts import scenes
from tests.contracts.market import bids_on, drafted, opened
from tests.contracts.outsiders import ADDRESS, as_, invited, mailed, seated, told, vendor_of
from tests.contracts.test_decisions import chosen
from tests.statements import statements

__all__ = ["cast"]

pytestmark = pytest.mark.django_db

SPY = "spy@elsewhere.example"
ERIK = "erik@nordfrost.example"
WHY = "Vera named him on the phone."
SECRET = f"{PASSWORD}-outside"


def links_to(email: str) -> list[str]:
    """Send what waits; the tokens of the mails to one address."""
    mail.outbox.clear()
    for pk in VendorInvitation.objects.filter(sent_at=None).values_list("pk", flat=True):
        vendor_mails.send(str(pk))
    found = (re.search(r"/vendors/invitations/([\w-]+)/", str(one.body)) for one in mail.outbox if one.to == [email])
    return [match[1] for match in found if match]


def test_no_single_person_seats_a_spy_beside_veras_sealed_bid(cast: Cast) -> None:
    project = invited(cast)
    vera = seated(project)
    firm = vendor_of(vera)
    bid = bids_on(project, firm, vera)
    other = drafted(cast, title="Other")
    vendors.send_again(project=project, vendor=firm, email=ADDRESS, by=cast.lin)
    asked = vendor_people.ask(vendor=firm, email=SPY, reason="He says so.", by=cast.hua)
    cast.hua.roles = ["hr", "steward"]
    cast.hua.save(update_fields=["roles"])
    attacks: dict[str, tuple[type[DomainError], Callable[[], object]]] = {
        "the buyer asks": (Denied, lambda: vendor_people.ask(vendor=firm, email=SPY, reason="Mine.", by=cast.lin)),
        "a steward asks": (Denied, lambda: vendor_people.ask(vendor=firm, email=SPY, reason="Mine.", by=cast.ada)),
        "who asked agrees": (Denied, lambda: vendor_people.agree(colleague=asked, by=cast.hua)),
        "the buyer agrees": (Denied, lambda: vendor_people.agree(colleague=asked, by=cast.lin)),
        "the buyer invites": (Invalid, lambda: vendors.invite(project=other, vendor=firm, email=SPY, by=cast.lin)),
        "the buyer sends": (
            Invalid,
            lambda: vendors.send_again(project=project, vendor=firm, email=SPY, by=cast.lin),
        ),
        "HR writes again": (Invalid, lambda: vendor_people.write_again(vendor=firm, email=SPY, by=cast.hua)),
        "HR gives Vera's account away": (
            Conflict,
            lambda: people_actions.correct(person=vera, changes={"email": SPY}, by=cast.hua),
        ),
        "HR withdraws Vera": (
            InvalidTransition,
            lambda: vendor_people.withdraw(vendor=firm, email=ADDRESS, by=cast.hua),
        ),
    }
    for name, (refusal, attack) in attacks.items():
        with pytest.raises(refusal):
            attack()
        assert not VendorInvitation.objects.filter(email=SPY).exists(), name
    by_hand: dict[str, Callable[[], object]] = {
        "a_second_person_lets_a_colleague_in": lambda: FurtherColleague.objects.filter(pk=asked.pk).update(
            agreed=True, decided_at=market_now(), decided_by=cast.hua
        ),
        "stays as asked for": lambda: FurtherColleague.objects.filter(pk=asked.pk).update(email=ERIK),
        "when a second person agreed": lambda: VendorInvitation.objects.create(
            project=project, vendor=firm, email=SPY, made_at=market_now(), made_by=cast.hua, colleague=asked
        ),
        "stays with its address": lambda: VendorInvitation.objects.filter(accepted_at=None).update(email=SPY),
        "keeps the address": lambda: User.objects.filter(pk=vera.pk).update(email=SPY),
    }
    for name, deed in by_hand.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            deed()
    assert links_to(SPY) == []
    assert [seat.person for seat in VendorSeat.objects.filter(vendor=firm)] == [vera]
    assert bids.read_own_bid(bid=bid, by=vera).vendor == str(firm.pk)


def test_hua_asks_for_erik_ada_agrees_and_he_signs_in_beside_vera(cast: Cast) -> None:
    project = invited(cast)
    vera = seated(project)
    firm, page = vendor_of(vera), reverse("vendor_people", args=[vendor_of(vera).pk])
    hua, ada = as_(cast.hua), as_(cast.ada)
    typed = {"email": ERIK, "reason": WHY, "language": "en"}
    wrong = hua.post(page, typed | {"reason": ""})
    assert wrong.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    inside = hua.post(page, typed | {"email": cast.teo.email})
    assert "People of the company" in inside.content.decode()
    assert "known by this address" in hua.post(page, typed | {"email": ADDRESS}).content.decode()
    assert hua.post(page, typed).status_code == 303
    assert "asked for this person already" in hua.post(page, typed).content.decode()
    asked = FurtherColleague.objects.get()
    assert "another person of Nordfrost AB" in told(cast.ada)[-1]
    assert links_to(ERIK) == []
    agree = reverse("colleague_agree", args=[firm.pk, asked.pk])
    assert hua.post(agree).status_code == HTTPStatus.FORBIDDEN
    assert as_(cast.rui).post(agree).status_code == HTTPStatus.FORBIDDEN
    assert as_(cast.lin).post(agree).status_code == HTTPStatus.NOT_FOUND
    assert WHY in ada.get(page).content.decode()
    needed = "another person of Nordfrost AB is let in"
    assert [needed in as_(who).get("/").content.decode() for who in (cast.ada, cast.hua, cast.lin)] == [
        True,
        False,
        False,
    ]
    assert statements(cast.ada, "/") <= 8
    assert ada.post(agree).status_code == 303
    assert ada.post(agree).status_code == HTTPStatus.CONFLICT
    assert needed not in ada.get("/").content.decode()
    assert ERIK in told(vera)[-1]
    assert told(cast.hua)[-1] == f"The link to {ERIK} is on its way."
    (token,) = links_to(ERIK)
    assert "Cold" not in str(mail.outbox[-1].body)
    stranger, url = Client(), reverse("vendor_invitation", args=[token])
    assert "as a colleague of Nordfrost AB" in stranger.get(url).content.decode()
    accepted = stranger.post(url, {"name": "Erik Berg", "password": SECRET})
    assert (accepted.status_code, accepted["Location"]) == (303, "/")
    assert project.title in stranger.get("/").content.decode()
    assert not AuditRecord.objects.filter(deed="vendor.seated").exists()
    assert ERIK not in as_(cast.lin).get(reverse("project_vendors", args=[project.pk])).content.decode()
    with pytest.raises(IntegrityError, match="decided on once"), transaction.atomic():
        FurtherColleague.objects.update(agreed=False)


def test_a_mistyped_address_is_withdrawn_and_the_right_one_let_in(cast: Cast) -> None:
    typo = "vera@nordfrots.example"
    project = invited(cast, email=typo)
    firm = Vendor.objects.get()
    (stray,) = mailed(project)
    deeds = {"email": typo}
    withdraw, again = (reverse(name, args=[firm.pk]) for name in ("vendor_withdraw", "vendor_write_again"))
    hua, page = as_(cast.hua), reverse("vendor_people", args=[firm.pk])
    assert hua.post(again, deeds).status_code == 303
    (second,) = links_to(typo)
    assert "The link waits to be used" in hua.get(page).content.decode()
    for who, status in ((cast.ada, 403), (cast.rui, 403), (cast.lin, 404), (cast.teo, 404)):
        assert as_(who).post(withdraw, deeds).status_code == status
    assert hua.post(withdraw, deeds).status_code == 303
    assert "Withdrawn" in hua.get(page).content.decode()
    for token in (stray, second):
        assert Client().get(reverse("vendor_invitation", args=[token])).status_code == HTTPStatus.NOT_FOUND
        with pytest.raises(DeadLink):
            vendors.accept(token=token, name="Not Vera", password=SECRET)
    with pytest.raises(Invalid, match="not known by"):
        vendor_people.withdraw(vendor=firm, email=typo, by=cast.hua)
    # The buyer is told nothing: whether an address is used would hint who bids. No mail goes out all the same.
    vendors.send_again(project=project, vendor=firm, email=typo, by=cast.lin)
    later = invited(cast, firm=vendors.NewVendor("Nordfrost AB", "SE"), email="", title="Later")
    assert links_to(typo) == []
    assert typo in as_(cast.lin).get(reverse("project_vendors", args=[project.pk])).content.decode()
    assert not AuditRecord.objects.filter(deed="vendor.withdrawn").exists()
    asked = vendor_people.ask(vendor=firm, email=ADDRESS, reason=WHY, by=cast.hua)
    vendor_people.agree(colleague=asked, by=cast.ada)
    (token,) = links_to(ADDRESS)
    vera = vendors.accept(token=token, name="Vera Berg", password=SECRET)
    assert set(Project.objects.visible_to(vera)) == {project, later}
    bids_on(project, firm, vera)
    move_forward(timedelta(days=1))
    opened(project)
    assert AuditRecord.objects.filter(deed="vendor.withdrawn").get().facts["name"] == "Nordfrost AB"
    again_let_in = vendor_people.ask(vendor=firm, email=typo, reason="It is right after all.", by=cast.hua)
    vendor_people.agree(colleague=again_let_in, by=cast.ada)
    assert links_to(typo)


def test_who_asked_takes_it_back_and_a_refused_one_is_not_written_to(cast: Cast) -> None:
    firm = vendor_of(seated(invited(cast)))
    for decider in (cast.hua, cast.ada):
        asked = vendor_people.ask(vendor=firm, email=ERIK, reason=WHY, by=cast.hua)
        url = reverse("colleague_refuse", args=[firm.pk, asked.pk])
        assert as_(cast.rui).post(url).status_code == HTTPStatus.FORBIDDEN
        assert as_(decider).get(url).status_code == HTTPStatus.METHOD_NOT_ALLOWED
        assert as_(decider).post(url).status_code == 303
        assert as_(decider).post(url).status_code == HTTPStatus.CONFLICT
    assert links_to(ERIK) == []


def test_the_offices_read_the_pages_hr_alone_who_uses_a_link_and_drafts_are_secret(cast: Cast) -> None:
    project = invited(cast)
    vera = seated(project)
    draft = drafted(cast, title="Drawer")
    vendors.invite(project=draft, vendor=vendors.NewVendor("Sudwind", "DE"), email="o@sudwind.example", by=cast.lin)
    firm, listed = vendor_of(vera), reverse("vendor_list")
    page = reverse("vendor_people", args=[firm.pk])
    drawer = reverse("vendor_people", args=[Vendor.objects.get(name="Sudwind").pk])
    for reader, sees in ((cast.hua, True), (cast.ada, False), (cast.rui, False)):
        text = as_(reader).get(listed).content.decode()
        assert ("Nordfrost AB" in text, "Sudwind" in text) == (True, False)
        assert as_(reader).get(drawer).status_code == HTTPStatus.NOT_FOUND
        text = as_(reader).get(page).content.decode()
        assert ("Vera Berg" in text, ADDRESS in text) == (sees, sees)
        assert statements(reader, page) <= 8
        assert statements(reader, listed) <= 8
    for reader in (cast.lin, cast.teo, vera):
        assert as_(reader).get(listed).status_code == HTTPStatus.NOT_FOUND
        assert as_(reader).get(page).status_code == HTTPStatus.NOT_FOUND


def test_whoever_calls_herself_noor_is_told_with_her_firm_everywhere(cast: Cast) -> None:
    project = invited(cast)
    false_noor = seated(project, name="  Noor ·  Blue Kettle ")
    assert false_noor.name == "Noor Blue Kettle · Nordfrost AB"
    firm = vendor_of(false_noor)
    for change in ("Noor", "Nordfrost AB", "Noor · Blue Kettle"):
        with pytest.raises(Conflict, match="ends with the name of the firm"):
            people_actions.correct(person=false_noor, changes={"name": change}, by=cast.hua)
    people_actions.correct(person=false_noor, changes={"name": "Nora · Nordfrost AB"}, by=cast.hua)
    with pytest.raises(IntegrityError, match="firm beside the name"), transaction.atomic():
        VendorSeat.objects.create(vendor=firm, person=cast.sol, seated_at=market_now())
    questions.ask(project=project, text="How many boxes?", by=false_noor)
    outside = bids_on(project, firm, false_noor, 75_000_00)
    bids_on(project, cast.cold_chain, cast.amara, 80_000_00)
    opened(project)
    award = chosen(project, Bid.objects.get(pk=outside.pk), cast.lin)
    awards.agree(award=award, reason="The firm is real.", by=cast.ada)
    contract = Contract.objects.get()
    contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=cast.lin)
    contracts.sign(contract=contract, sha256_seen=scenes.digest(contract), by=false_noor)
    lin, shown = as_(cast.lin), 0
    for url in (
        reverse("project_detail", args=[project.pk]),
        reverse("question_list", args=[project.pk]),
        reverse("contract_detail", args=[contract.pk]),
        f"/api/v1/projects/{project.pk}/questions/",
        f"/api/v1/contracts/{contract.pk}/",
    ):
        text = lin.get(url).content.decode()
        shown += "Nora · Nordfrost AB" in text
        assert "Nora" not in text.replace("Nora · Nordfrost AB", ""), url
    assert shown >= 3
    trail = set(AuditRecord.objects.filter(actor_id=str(false_noor.pk)).values_list("actor_name", flat=True))
    assert trail == {"Noor Blue Kettle · Nordfrost AB", "Nora · Nordfrost AB"}


def test_the_inviter_chooses_the_language_and_later_mails_follow_the_person(cast: Cast) -> None:
    draft = drafted(cast)
    typed = {"name": "Nordfrost AB", "country": "SE", "email": ADDRESS, "language": "zh-hans"}
    lin = as_(cast.lin)
    assert lin.post(reverse("project_vendors", args=[draft.pk]), typed).status_code == 303
    lin.post(reverse("project_publish", args=[draft.pk]))
    firm = Vendor.objects.get()
    (token,) = links_to(ADDRESS)
    assert "invites" not in mail.outbox[-1].subject
    url = reverse("vendor_invitation", args=[token])
    assert 'lang="zh-Hans"' in Client().get(url).content.decode()
    switched = Client()
    switched.cookies["django_language"] = "en"
    assert 'lang="en"' in switched.get(url).content.decode()
    again = reverse("vendor_send", args=[draft.pk, firm.pk])
    for language, kept in (("", "zh-hans"), ("en", "en"), ("", "en"), ("zh-hans", "zh-hans")):
        assert lin.post(again, {"email": ADDRESS, "language": language}).status_code == 303
        assert VendorInvitation.objects.order_by("-made_at").values_list("language", flat=True)[0] == kept
    second = invited(cast, email="", title="Second")
    assert [row.language for row in second.vendor_invitations.all()] == ["zh-hans"]
    vera = vendors.accept(token=token, name="Vera Berg", password=SECRET)
    assert vera.language == "zh-hans"
    invited(cast, email="", title="Third")
    assert "You are invited" not in told(vera)[-1]
    asked = vendor_people.ask(vendor=firm, email=ERIK, reason=WHY, language="zh-hans", by=cast.hua)
    vendor_people.agree(colleague=asked, by=cast.ada)
    vendor_people.write_again(vendor=firm, email=ERIK, by=cast.hua)
    assert set(VendorInvitation.objects.filter(email=ERIK).values_list("language", flat=True)) == {"zh-hans"}
