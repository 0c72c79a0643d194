"""At the deadline and at the decision, with real threads and real commits: one winner, nothing late, nothing early."""

import time
from datetime import timedelta
from typing import Any

from django.db import connection

from contracts.actions import awards, bids, projects
from contracts.models import Award, Bid, Contract, Project
from core.clock import market_now, move_forward
from core.errors import DomainError, TooLate
from core.models import AuditRecord
from ledger.accounts import Kind
from ledger.entities import NewEntity, open_entities
from ledger.queries import balance
from microenterprises.models import Membership, Microenterprise, Platform
from people.models import User
from tests.cast import START, make_cast
from tests.contracts.market import CEILING, bids_on, evaluating, published
from tests.threads import together

THREADS = 20
BIDS_EACH = 10


def crowd(platform: Platform, number: int) -> list[tuple[Microenterprise, User]]:
    """MEs with a leader each."""
    people = User.objects.bulk_create(
        User(email=f"lead{n}@haier.example", name=f"Leader {n}", password="!") for n in range(number)
    )
    entities = open_entities([NewEntity(f"Crowd {n}", "microenterprise", "CNY") for n in range(number)])
    found = Microenterprise.objects.bulk_create(
        Microenterprise(
            name=f"Crowd {n}", kind="user", purpose="x", platform=platform, entity=entities[n], currency="CNY",
            launched_at=market_now(), launched_by=people[n],
        )
        for n in range(number)
    )  # fmt: skip
    Membership.objects.bulk_create(
        Membership(
            microenterprise=found[n], person=people[n], role="Leader", customer_outcome="x", is_lead=True,
            track="entrepreneur", started_on=START,
        )
        for n in range(number)
    )  # fmt: skip
    return list(zip(found, people, strict=True))


def test_two_hundred_bids_in_the_last_two_seconds_are_before_the_deadline_or_refused(cloned_db: str) -> None:
    cast = make_cast()
    bidders = crowd(cast.platform, THREADS * BIDS_EACH)
    project = published(cast, deadline=market_now() + timedelta(hours=2))
    move_forward(project.deadline - market_now() - timedelta(seconds=2))

    def hammer(index: int) -> list[Any]:
        outcomes: list[Any] = []
        for step in range(BIDS_EACH):
            firm, leader = bidders[index * BIDS_EACH + step]
            try:
                outcomes.append(bids_on(project, firm, leader, price_minor=1_000 + index * 100 + step))
            except DomainError as refusal:
                outcomes.append(refusal)
            time.sleep(0.25)  # ten bids in two and a half seconds: the last ones come late
        return outcomes

    answers = [
        one for outcome in together(THREADS, hammer) for one in (outcome if isinstance(outcome, list) else [outcome])
    ]
    assert len(answers) == THREADS * BIDS_EACH
    stored = {one.pk for one in answers if isinstance(one, Bid)}
    refused = [one for one in answers if not isinstance(one, Bid)]
    assert all(isinstance(one, TooLate) and "The deadline was" in str(one) for one in refused), refused[:3]
    assert refused, "the race must cross the deadline"
    rows = Bid.objects.filter(project=project)
    assert {row.pk for row in rows} == stored
    assert all(row.submitted_at < project.deadline for row in rows)
    projects.open_bids(project=project)
    assert Bid.objects.opened().filter(project=project).count() == len(stored)
    assert AuditRecord.objects.filter(deed="bid.submitted").count() == len(stored)


def test_opening_and_bidding_at_the_same_moment_leave_no_sealed_bid_behind(cloned_db: str) -> None:
    cast = make_cast()
    bidders = crowd(cast.platform, THREADS)
    project = published(cast, deadline=market_now() + timedelta(hours=2))
    bids_on(project, cast.cold_chain, cast.amara)
    move_forward(project.deadline - market_now() - timedelta(milliseconds=300))

    def work(index: int) -> str:
        for _attempt in range(30):
            try:
                if index % 2:
                    bids_on(project, *bidders[index])
                else:
                    projects.open_bids(project=project)
                    if Project.objects.get(pk=project.pk).status != Project.Status.PUBLISHED:
                        return "opened"
            except DomainError:
                pass
            time.sleep(0.05)
        return "done"

    together(THREADS, work)
    projects.open_bids(project=project)
    assert not Bid.objects.filter(project=project, opened_at=None).exists()
    assert AuditRecord.objects.filter(deed="project.opened").count() == 1


def test_one_me_that_bids_twenty_times_at_once_has_one_bid(cloned_db: str) -> None:
    cast = make_cast()
    project = published(cast)
    outcomes = together(THREADS, lambda n: bids_on(project, cast.cold_chain, cast.amara, price_minor=1_000 + n))
    assert sum(isinstance(one, Bid) for one in outcomes) == 1
    assert all(isinstance(one, Bid | DomainError) for one in outcomes), outcomes
    assert Bid.objects.count() == 1


def test_twenty_clicks_award_once_and_draft_one_contract(cloned_db: str) -> None:
    cast = make_cast()
    project, first, second = evaluating(cast)
    pair = (first, second)

    def click(index: int) -> Award:
        bid, other = pair[index % 2], pair[1 - index % 2]
        return awards.award(project=project, bid=bid, reason="x", loser_reasons={other.pk: "y"}, by=cast.lin)

    outcomes = together(THREADS, click)
    assert sum(isinstance(one, Award) for one in outcomes) == 1
    assert all(isinstance(one, Award | DomainError) for one in outcomes), outcomes
    assert (Award.objects.count(), Contract.objects.count()) == (1, 1)
    assert balance(cast.blue_kettle.entity_id, Kind.HOLD) == CEILING


def test_publishing_and_cancelling_at_once_hold_and_release_once(cloned_db: str) -> None:
    cast = make_cast()
    wallet = balance(cast.blue_kettle.entity_id, Kind.WALLET)
    project = published(cast)

    def click(index: int) -> Project:
        if index % 2:
            return projects.cancel(project=project, reason="Not needed.", by=cast.lin)
        return projects.publish(project=project, by=cast.lin)

    outcomes = together(THREADS, click)
    assert sum(isinstance(one, Project) for one in outcomes) == 1
    assert balance(cast.blue_kettle.entity_id, Kind.HOLD) == 0
    assert balance(cast.blue_kettle.entity_id, Kind.WALLET) == wallet


def test_revising_and_withdrawing_at_once_never_leaves_a_withdrawn_bid_alive(cloned_db: str) -> None:
    cast = make_cast()
    bid = bids_on(published(cast), cast.cold_chain, cast.amara)

    def click(index: int) -> Bid:
        if index == 7:
            return bids.withdraw(bid=bid, by=cast.amara)
        return bids.revise(bid=bid, price_minor=1_000 + index, days=5, plan="x", by=cast.amara)

    outcomes = together(THREADS, click)
    assert all(isinstance(one, Bid | DomainError) for one in outcomes), outcomes
    bid.refresh_from_db()
    assert bid.status == Bid.Status.WITHDRAWN
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM contracts_sealedevent")
        assert cursor.fetchone()[0] == 1 + sum(isinstance(one, Bid) for one in outcomes)
