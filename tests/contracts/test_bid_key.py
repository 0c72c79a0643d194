"""BID_KEY is replaced while bids are sealed: nobody opens one for it, and every one still opens in time."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from contracts import sealing
from contracts.models import Bid, SealedTerms, WrappedKey
from core.cipher import BrokenSeal
from core.models import AuditRecord
from tests.cast import Cast, cast
from tests.contracts.market import opened, published, two_bids

__all__ = ["cast"]

pytestmark = pytest.mark.django_db
NEW = b"n" * 32


def wrap_all(*arguments: str) -> str:
    out = StringIO()
    call_command("wrap_bid_keys", *arguments, stdout=out)
    return out.getvalue()


def replace_the_key(settings: Any) -> None:
    settings.BID_KEY, settings.BID_KEY_BEFORE = NEW, settings.BID_KEY


def test_bids_sealed_before_open_after_the_key_was_replaced_and_none_is_touched(cast: Cast, settings: Any) -> None:
    project = published(cast)
    two_bids(cast, project)
    sealed = {row.bid_id: bytes(row.ciphertext) for row in SealedTerms.objects.all()}
    replace_the_key(settings)
    assert f"{WrappedKey.objects.count()} keys were wrapped" in wrap_all("--by", cast.ada.email)
    settings.BID_KEY_BEFORE = None
    assert {row.bid_id: bytes(row.ciphertext) for row in SealedTerms.objects.all()} == sealed
    assert not Bid.objects.opened().exists()
    assert AuditRecord.objects.get(deed="bid_keys.wrapped_anew").actor_id == str(cast.ada.pk)
    assert {bid.price_minor for bid in opened(project).bids.opened()} == {80_000_00, 90_000_00}


def test_while_the_key_is_being_replaced_people_go_on_bidding(cast: Cast, settings: Any) -> None:
    before = published(cast)
    replace_the_key(settings)
    after = published(cast, title="More boxes")
    for project in (before, after):
        two_bids(cast, project)
    settings.BID_KEY_BEFORE = None
    with pytest.raises(BrokenSeal):
        sealing.open_all(before.bids.select_related("sealed"), before.pk)
    assert len(sealing.open_all(after.bids.select_related("sealed"), after.pk)) == 2


def test_a_second_run_wraps_nothing_and_a_lost_key_is_said(cast: Cast, settings: Any) -> None:
    published(cast)
    replace_the_key(settings)
    wrap_all()
    assert "0 keys were wrapped" in wrap_all()
    settings.BID_KEY, settings.BID_KEY_BEFORE = b"x" * 32, None
    with pytest.raises(CommandError, match="neither BID_KEY nor BID_KEY_BEFORE"):
        wrap_all()
    with pytest.raises(CommandError, match="Nobody has the address"):
        wrap_all("--by", "nobody@haier.example")
