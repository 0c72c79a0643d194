"""What lives in the seeded company, and that every rule of the market holds in it."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import Count, F, Q, Sum
from django.test import Client

from contracts.models import Award, Bid, Contract, Milestone, Project, Rating, SealedTerms
from contracts.queries.contracts import funds
from core import audit
from core.models import AuditRecord
from haier_market.seed.people import PASSWORD
from ledger.accounts import Kind
from ledger.queries import balances
from microenterprises.models import Idea, Invitation, Membership, Microenterprise, Pledge, Seat, ShareTerms
from people.models import Notice, User
from settlement.models import BankDetails, Outcome, Payment, PayoutBatch, SettlementRun, ShareLine
from talent_pool.models import PoolEntry
from talent_pool.queries import offers
from tests.seed import small

CAST = ("lin", "noor", "amara", "teo", "mei", "sol", "ada", "rui", "fay", "hua", "ines")
LISTS = ("/", "/projects/", "/microenterprises/", "/ideas/", "/contracts/", "/statements/", "/bids/", "/talent/seats/")
pytestmark = pytest.mark.usefixtures("living")


# --- People -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CAST)
def test_the_cast_signs_in_with_the_known_password(name: str, client: Client) -> None:
    answer = client.post("/accounts/login/", {"login": f"{name}@haier.example", "password": PASSWORD})
    assert answer.status_code == 302
    assert client.get("/").status_code == 200


def test_only_the_cast_and_the_outside_vendor_have_usable_passwords() -> None:
    usable = [person.email for person in User.objects.all() if person.has_usable_password()]
    assert sorted(usable) == sorted([*(f"{name}@haier.example" for name in CAST), "vera@nordfrost.example"])


def test_there_are_as_many_people_as_asked_and_some_have_long_or_foreign_names() -> None:
    names = list(User.objects.values_list("name", flat=True))
    assert len(names) == small.SMALL.people
    assert any(not name.isascii() for name in names)


@pytest.mark.parametrize("name", CAST)
@pytest.mark.parametrize("path", LISTS)
def test_every_list_opens_for_everybody(name: str, path: str, client: Client) -> None:
    client.force_login(User.objects.get(email=f"{name}@haier.example"))
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("fay", "/settlement/"),
        ("ada", "/settlement/"),
        ("rui", "/settlement/"),
        ("hua", "/talent/"),
        ("rui", "/talent/"),
        ("sol", "/talent/me/"),
        ("hua", "/admin/"),
        ("hua", "/admin/people/user/"),
        ("ada", "/admin/core/auditrecord/"),
    ],
)
def test_the_lists_of_a_role_open_for_it(name: str, path: str, client: Client) -> None:
    client.force_login(User.objects.get(email=f"{name}@haier.example"))
    assert client.get(path).status_code == 200


def test_every_page_of_a_thing_opens_for_the_auditor(people: dict[str, User], client: Client) -> None:
    client.force_login(people["rui"])
    paths = [f"/projects/{pk}/" for pk in Project.objects.exclude(status="draft").values_list("pk", flat=True)]
    paths += [f"/contracts/{pk}/" for pk in Contract.objects.values_list("pk", flat=True)]
    paths += [f"/microenterprises/{pk}/" for pk in Microenterprise.objects.values_list("pk", flat=True)]
    paths += [f"/ideas/{pk}/" for pk in Idea.objects.exclude(status="draft").values_list("pk", flat=True)]
    paths += [f"/settlement/{run.business_date}/" for run in SettlementRun.objects.all()]
    paths += [f"/payouts/{pk}/" for pk in PayoutBatch.objects.values_list("pk", flat=True)]
    answers = {path: client.get(path).status_code for path in paths}
    assert {path: status for path, status in answers.items() if status != 200} == {}


# --- Money ------------------------------------------------------------------------------------------------------------


def test_the_books_agree() -> None:
    call_command("check_books", stdout=StringIO())


def test_what_is_held_and_in_escrow_is_what_projects_and_contracts_say() -> None:
    firms = list(Microenterprise.objects.all())
    kept = balances([firm.entity_id for firm in firms], [Kind.HOLD, Kind.ESCROW])
    contracts = Contract.objects.select_related("project").prefetch_related("milestones")
    for firm in firms:
        open_projects = Project.objects.filter(buyer=firm, status__in=("published", "evaluating"))
        held = open_projects.aggregate(total=Sum("ceiling_minor"))["total"] or 0
        escrow = 0
        for contract in contracts.filter(buyer=firm):
            of_it = funds(contract, contract.milestones.all())
            held += of_it.held_minor
            escrow += of_it.escrow_minor
        assert (firm.name, held, escrow) == (
            firm.name,
            kept[firm.entity_id, Kind.HOLD],
            kept[firm.entity_id, Kind.ESCROW],
        )


def test_what_ideas_hold_is_what_was_pledged() -> None:
    ideas = list(Idea.objects.exclude(entity=None))
    assert ideas
    kept = balances([int(idea.entity_id or 0) for idea in ideas], [Kind.PLEDGE_ESCROW])
    for idea in ideas:
        held = Pledge.objects.filter(idea=idea, status="held").aggregate(total=Sum("amount_minor"))["total"] or 0
        assert kept[int(idea.entity_id or 0), Kind.PLEDGE_ESCROW] == held


def test_every_night_was_settled_and_approved_by_finance(people: dict[str, User]) -> None:
    runs = list(SettlementRun.objects.order_by("business_date"))
    assert len(runs) == small.SMALL.days
    assert {run.status for run in runs} == {"approved"}
    assert {run.approved_by for run in runs} == {people["fay"]}
    assert {run.started_by for run in runs} == {None}
    assert ShareLine.objects.exists()


def test_one_payout_is_over_with_a_payment_that_came_back_and_the_rest_waits_for_fay(people: dict[str, User]) -> None:
    first = PayoutBatch.objects.get(number=1)
    assert (first.status, first.created_by, first.paid_by) == ("paid", people["ines"], people["fay"])
    assert set(Payment.objects.filter(batch=first).values_list("status", flat=True)) == {"confirmed", "rejected"}
    assert not BankDetails.objects.filter(person=people["sol"]).exists()
    client = Client()
    client.force_login(people["fay"])
    assert "Prepare a payout in CNY" in client.get("/payouts/").content.decode()


def test_somebody_keeps_books_in_yen() -> None:
    assert Microenterprise.objects.filter(currency="JPY", status="active").count() == 1
    assert "JPY" in SettlementRun.objects.latest("business_date").totals


# --- Rules of the market ----------------------------------------------------------------------------------------------


def test_every_active_me_has_one_leader_and_terms_in_force() -> None:
    for firm in Microenterprise.objects.active():
        members = Membership.objects.active(small.UNTIL).filter(microenterprise=firm)
        assert members.filter(is_lead=True).count() == 1, firm
        assert ShareTerms.objects.filter(microenterprise=firm).in_force(small.UNTIL).count() == 1, firm


def test_nobody_buys_from_themselves_and_who_awards_does_not_accept() -> None:
    assert not Bid.objects.filter(microenterprise=F("project__buyer")).exists()
    assert not Award.objects.filter(awarded_by=F("project__acceptor")).exists()
    for bid in Bid.objects.opened().select_related("project"):
        judges = {row.person_id for row in bid.project.panel.all()} | {bid.project.acceptor_id}
        here = Membership.objects.active(small.UNTIL).filter(microenterprise=bid.microenterprise)
        assert not here.filter(person__in=judges).exists()


def test_sealed_bids_are_there_and_show_nothing() -> None:
    sealed = Bid.objects.filter(opened_at=None)
    assert sealed.exists()
    assert not sealed.exclude(price_minor=None, microenterprise=None, author=None, plan=None).exists()
    assert SealedTerms.objects.filter(bid__in=sealed).count() == sealed.count()
    assert not AuditRecord.objects.filter(subject__in=[f"bid:{bid.pk}" for bid in sealed]).exists()
    assert set(sealed.values_list("project__status", flat=True)) <= {"published", "cancelled"}


def test_there_are_projects_contracts_and_ideas_in_every_state() -> None:
    assert set(Project.objects.values_list("status", flat=True)) == set(Project.Status.values)
    contracts = set(Contract.objects.values_list("status", flat=True))
    assert {"signing", "active", "completed"} <= contracts
    milestones = set(Milestone.objects.values_list("status", flat=True))
    assert {"scheduled", "submitted", "accepted"} <= milestones
    assert {"draft", "published", "launched"} >= set(Idea.objects.values_list("status", flat=True)) - {"withdrawn"}
    assert Idea.objects.filter(status="published").exists()
    assert Idea.objects.filter(status="launched").exists()
    assert Rating.objects.exists()
    assert Notice.objects.filter(read_at=None).exists()


def test_the_trail_is_in_the_order_of_time() -> None:
    instants = list(AuditRecord.objects.order_by("id").values_list("at", flat=True))
    assert instants == sorted(instants)
    assert audit.CLOCK in set(AuditRecord.objects.values_list("actor_name", flat=True))


# --- What the cast finds ----------------------------------------------------------------------------------------------


def test_the_cast_has_its_places(people: dict[str, User]) -> None:
    def place(name: str) -> tuple[str, bool]:
        found = Membership.objects.active(small.UNTIL).get(person=people[name])
        return found.microenterprise.name, found.is_lead

    assert place("lin") == ("Blue Kettle", True)
    assert place("noor") == ("Blue Kettle", False)
    assert place("amara") == ("Cold Chain", True)
    assert place("mei") == ("Cold Chain", False)
    assert place("teo") == ("Northwind", True)
    mei = Membership.objects.get(person=people["mei"])
    assert (mei.track, mei.weight > 0) == ("entrepreneur", True)
    roles = {name: person.roles for name, person in people.items() if person.roles}
    assert roles == {"ada": ["steward"], "rui": ["auditor"], "fay": ["finance"], "hua": ["hr"], "ines": ["finance"]}


def test_northwind_can_be_wound_up_and_its_people_find_seats(people: dict[str, User]) -> None:
    northwind = Microenterprise.objects.get(name="Northwind")
    crew = Membership.objects.active(small.UNTIL).filter(microenterprise=northwind)
    assert crew.count() == 5
    assert crew.filter(person__person_skills__isnull=False).exists()
    assert Contract.objects.filter(supplier=northwind, status="active").exists()
    assert not Milestone.objects.filter(contract__buyer=northwind, status="submitted").exists()
    assert balances([northwind.entity_id], [Kind.WALLET])[northwind.entity_id, Kind.WALLET] > 0
    for member in crew:
        found = offers(member.person, today=small.UNTIL)
        assert len(found) >= 3
        assert all(offer.reasons for offer in found)
        assert not any(offer.seat.microenterprise == northwind for offer in found)


def test_sol_waits_in_the_pool_with_others(people: dict[str, User]) -> None:
    entry = PoolEntry.objects.get(person=people["sol"], landed_at=None)
    assert entry.left_microenterprise is not None
    assert entry.left_microenterprise.status == "dissolved"
    assert entry.clock_ends_on > small.UNTIL
    assert not Idea.objects.filter(owner=people["sol"]).exists()
    waiting = PoolEntry.objects.waiting().exclude(person=people["sol"])
    skilled = waiting.filter(person__person_skills__isnull=False).distinct()
    assert skilled.count() >= 2
    days = [(each.clock_ends_on - small.UNTIL).days for each in waiting]
    assert min(days) < 0 <= sorted(days)[1]
    assert any(0 <= left <= 14 for left in days)
    assert any(left > 60 for left in days)
    assert Invitation.objects.filter(status="open").exists()
    assert Seat.objects.open().count() >= 8


def test_lin_has_money_for_a_project_and_one_that_closes_tonight() -> None:
    blue = Microenterprise.objects.get(name="Blue Kettle")
    assert balances([blue.entity_id], [Kind.WALLET])[blue.entity_id, Kind.WALLET] > 50_000_000
    tonight = Project.objects.filter(buyer=blue, status="published").order_by("deadline").first()
    assert tonight is not None
    assert 0 < (tonight.deadline - small.MORNING).total_seconds() < 24 * 3600
    assert not tonight.bids.exists()


def test_cold_chain_shares_whatever_it_earns_next(people: dict[str, User]) -> None:
    cold = Microenterprise.objects.get(name="Cold Chain")
    terms = ShareTerms.objects.filter(microenterprise=cold).in_force(small.UNTIL).get()
    last = Outcome.objects.filter(microenterprise=cold).latest("business_date")
    assert last.profit_minor > terms.threshold_minor
    assert ShareLine.objects.filter(person=people["mei"]).exists()


def test_nobody_pays_for_what_they_do_not_hold() -> None:
    counted = Membership.objects.active(small.UNTIL).values("person").annotate(places=Count("pk"))
    assert not counted.filter(Q(places__gt=2)).exists()
