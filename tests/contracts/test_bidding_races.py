"""At the deadline and at the decision, with real threads and real commits: one winner, nothing late, nothing early."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import connection

from contracts import sealing
from contracts.actions import amendments, awards, bids, contracts, openings, projects
from contracts.models import Award, Bid, Contract, Project, ProjectVersion, WrappedKey
from contracts.versions import words_of
from core.clock import market_now, move_forward
from core.errors import DomainError, TooLate
from core.models import AuditRecord
from ledger.accounts import Kind
from ledger.entities import NewEntity, open_entities
from ledger.queries import balance
from microenterprises.models import Membership, Microenterprise, Platform
from people.models import User
from tests.cast import START, Cast
from tests.contracts import deadline_race, scenes
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


def test_two_hundred_bids_in_the_last_two_seconds_are_before_the_deadline_or_refused(
    cloned_db: str, cast: Cast
) -> None:
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
    openings.open_bids(project=project)
    assert Bid.objects.opened().filter(project=project).count() == len(stored)
    assert AuditRecord.objects.filter(deed="bid.submitted").count() == len(stored)


def test_opening_and_bidding_at_the_same_moment_leave_no_sealed_bid_behind(cloned_db: str, cast: Cast) -> None:
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
                    openings.open_bids(project=project)
                    if Project.objects.get(pk=project.pk).status != Project.Status.PUBLISHED:
                        return "opened"
            except DomainError:
                pass
            time.sleep(0.05)
        return "done"

    together(THREADS, work)
    openings.open_bids(project=project)
    assert not Bid.objects.filter(project=project, opened_at=None).exists()
    assert AuditRecord.objects.filter(deed="project.opened").count() == 1


def test_one_me_that_bids_twenty_times_at_once_has_one_bid(cloned_db: str, cast: Cast) -> None:
    project = published(cast)
    outcomes = together(THREADS, lambda n: bids_on(project, cast.cold_chain, cast.amara, price_minor=1_000 + n))
    assert sum(isinstance(one, Bid) for one in outcomes) == 1
    assert all(isinstance(one, Bid | DomainError) for one in outcomes), outcomes
    assert Bid.objects.count() == 1


def test_twenty_clicks_award_once_and_draft_one_contract(cloned_db: str, cast: Cast) -> None:
    project, first, second = evaluating(cast)
    pair = (first, second)

    def click(index: int) -> Award:
        bid, other = pair[index % 2], pair[1 - index % 2]
        return awards.award(project=project, bid=bid, reason="x", loser_reasons={other.pk: "y"}, by=cast.lin)

    outcomes = together(THREADS, click)
    assert sum(isinstance(one, Award) for one in outcomes) == 1
    assert all(isinstance(one, Award | DomainError) for one in outcomes), outcomes
    move_forward(timedelta(days=9))
    together(5, lambda _n: awards.take_effect_all(market_now()))
    made = Award.objects.get()
    # The dearer bid may have been clicked first; then a second person has to agree.
    assert made.status == (Award.Status.ACTIVE if made.bid_id == first.pk else Award.Status.PROPOSED)
    assert Contract.objects.count() == (made.bid_id == first.pk)
    assert balance(cast.blue_kettle.entity_id, Kind.HOLD) == CEILING


def test_publishing_and_cancelling_at_once_hold_and_release_once(cloned_db: str, cast: Cast) -> None:
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


def test_revising_and_withdrawing_at_once_never_leaves_a_withdrawn_bid_alive(cloned_db: str, cast: Cast) -> None:
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


# ------------------------------------------------------------------ the deadline itself, and what crosses it


def test_of_three_bids_around_the_deadline_only_the_one_with_its_instant_before_it_is_stored(
    cloned_db: str, cast: Cast
) -> None:
    """Twenty times; a thousand times in tests/soak."""
    one, two, three = crowd(cast.platform, 3)
    races = [race for _batch in range(2) for race in deadline_race.run(cast, (one, two, three), 10)]
    assert len(races) == 20


def test_withdrawing_and_awarding_at_once_never_award_a_withdrawn_bid(cloned_db: str, cast: Cast) -> None:
    """The clock passes the deadline while one withdraws, one opens and one awards."""
    for _time in range(5):
        project = published(cast, deadline=market_now() + timedelta(hours=2), ceiling_minor=100_000_00)
        bid = bids_on(project, cast.cold_chain, cast.amara)

        def work(index: int, project: Project = project, bid: Bid = bid) -> Any:
            if index == 0:
                return move_forward(project.deadline - market_now())
            if index % 3 == 1:
                return bids.withdraw(bid=bid, by=cast.amara)
            if index % 3 == 2:
                return openings.open_bids(project=project)
            return awards.award(project=project, bid=bid, reason="x", loser_reasons={}, by=cast.lin)

        outcomes = together(13, work)
        assert all(not isinstance(one, Exception) or isinstance(one, DomainError) for one in outcomes), outcomes
        openings.open_bids(project=project)
        bid.refresh_from_db()
        withdrawn = sum(isinstance(outcomes[index], Bid) for index in (1, 4, 7, 10))
        assert withdrawn == (bid.status == Bid.Status.WITHDRAWN)
        assert (bid.opened_at is None) == (bid.status == Bid.Status.WITHDRAWN)
        if withdrawn:
            assert not Award.objects.filter(project=project).exists()
            assert Project.objects.get(pk=project.pk).status == Project.Status.UNSUCCESSFUL
        else:
            assert Award.objects.filter(project=project).count() <= 1


def test_a_bid_is_for_the_words_that_held_at_its_instant(cloned_db: str, cast: Cast) -> None:
    """Bids and changes at once: whoever gets the lock first, the mark says the version of that moment."""
    bidders = crowd(cast.platform, THREADS)
    project = published(cast, deadline=market_now() + timedelta(days=3))

    def work(index: int) -> Any:
        if index % 5 == 0:
            now = Project.objects.get(pk=project.pk)
            words = replace(words_of(now), title=f"Words {index}")
            return amendments.amend(project=project, words=words, reason="x", seen=now.revision, by=cast.lin)
        return bids_on(project, *bidders[index])

    outcomes = together(THREADS, work)
    assert all(not isinstance(one, Exception) or isinstance(one, DomainError) for one in outcomes), outcomes
    made = list(ProjectVersion.objects.order_by("number"))
    assert len([one for one in outcomes if isinstance(one, ProjectVersion)]) == len(made) - 1 >= 1
    now = Project.objects.get(pk=project.pk)
    stored = list(Bid.objects.filter(project=project).select_related("sealed"))
    assert len(stored) == THREADS - THREADS // 5
    wrapped = bytes(WrappedKey.objects.get(name=f"project:{project.pk}").wrapped)
    for bid in stored:
        held = max(row.number for row in made if row.made_at <= bid.submitted_at)
        assert sealing.made_for(bid, bytes(bid.sealed.made_for), wrapped=wrapped) == held
    fresh = sum(bid.submitted_at > made[-1].made_at for bid in stored)
    move_forward(now.deadline - market_now())
    openings.open_bids(project=project)
    assert Bid.objects.opened().filter(project=project).count() == fresh
    assert Bid.objects.filter(project=project, status=Bid.Status.STALE).count() == len(stored) - fresh


def test_confirming_and_withdrawing_at_once_leave_a_bid_that_is_one_of_both(cloned_db: str, cast: Cast) -> None:
    project = published(cast)
    bid = bids_on(project, cast.cold_chain, cast.amara)
    words = replace(words_of(project), title="Colder")
    amendments.amend(project=project, words=words, reason="x", by=cast.lin)

    def click(index: int) -> Bid:
        if index == 5:
            return bids.withdraw(bid=bid, by=cast.amara)
        return bids.confirm(bid=bid, seen=2, by=cast.amara)

    outcomes = together(12, click)
    assert all(isinstance(one, Bid | DomainError) for one in outcomes), outcomes
    bid.refresh_from_db()
    assert bid.status == Bid.Status.WITHDRAWN
    assert sum(isinstance(one, Bid) for one in outcomes) in (1, 2)


def test_declining_and_signing_at_once_leave_a_contract_that_is_one_of_both(cloned_db: str, cast: Cast) -> None:
    """Either the money is in escrow and nobody declines any more, or nothing is signed."""
    contract = scenes.awarded(cast)
    seen = scenes.digest(contract)

    def click(index: int) -> Any:
        if index % 3 == 0:
            return contracts.void(contract=contract, reason="Two of our people left.", by=cast.amara)
        return contracts.sign(contract=contract, sha256_seen=seen, by=(cast.lin, cast.amara)[index % 3 - 1])

    outcomes = together(18, click)
    assert all(not isinstance(one, Exception) or isinstance(one, DomainError) for one in outcomes), outcomes
    declined = sum(not isinstance(outcomes[index], Exception) for index in range(0, 18, 3))
    row = Contract.objects.get()
    assert (declined, row.status) in ((1, Contract.Status.VOID), (0, Contract.Status.ACTIVE))
    escrow = scenes.PRICE if row.status == Contract.Status.ACTIVE else 0
    assert balance(cast.blue_kettle.entity_id, Kind.ESCROW) == escrow
