"""Odd input is answered with a sentence or with the first page, never with a broken page."""

import base64
import json

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from contracts.forms.fields import LocalTimeField
from core import money
from core.clock import market_now
from core.errors import Invalid
from core.paging import page
from microenterprises.forms.fields import PercentField
from microenterprises.models import Microenterprise, Seat
from tests.cast import Cast, cast, firm, person
from tests.contracts import market

__all__ = ["cast"]


@pytest.mark.parametrize("typed", ["sNaN", "NaN", "Infinity", "1e999999", "1e99999999999", "1" * 39])
def test_what_is_no_amount_gets_a_sentence(typed: str) -> None:
    with pytest.raises(Invalid):
        money.parse(typed, "CNY")


@pytest.mark.parametrize("typed", ["sNaN", "NaN", "1e999999", "-1"])
def test_what_is_no_percentage_gets_a_sentence(typed: str) -> None:
    with pytest.raises(ValidationError):
        PercentField().clean(typed)


@pytest.mark.parametrize("typed", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_the_ends_of_the_calendar_are_no_deadline(typed: str) -> None:
    with pytest.raises(ValidationError):
        LocalTimeField().clean(typed)


def packed(values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.django_db
def test_a_cursor_made_by_hand_gives_the_first_page(cast: Cast) -> None:
    rows = Microenterprise.objects.all()
    first = page(rows, order=("name", "id"), size=1)
    for cursor in (packed(["x", "y"]), packed(["a\0", "b"]), packed("[" * 3000), "é", "-", f"{first.after}x"):
        assert page(rows, order=("name", "id"), size=1, cursor=cursor).rows == first.rows
        assert page(rows, order=("-launched_at", "id"), size=1, cursor=first.after).before is None
    second = page(rows, order=("name", "id"), size=1, cursor=first.after)
    assert second.rows != first.rows
    assert page(rows, order=("name", "id"), size=1, cursor=second.before).rows == first.rows


@pytest.mark.django_db
def test_a_cursor_of_the_api_made_by_hand_is_not_found(cast: Cast) -> None:
    for n in range(2):
        firm(f"Spare {n}", cast.platform, person(f"Spare{n}"))
    market.published(cast)
    client = Client()
    client.force_login(cast.lin)
    for position in ("garbage", "2026-99-01", "a%00b"):
        cursor = base64.b64encode(f"p={position}".encode()).decode()
        assert client.get("/api/v1/projects/", {"cursor": cursor}).status_code == 404, position


@pytest.mark.django_db
def test_a_search_for_people_passes_over_a_zero_byte(cast: Cast) -> None:
    seat = Seat.objects.create(
        microenterprise=cast.cold_chain,
        role="Analyst",
        customer_outcome="Alarms are real",
        opened_at=market_now(),
        opened_by=cast.amara,
    )
    client = Client()
    client.force_login(cast.amara)
    assert "Sol" in client.get(reverse("seat_invite", args=[seat.pk]), {"q": "so\0l"}).content.decode()
