"""Joining, changing, leading, leaving, and the end of an ME."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from core.clock import business_date, move_forward
from core.errors import Conflict, Denied, Invalid, InvalidTransition
from core.money import LARGEST_MINOR
from ledger.days import close_day
from microenterprises.actions import firms, invitations, seats
from microenterprises.models import Invitation, Membership, Microenterprise, Seat
from tests.cast import TERMS, Cast


def mei(cast: Cast) -> Membership:
    return Membership.objects.get(person=cast.mei, microenterprise=cast.cold_chain)


def test_new_conditions_hold_from_a_future_date_and_the_old_ones_stay_on_record(cast: Cast) -> None:
    start = business_date() + timedelta(days=5)
    new = firms.change(membership=mei(cast), on=start, weight=15, pay_minor=900, by=cast.amara)
    old = Membership.objects.get(person=cast.mei, ended_on=start)
    assert (old.weight, new.weight, new.pay_minor, new.started_on, new.ended_on) == (10, 15, 900, start, None)
    assert new.number > old.number
    today = Membership.objects.active(business_date()).get(person=cast.mei)
    assert today == old


def test_conditions_never_reach_back_nor_beyond_what_the_books_take(cast: Cast) -> None:
    with pytest.raises(Invalid, match="future date"):
        firms.change(membership=mei(cast), on=business_date(), weight=15, by=cast.amara)
    with pytest.raises(Invalid, match="number of zeros"):
        firms.change(
            membership=mei(cast), on=business_date() + timedelta(days=1), pay_minor=LARGEST_MINOR + 1, by=cast.amara
        )
    with pytest.raises(Invalid, match="Nothing changes"):
        firms.change(membership=mei(cast), on=business_date() + timedelta(days=1), weight=10, by=cast.amara)


def test_only_the_leader_changes_conditions(cast: Cast) -> None:
    for somebody in (cast.mei, cast.hua, cast.fay, cast.teo):
        with pytest.raises(Denied, match="Only Amara"):
            firms.change(membership=mei(cast), on=business_date() + timedelta(days=1), weight=99, by=somebody)


def test_the_lead_is_handed_over(cast: Cast) -> None:
    start = business_date() + timedelta(days=1)
    firms.hand_over_lead(to=mei(cast), on=start, by=cast.amara)
    leads = {m.person.name: m.is_lead for m in Membership.objects.active(start).filter(microenterprise=cast.cold_chain)}
    assert leads == {"Amara": False, "Mei": True}
    today = Membership.objects.active(business_date()).get(microenterprise=cast.cold_chain, is_lead=True)
    assert today.person == cast.amara


def test_a_leader_does_not_leave_without_an_heir(cast: Cast) -> None:
    amara = Membership.objects.get(person=cast.amara)
    with pytest.raises(InvalidTransition, match="Hand over the lead first"):
        firms.leave(membership=amara, on=business_date(), by=cast.amara)


def test_leaving_ends_what_was_agreed_for_later_too(cast: Cast) -> None:
    later = business_date() + timedelta(days=30)
    firms.change(membership=mei(cast), on=later, weight=15, by=cast.amara)
    running = Membership.objects.active(business_date()).get(person=cast.mei)
    firms.leave(membership=running, on=business_date() + timedelta(days=1), by=cast.mei)
    assert not Membership.objects.active(later).filter(person=cast.mei).exists()
    assert not Membership.objects.active(business_date() + timedelta(days=1)).filter(person=cast.mei).exists()


def test_nobody_leaves_in_the_past_or_for_somebody_else(cast: Cast) -> None:
    with pytest.raises(Invalid, match="is over"):
        firms.leave(membership=mei(cast), on=business_date() - timedelta(days=1), by=cast.mei)
    with pytest.raises(Denied):
        firms.leave(membership=mei(cast), on=business_date(), by=cast.teo)


def test_a_leader_does_not_take_the_profit_of_the_day_by_parting_with_who_made_it(cast: Cast) -> None:
    with pytest.raises(Invalid, match="has a part in what today brings"):
        firms.leave(membership=mei(cast), on=business_date(), by=cast.amara)
    assert firms.leave(membership=mei(cast), on=business_date() + timedelta(days=1), by=cast.amara).ended_on


def test_a_person_has_one_place_in_an_me(cast: Cast) -> None:
    with pytest.raises(Conflict, match="has a place"):
        firms.join(
            microenterprise=cast.cold_chain,
            person=cast.mei,
            role="Driver",
            customer_outcome="Cold",
            on=business_date(),
            by=cast.amara,
        )


def test_exactly_one_founder_leads_and_it_is_who_launches(cast: Cast) -> None:
    member = firms.MemberSpec(person=cast.sol, role="Leader", customer_outcome="x", is_lead=True)
    facts: dict[str, Any] = {
        "kind": "user",
        "platform": cast.platform,
        "purpose": "x",
        "currency": "CNY",
        "terms": TERMS,
    }
    for members, by in (([member], cast.lin), ([], cast.sol), ([member, member], cast.sol)):
        with pytest.raises(Invalid):
            firms.found(name="New", members=members, by=by, on=business_date(), **facts)
    with pytest.raises(Conflict, match="Choose another name"):
        firms.found(name="Cold Chain", members=[member], by=cast.sol, on=business_date(), **facts)


def test_dissolving_frees_everybody_the_same_day(cast: Cast) -> None:
    seat = seats.open_seat(
        owner=cast.cold_chain, spec=seats.SeatSpec(role="Driver", customer_outcome="Cold"), by=cast.amara
    )
    asked = invitations.ask(seat=seat, by=cast.sol)
    firms.change(membership=mei(cast), on=business_date() + timedelta(days=9), weight=15, by=cast.amara)
    with pytest.raises(Denied, match="Only Amara"):
        firms.dissolve(microenterprise=cast.cold_chain, reason="x", by=cast.hua)
    with pytest.raises(Invalid, match="why"):
        firms.dissolve(microenterprise=cast.cold_chain, reason=" ", by=cast.amara)
    firms.dissolve(microenterprise=cast.cold_chain, reason="Nobody buys cold any more.", by=cast.amara)
    for day in (business_date(), business_date() + timedelta(days=20)):
        assert not Membership.objects.active(day).filter(microenterprise=cast.cold_chain).exists()
    assert Seat.objects.get(pk=seat.pk).status == "withdrawn"
    assert Invitation.objects.get(pk=asked.pk).status == "withdrawn"
    with pytest.raises(InvalidTransition):
        firms.dissolve(microenterprise=cast.cold_chain, reason="again", by=cast.ada)


def test_nothing_is_opened_in_a_dissolved_me(cast: Cast) -> None:
    firms.dissolve(microenterprise=cast.cold_chain, reason="Over", by=cast.amara)
    with pytest.raises((Denied, InvalidTransition)):
        seats.open_seat(
            owner=cast.cold_chain, spec=seats.SeatSpec(role="Driver", customer_outcome="Cold"), by=cast.amara
        )


def test_the_database_keeps_what_a_membership_was(cast: Cast) -> None:
    for change in ({"weight": 99}, {"pay_minor": 1}, {"started_on": business_date()}, {"is_lead": True}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Membership.objects.filter(person=cast.mei).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.filter(person=cast.mei).delete()


def test_the_database_refuses_members_of_a_date_whose_books_are_closed(cast: Cast) -> None:
    today = business_date()
    place, after = Membership.objects.filter(person=cast.mei), today + timedelta(days=1)
    facts: dict[str, Any] = {"person": cast.sol, "role": "Driver", "customer_outcome": "Cold", "track": "entrepreneur"}
    move_forward(timedelta(days=2))
    close_day(today)
    with pytest.raises(IntegrityError, match="the books are closed"), transaction.atomic():
        Membership.objects.create(microenterprise=cast.cold_chain, started_on=today, **facts)
    with pytest.raises(IntegrityError, match="the books are closed"), transaction.atomic():
        place.update(ended_on=today)
    place.update(ended_on=after)
    Membership.objects.create(microenterprise=cast.cold_chain, started_on=after, **facts)
    close_day(after)
    with pytest.raises(IntegrityError, match="the books are closed"), transaction.atomic():
        place.update(ended_on=None)


def test_the_database_keeps_the_books_of_an_me(cast: Cast) -> None:
    for change in ({"currency": "EUR"}, {"entity": cast.platform.entity}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Microenterprise.objects.filter(pk=cast.cold_chain.pk).update(**change)
