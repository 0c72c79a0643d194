"""Bank details at rest: AES-256-GCM under `settings.PAYOUT_KEY`. This file alone knows the keys.

While the key is being replaced, `settings.PAYOUT_KEY_BEFORE` still opens what the older one sealed; nothing is sealed
with it any more, and `sealed_anew` says what has to be stored so that it is not needed (docs/deploy.md).

Associated data tie a ciphertext to its row and person, so that nobody's account can be put in another's place.
Everything is padded to one size: a length tells nothing. Only `actions.payouts` seals, and only `payout_files` opens,
for a file whose writing stands in the audit trail (an import contract says so). Never log, cache or show what passes
through here.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from core.cipher import BrokenSeal, decrypt, encrypt, padded, unpadded
from core.errors import Conflict
from settlement.bank import Account

SIZE: Final = 1024
"""Of every sealed account: a holder of 140 characters fits in any script."""


class Unreadable(Conflict):
    """A ciphertext does not belong here, was changed, or neither key is the one it was sealed with."""

    code = "unreadable-bank-details"


def seal(account: Account, *, row: UUID, person: UUID) -> bytes:
    """The account as it is stored in a row of a person."""
    told = json.dumps(asdict(account), ensure_ascii=False)
    return encrypt(settings.PAYOUT_KEY, padded(told, SIZE), _place(row, person))


def open_sealed(sealed: bytes, *, row: UUID, person: UUID) -> Account:
    """What `seal` was given. Raises Unreadable."""
    told = _decrypted(sealed, _place(row, person), _keys())
    if told is None:
        raise Unreadable(
            _(
                "Somebody's bank details cannot be opened: PAYOUT_KEY is not the one they were stored with, or they "
                "were moved. Whoever runs the market restores the key; nothing was written."
            )
        )
    return Account(**json.loads(unpadded(told)))


def sealed_anew(sealed: bytes, *, row: UUID, person: UUID) -> bytes | None:
    """The same under PAYOUT_KEY, or None when it is sealed with it already. Raises Unreadable."""
    place = _place(row, person)
    if _decrypted(sealed, place, [settings.PAYOUT_KEY]) is not None:
        return None
    return seal(open_sealed(sealed, row=row, person=person), row=row, person=person)


def _keys() -> list[bytes]:
    """What may have sealed, the likeliest first."""
    return [settings.PAYOUT_KEY, *([settings.PAYOUT_KEY_BEFORE] if settings.PAYOUT_KEY_BEFORE else [])]


def _decrypted(sealed: bytes, place: str, keys: Sequence[bytes]) -> bytes | None:
    """What was sealed with one of some keys; None when it was none of them."""
    for key in keys:
        with suppress(BrokenSeal):
            return decrypt(key, sealed, place)
    return None


def _place(row: UUID, person: UUID) -> str:
    return f"bank:{row}:{person}"
