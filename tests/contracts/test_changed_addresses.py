"""Rule 2 against whoever keeps accounts: an account that gets another address reads nothing that was sealed before."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from contracts.actions import bids
from contracts.models import Bid, SealedEvent
from core.clock import move_forward
from core.errors import Denied
from people.actions import correct
from people.models import User
from tests.cast import Cast, cast
from tests.contracts.changing import amended, confirmed
from tests.contracts.market import bids_on, opened, published
from tests.contracts.test_nobody_cheats import as_

__all__ = ["cast"]

pytestmark = pytest.mark.django_db

SPY = "spy@haier.example"
PLAN = "Vacuum panels from Hefei"


def taken_over(cast: Cast, person: User) -> User:
    """HR gives somebody's account an address at which HR reads the mail."""
    move_forward(timedelta(minutes=1))
    return User.objects.get(pk=correct(person=person, changes={"email": SPY}, by=cast.hua).pk)


def sealed_and_taken_over(cast: Cast) -> tuple[Bid, User]:
    """Amara's sealed bid, and her account in other hands."""
    bid = bids_on(published(cast), cast.cold_chain, cast.amara, price_minor=73_123_45, plan=PLAN)
    return bid, taken_over(cast, cast.amara)


def test_what_was_sealed_before_is_closed_to_the_account_and_to_no_other(cast: Cast) -> None:
    bid, amara = sealed_and_taken_over(cast)
    deeds = SealedEvent.objects.count()
    with pytest.raises(Denied, match="stays closed to you until it is opened"):
        bids.read_own_bid(bid=bid, by=amara)
    assert SealedEvent.objects.count() == deeds
    api = as_(amara).get(f"/api/v1/bids/{bid.pk}/")
    assert api.status_code == 403
    assert "7312345" not in api.content.decode()


def test_the_page_says_why_and_lets_the_bid_be_replaced(cast: Cast) -> None:
    bid, amara = sealed_and_taken_over(cast)
    browser, address = as_(amara), reverse("bid_submit", args=[bid.project_id])
    page = browser.get(address)
    text = page.content.decode()
    assert page.status_code == 200
    assert "stays closed to you until it is opened" in text
    assert PLAN not in text
    assert "73,123" not in text
    assert bid.receipt in text
    typed = {"price": "70000", "days": "30", "plan": "Another plan", "seen": "1"}
    assert browser.post(address, typed).status_code == 303
    assert "Another plan" in browser.get(address).content.decode()


def test_a_stale_bid_is_not_confirmed_unread(cast: Cast) -> None:
    project = published(cast)
    bid = bids_on(project, cast.cold_chain, cast.amara, price_minor=73_123_45, plan=PLAN)
    amended(cast, project)
    amara = taken_over(cast, cast.amara)
    page = as_(amara).get(reverse("bid_submit", args=[project.pk])).content.decode()
    assert 'aria-disabled="true" title="The address of your account changed' in page
    with pytest.raises(Denied):
        confirmed(bid, amara)


def test_after_the_opening_it_is_read_like_any_other(cast: Cast) -> None:
    project = published(cast)
    bid = bids_on(project, cast.cold_chain, cast.amara, plan=PLAN)
    amara = taken_over(cast, cast.amara)
    opened(project)
    assert bids.read_own_bid(bid=bid, by=amara).plan == PLAN


def test_the_database_remembers_the_change_and_nobody_takes_it_back(cast: Cast) -> None:
    bid, amara = sealed_and_taken_over(cast)
    changed = amara.address_changed_at
    assert changed is not None
    assert changed > bid.submitted_at
    with connection.cursor() as cursor:
        cursor.execute("UPDATE people_user SET address_changed_at = NULL, name = 'Amara' WHERE id = %s", [amara.pk])
    amara.refresh_from_db()
    assert (amara.name, amara.address_changed_at) == ("Amara", changed)


def test_other_corrections_close_nothing(cast: Cast) -> None:
    bid = bids_on(published(cast), cast.cold_chain, cast.amara, plan=PLAN)
    amara = correct(person=cast.amara, changes={"location": "Hefei", "email": cast.amara.email}, by=cast.hua)
    assert bids.read_own_bid(bid=bid, by=amara).plan == PLAN
