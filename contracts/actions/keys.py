"""Replacing BID_KEY: every project's key is wrapped anew, and no bid is opened for it."""

from typing import Final

from django.db import transaction

from contracts import sealing
from contracts.models import WrappedKey
from core import audit
from people.models import User

AT_ONCE: Final = 500


def wrap_anew(*, by: User | None, after: str = "") -> tuple[str | None, int]:
    """Wrap the next keys under BID_KEY that BID_KEY_BEFORE still opens.

    by: who asked for it; None when whoever runs the market did, without a name. after: the name of the last key that
    was looked at. Returns the last one looked at now (None when there is none left) and how many were wrapped. Killed
    at any point and repeated, it goes on. Raises BrokenSeal for a key that neither opens; nothing of its step
    is written then.
    """
    with transaction.atomic():
        found = list(WrappedKey.objects.select_for_update().filter(pk__gt=after).order_by("pk")[:AT_ONCE])
        anew = []
        for key in found:
            wrapped = sealing.wrapped_anew(key.name, bytes(key.wrapped))
            if wrapped is not None:
                key.wrapped = wrapped
                anew.append(key)
        if anew:
            WrappedKey.objects.bulk_update(anew, ["wrapped"])
            audit.record(by=by, deed="bid_keys.wrapped_anew", subject="bid_keys", about="BID_KEY", rows=len(anew))
    return (found[-1].pk if found else None), len(anew)
