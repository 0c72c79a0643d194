"""The seeded company goes on by the real actions, and they leave the same kind of rows, entries and deeds as it has."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models import QuerySet

from contracts.actions import awards, bids, milestones, openings, ratings
from contracts.actions import contracts as contract_actions
from contracts.models import Bid, Contract, Milestone, Project
from core import past
from core.clock import business_date
from core.models import AuditRecord
from ledger.models import Account, Entry, Posting
from microenterprises.actions import invitations, pledges
from microenterprises.models import Idea, Invitation, Microenterprise
from people.models import User
from settlement.actions import nights as settlement
from settlement.models import ShareLine
from talent_pool.actions.wind_up import wind_up
from talent_pool.models import PoolEntry
from tests.contracts.market import judge
from tests.seed import small

pytestmark = pytest.mark.usefixtures("living")
Shape = tuple[str, str, str, str, tuple[tuple[str, int, bool], ...]]


@pytest.fixture
def before() -> tuple[int, int]:
    """The last entry and the last deed that were seeded."""
    return Entry.objects.latest("id").pk, AuditRecord.objects.latest("id").pk


def lead_of(firm: Microenterprise) -> User:
    return firm.memberships.get(is_lead=True, ended_on=None).person


def a_work_day(people: dict[str, User]) -> None:
    """Everybody of the cast does what waits for them, and the night follows."""
    blue = Microenterprise.objects.get(name="Blue Kettle")
    cold = Microenterprise.objects.get(name="Cold Chain")
    tonight = Project.objects.filter(buyer=blue, status="published").earliest("deadline")
    bids.submit(
        project=tonight, microenterprise=cold, price_minor=9_000_000, days=20, plan="As asked.", by=people["amara"]
    )
    evaluated = Project.objects.filter(buyer=blue, status="evaluating", bids__microenterprise=cold).first()
    assert evaluated is not None
    decide(evaluated, people["lin"])
    signed = Contract.objects.get(project=evaluated)
    sign(signed)
    waiting = Contract.objects.filter(buyer=blue, status="signing").first()
    assert waiting is not None
    sign(waiting)
    delivered = Milestone.objects.filter(contract__acceptor=people["noor"], status="submitted").first()
    assert delivered is not None
    milestones.accept(milestone=delivered, by=people["noor"])
    scheduled = Milestone.objects.filter(contract__supplier=cold, contract__status="active", status="scheduled").first()
    assert scheduled is not None
    milestones.deliver(milestone=scheduled, evidence="Done.", evidence_url="", by=people["mei"])
    milestones.accept(milestone=scheduled, by=scheduled.contract.acceptor)
    idea = Idea.objects.filter(status="published").first()
    assert idea is not None
    own = pledges.pledge(idea=idea, amount_minor=100_000, by=people["noor"])
    pledges.receive(pledge=own, document="TR 1", dated=business_date(), by=people["fay"])
    pledges.pledge(idea=idea, amount_minor=100_000, by=people["lin"], microenterprise=blue)
    asked = Invitation.objects.filter(direction="asked", seat__microenterprise=blue, status="open").get()
    invitations.accept(invitation=asked, by=people["lin"])


def decide(project: Project, by: User) -> None:
    waiting = project.bids.filter(quality_points=None, status="valid")
    if project.panel.exists() and waiting:
        judge(project, dict.fromkeys(waiting, 7000), reason="A sound plan.")
    valid = list(project.bids.filter(status="valid").order_by("price_minor", "submitted_at"))
    reasons = {bid.pk: "The other one is cheaper." for bid in valid[1:]}
    made = awards.award(project=project, bid=valid[0], reason="The best one.", loser_reasons=reasons, by=by)
    if made.causes:
        awards.agree(award=made, reason="Convinced.", by=User.objects.get(email="ada@haier.example"))


def sign(contract: Contract) -> None:
    version = contract.versions.latest("number")
    assert contract.supplier is not None
    for party, firm in (("buyer", contract.buyer), ("supplier", contract.supplier)):
        if not version.signatures.filter(party=party).exists():
            contract_actions.sign(contract=contract, sha256_seen=version.sha256, by=lead_of(firm))


def finish_everything() -> None:
    """Weeks later: every deadline passes, and what is delivered is accepted."""
    for project in Project.objects.filter(status="published"):
        with past.at(project.deadline + timedelta(seconds=5)):
            openings.open_bids(project=project)
    for milestone in Milestone.objects.filter(contract__status="active", status__in=("scheduled", "rejected")):
        assert milestone.contract.supplier is not None
        supplier = lead_of(milestone.contract.supplier)
        milestones.deliver(milestone=milestone, evidence="Done.", evidence_url="", by=supplier)
    for milestone in Milestone.objects.filter(contract__status="active", status="submitted"):
        milestones.accept(milestone=milestone, by=milestone.contract.acceptor)
    for contract in Contract.objects.filter(status="completed", ratings=None):
        ratings.rate(contract=contract, stars=4, comment="Good.", by=contract.acceptor)
        assert contract.supplier is not None
        ratings.rate(contract=contract, stars=5, comment="", by=lead_of(contract.supplier))


def test_the_cast_works_a_day_and_mei_has_a_line_the_same_night(people: dict[str, User]) -> None:
    a_work_day(people)
    with past.at(small.MORNING + timedelta(days=1)):
        (run,) = settlement.settle_over()
    assert (run.business_date, run.status, run.exceptions) == (small.UNTIL, "sealed", 0)
    line = ShareLine.objects.get(person=people["mei"], business_date=small.UNTIL)
    assert line.amount_minor > 0


def test_every_sealed_bid_opens_to_what_was_sealed(people: dict[str, User]) -> None:
    waiting = set(Bid.objects.filter(opened_at=None, project__status="published").values_list("pk", flat=True))
    assert waiting
    finish_everything()
    opened = Bid.objects.filter(pk__in=waiting)
    assert opened.exclude(price_minor=None).exclude(microenterprise=None).count() == len(waiting)
    known = Bid.objects.filter(project__status="awarded").exclude(pk__in=waiting).select_related("author").first()
    assert known is not None
    assert known.author is not None
    terms = bids.read_own_bid(bid=known, by=known.author)
    assert (terms.price_minor, terms.receipt()) == (known.price_minor, known.receipt)


def test_a_firm_fails_and_its_people_are_in_the_pool(people: dict[str, User]) -> None:
    northwind = Microenterprise.objects.get(name="Northwind")
    entries = wind_up(microenterprise=northwind, reason="The market was not there.", by=people["teo"])
    assert len(entries) == 5
    assert PoolEntry.objects.filter(person=people["teo"], landed_at=None, left_microenterprise=northwind).exists()
    assert not Contract.objects.filter(supplier=northwind, status__in=("active", "signing")).exists()


# --- The same as the actions leave ------------------------------------------------------------------------------------


def test_entries_look_like_those_of_the_actions(people: dict[str, User], before: tuple[int, int]) -> None:
    a_work_day(people)
    finish_everything()
    seeded, real = shapes(before[0])
    common = set(seeded) & set(real)
    assert {"project_released", "contract_signed", "milestone_accepted", "pledge"} <= common
    for kind in common:
        strange = real[kind] - seeded[kind]
        # A contract at its very ceiling, or an acceptance in full where the seed has parts, has a line less.
        assert all(any(set(each[4]) <= set(known[4]) or set(each[4]) >= set(known[4]) for known in seeded[kind])
                   for each in strange), (kind, strange, seeded[kind])  # fmt: skip
        assert {each[:4] for each in real[kind]} <= {each[:4] for each in seeded[kind]}


def shapes(last_seeded: int) -> tuple[dict[str, set[Shape]], dict[str, set[Shape]]]:
    """How entries of each kind look, seeded and posted by actions: reference, subject, poster, lines."""
    kinds = dict(Account.objects.values_list("pk", "kind"))
    lines: dict[int, list[tuple[str, int, bool]]] = defaultdict(list)
    for line in Posting.objects.order_by("line"):
        lines[line.entry_id].append((kinds[line.account_id], 1 if line.amount_minor > 0 else -1, True))
    found: tuple[dict[str, set[Shape]], dict[str, set[Shape]]] = (defaultdict(set), defaultdict(set))
    for entry in Entry.objects.all():
        shape = (
            pattern(entry.reference),
            pattern(entry.subject),
            entry.book,
            "clock" if entry.posted_by in ("clock", "the market's clock") else "person",
            tuple(sorted(lines[entry.pk])),
        )
        found[entry.pk > last_seeded][entry.kind].add(shape)
    return found


def pattern(text: str) -> str:
    """A reference without its identifiers."""
    return ":".join(part for part in text.split(":") if len(part) < 30)


def test_deeds_tell_the_same_facts_as_those_of_the_actions(people: dict[str, User], before: tuple[int, int]) -> None:
    a_work_day(people)
    finish_everything()
    with past.at(small.MORNING + timedelta(days=1)):
        settlement.settle_over()
    seeded = dict(facts(AuditRecord.objects.filter(pk__lte=before[1])))
    real = dict(facts(AuditRecord.objects.filter(pk__gt=before[1])))
    common = set(seeded) & set(real)
    assert {
        "bid.submitted", "project.opened", "project.unsuccessful", "project.awarded", "contract.drafted",
        "contract.signed", "contract.activated", "contract.delivered", "contract.accepted", "contract.completed",
        "contract.rated", "pledge.made", "membership.started",
    } <= common  # fmt: skip
    strange = {deed: real[deed] - seeded[deed] for deed in common}
    assert {deed: shape for deed, shape in strange.items() if shape} == {}


def facts(records: QuerySet[AuditRecord]) -> Iterator[tuple[str, set[tuple[str, ...]]]]:
    """The names of the facts and the kind of subject, by deed."""
    found: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for record in records:
        found[record.deed].add((record.subject.split(":")[0], *sorted(record.facts)))
    yield from found.items()
