"""Members agree on share terms by ballot; agreed terms never change, only their end is closed."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from core.clock import business_date, move_forward
from core.errors import Conflict, Denied, Invalid, InvalidTransition, TooLate
from ledger.days import close_day
from microenterprises.actions import firms, terms
from microenterprises.calculation import TermsSpec, Tier
from microenterprises.models import Ballot, Membership, Microenterprise, ShareTerms, Vote
from people.models import User
from tests.cast import Cast, firm, person

NEXT = TermsSpec(0, (Tier(100_000, 2000), Tier(None, 6000)), {"reserve": 7000, "platform": 3000})


def company(cast: Cast, size: int) -> tuple[Microenterprise, list[User]]:
    people = [person(f"Member{number}") for number in range(size)]
    return firm("Big Firm", cast.platform, people[0], *people[1:]), people


def proposed(me: Microenterprise, by: User, days: int = 10) -> Ballot:
    start = business_date() + timedelta(days=days)
    return terms.propose(microenterprise=me, terms=NEXT, effective_from=start, by=by).ballot


@pytest.mark.parametrize(("size", "needed"), [(12, 8), (11, 8), (10, 7), (15, 10)])
def test_two_thirds_of_the_members_of_the_day_must_agree(cast: Cast, size: int, needed: int) -> None:
    me, people = company(cast, size)
    ballot = proposed(me, people[0])
    assert (ballot.voters, ballot.needed) == (size, needed)
    for voter in people[: needed - 1]:
        terms.vote(ballot=ballot, agrees=True, by=voter)
    assert Ballot.objects.get(pk=ballot.pk).status == "open"
    terms.vote(ballot=ballot, agrees=True, by=people[needed - 1])
    assert Ballot.objects.get(pk=ballot.pk).status == "passed"


def test_the_version_before_ends_where_the_new_one_starts(cast: Cast) -> None:
    ballot = proposed(cast.cold_chain, cast.amara)
    start = ballot.share_terms.effective_from
    for voter in (cast.amara, cast.mei):
        terms.vote(ballot=ballot, agrees=True, by=voter)
    before, after = cast.cold_chain.share_terms.get(version=1), cast.cold_chain.share_terms.get(version=2)
    assert (before.effective_to, after.effective_to, after.status) == (start, None, "agreed")
    assert terms.in_force(cast.cold_chain, start - timedelta(days=1)) == before
    assert terms.in_force(cast.cold_chain, start) == after


def test_a_ballot_fails_as_soon_as_it_can_no_longer_pass(cast: Cast) -> None:
    ballot = proposed(cast.cold_chain, cast.amara)
    terms.vote(ballot=ballot, agrees=False, by=cast.mei)
    assert Ballot.objects.get(pk=ballot.pk).status == "failed"
    assert cast.cold_chain.share_terms.get(version=2).status == "rejected"
    with pytest.raises(InvalidTransition):
        terms.vote(ballot=ballot, agrees=True, by=cast.amara)
    assert proposed(cast.cold_chain, cast.mei).share_terms.version == 3


def test_a_vote_stands(cast: Cast) -> None:
    ballot = proposed(cast.cold_chain, cast.amara)
    terms.vote(ballot=ballot, agrees=True, by=cast.amara)
    with pytest.raises(Conflict, match="a vote stands"):
        terms.vote(ballot=ballot, agrees=False, by=cast.amara)
    assert Vote.objects.count() == 1


def test_only_members_propose_and_vote(cast: Cast) -> None:
    with pytest.raises(Denied, match="members of Cold Chain"):
        proposed(cast.cold_chain, cast.teo)
    ballot = proposed(cast.cold_chain, cast.amara)
    with pytest.raises(Denied, match="members of Cold Chain"):
        terms.vote(ballot=ballot, agrees=True, by=cast.hua)


def test_whoever_joins_after_the_ballot_opened_does_not_vote_on_it(cast: Cast) -> None:
    ballot = proposed(cast.cold_chain, cast.amara)
    move_forward(timedelta(days=1))
    firms.join(
        microenterprise=cast.cold_chain,
        person=cast.sol,
        role="Driver",
        customer_outcome="Cold",
        on=business_date(),
        by=cast.amara,
    )
    with pytest.raises(Denied, match="joined after"):
        terms.vote(ballot=ballot, agrees=True, by=cast.sol)


def test_whoever_joins_after_the_ballot_opened_does_not_vote_on_that_day_either(cast: Cast) -> None:
    me, people = company(cast, 3)
    ballot = proposed(me, people[0])
    friend = person("Friend")
    firms.join(
        microenterprise=me, person=friend, role="Guest", customer_outcome="Cold", on=business_date(), by=people[0]
    )
    terms.vote(ballot=ballot, agrees=True, by=people[0])
    with pytest.raises(Denied, match="joined after"):
        terms.vote(ballot=ballot, agrees=True, by=friend)
    ballot.refresh_from_db()
    assert (ballot.status, ballot.voters, friend.pk in ballot.electors) == ("open", 3, False)
    with pytest.raises(IntegrityError, match="stay as they are"), transaction.atomic():
        Ballot.objects.filter(pk=ballot.pk).update(electors=[*ballot.electors, friend.pk])


def test_terms_start_in_the_future_on_a_day_of_their_own(cast: Cast) -> None:
    with pytest.raises(Invalid, match="future date"):
        proposed(cast.cold_chain, cast.amara, days=0)
    ballot = proposed(cast.cold_chain, cast.amara, days=10)
    for voter in (cast.amara, cast.mei):
        terms.vote(ballot=ballot, agrees=True, by=voter)
    with pytest.raises(Invalid, match="Choose an earlier or a later date"):
        proposed(cast.cold_chain, cast.amara, days=10)
    assert proposed(cast.cold_chain, cast.amara, days=11).share_terms.version == 3


def agreed(cast: Cast, days: int) -> ShareTerms:
    """The next version of Cold Chain, agreed by both members."""
    ballot = proposed(cast.cold_chain, cast.amara, days=days)
    for voter in (cast.amara, cast.mei):
        terms.vote(ballot=ballot, agrees=True, by=voter)
    return ShareTerms.objects.get(pk=ballot.share_terms_id)


def test_terms_agreed_for_a_far_year_keep_nobody_from_agreeing_on_earlier_ones(cast: Cast) -> None:
    """Each version holds until the next one starts, in whatever order they were agreed."""
    starts = [agreed(cast, days).effective_from for days in (5_000, 30, 10, 400)]
    far, month, ten, year = starts
    rows = cast.cold_chain.share_terms.order_by("version").values_list("effective_from", "effective_to")
    assert list(rows)[1:] == [(far, None), (month, year), (ten, month), (year, far)]
    assert next(iter(rows))[1] == ten
    for day, version in ((ten, 4), (month, 3), (year, 5), (far - timedelta(days=1), 5), (far, 2)):
        found = terms.in_force(cast.cold_chain, day)
        assert found is not None
        assert found.version == version


def test_the_page_of_a_ballot_says_until_when_the_terms_would_hold(cast: Cast, client: Client) -> None:
    agreed(cast, 400)
    proposed(cast.cold_chain, cast.amara, days=30)
    client.force_login(cast.mei)
    page = client.get(f"/microenterprises/{cast.cold_chain.pk}/terms/").content.decode()
    assert "when the version that is agreed for then starts" in page


def test_a_ballot_that_ran_out_can_no_longer_be_agreed(cast: Cast) -> None:
    ballot = proposed(cast.cold_chain, cast.amara, days=2)
    move_forward(timedelta(days=3))
    with pytest.raises(TooLate, match="Propose them again"):
        terms.vote(ballot=ballot, agrees=True, by=cast.amara)
    again = proposed(cast.cold_chain, cast.amara, days=2)
    assert Ballot.objects.get(pk=ballot.pk).status == "failed"
    assert again.status == "open"


def test_members_vote_on_one_version_at_a_time_and_a_proposer_may_take_it_back(cast: Cast) -> None:
    ballot = proposed(cast.cold_chain, cast.amara)
    with pytest.raises(Conflict, match="being voted on"):
        proposed(cast.cold_chain, cast.mei)
    with pytest.raises(Denied, match="Only Amara"):
        terms.withdraw(ballot=ballot, by=cast.mei)
    terms.withdraw(ballot=ballot, by=cast.amara)
    assert cast.cold_chain.share_terms.get(version=2).status == "rejected"
    proposed(cast.cold_chain, cast.mei)


def test_terms_with_an_end_are_refused_with_a_sentence(cast: Cast) -> None:
    ends = TermsSpec(800_000_000, (Tier(200_000_000, 3000), Tier(300_000_000, 4000)), {"reserve": 10_000})
    with pytest.raises(Invalid, match="Say what holds above"):
        terms.propose(
            microenterprise=cast.cold_chain,
            terms=ends,
            effective_from=business_date() + timedelta(days=9),
            by=cast.amara,
        )


def test_nobody_votes_in_a_dissolved_me(cast: Cast) -> None:
    ballot = proposed(cast.cold_chain, cast.amara)
    firms.dissolve(microenterprise=cast.cold_chain, reason="Sold out", by=cast.amara)
    assert Ballot.objects.get(pk=ballot.pk).status == "failed"
    with pytest.raises(InvalidTransition, match="dissolved"):
        terms.vote(ballot=ballot, agrees=True, by=cast.amara)


@pytest.mark.parametrize(
    "change",
    ["threshold_minor = 5", "tiers = '[]'", "effective_from = '2020-01-01'", "status = 'rejected'", "version = 9"],
)
def test_the_database_keeps_agreed_terms(cast: Cast, change: str) -> None:
    with pytest.raises(IntegrityError, match="stay as they are"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE microenterprises_shareterms SET {change}")


def test_the_database_moves_an_end_to_an_earlier_day_only(cast: Cast) -> None:
    rows = ShareTerms.objects.filter(microenterprise=cast.cold_chain)
    rows.update(effective_to=business_date() + timedelta(days=9))
    for change in ({"effective_to": None}, {"effective_to": business_date() + timedelta(days=10)}, {"version": 9}):
        with pytest.raises(IntegrityError, match="stay as they are"), transaction.atomic():
            rows.update(**change)
    with pytest.raises(IntegrityError, match="stay as they are"), transaction.atomic():
        rows.update(effective_to=business_date() + timedelta(days=8), threshold_minor=5)
    rows.update(effective_to=business_date() + timedelta(days=8))


def again(row: ShareTerms, **changes: object) -> ShareTerms:
    """The same version as a row of its own, with some columns changed."""
    facts = {field.attname: getattr(row, field.attname) for field in ShareTerms._meta.concrete_fields}
    facts |= {"version": row.version + 1, **changes}
    del facts["id"]
    return ShareTerms(**facts)


@pytest.mark.parametrize("days", [(-40, None), (-40, 1), (0, 5), (1, None)])
def test_the_database_refuses_two_agreed_versions_for_one_date(cast: Cast, days: tuple[int, int | None]) -> None:
    held = ShareTerms.objects.get(microenterprise=cast.cold_chain)
    since, until = (None if n is None else business_date() + timedelta(days=n) for n in days)
    with pytest.raises(IntegrityError, match="agreed_terms_do_not_overlap"), transaction.atomic():
        again(held, effective_from=since, effective_to=until).save()
    again(held, status="proposed", effective_from=since).save()
    with pytest.raises(IntegrityError, match="agreed_terms_do_not_overlap"), transaction.atomic():
        ShareTerms.objects.filter(microenterprise=cast.cold_chain, status="proposed").update(status="agreed")


def test_the_database_refuses_terms_that_reach_back_into_closed_books(cast: Cast) -> None:
    held = ShareTerms.objects.get(microenterprise=cast.cold_chain)
    today = business_date()
    ShareTerms.objects.filter(pk=held.pk).update(effective_to=today)
    move_forward(timedelta(days=3))
    close_day(today + timedelta(days=1))
    with pytest.raises(IntegrityError, match="cannot end on"), transaction.atomic():
        ShareTerms.objects.filter(microenterprise=cast.northwind).update(effective_to=today + timedelta(days=1))
    with pytest.raises(IntegrityError, match="cannot start on"), transaction.atomic():
        again(held, effective_from=today + timedelta(days=1), effective_to=None).save()
    again(held, effective_from=today + timedelta(days=2), effective_to=None).save()


@pytest.mark.parametrize("owners", [{}, {"reserve": 9_999}, {"reserve": 10_001}, {"": 10_000}, {"a": 0, "b": 10_000}])
def test_the_database_refuses_owners_who_do_not_own_the_whole_rest(cast: Cast, owners: dict[str, int]) -> None:
    held = ShareTerms.objects.get(microenterprise=cast.cold_chain)
    later = business_date() + timedelta(days=9)
    with pytest.raises(IntegrityError, match="own_all_of_it"), transaction.atomic():
        again(held, status="proposed", residual_owners=owners, effective_from=later).save()


def test_members_on_the_day_are_counted_not_those_who_come_and_go(cast: Cast) -> None:
    mei = Membership.objects.get(person=cast.mei)
    firms.leave(membership=mei, on=business_date(), by=cast.mei)
    assert proposed(cast.cold_chain, cast.amara).voters == 1
