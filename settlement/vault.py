"""Bank details at rest: AES-256-GCM under `settings.PAYOUT_KEY`. This file alone knows the key.

Associated data tie a ciphertext to its row and person, so that nobody's account can be put in another's place.
Everything is padded to one size: a length tells nothing. Only `actions.payouts` seals, and only `payout_files` opens,
for a file whose writing stands in the audit trail (an import contract says so). Never log, cache or show what passes
through here.
"""

import json
import secrets
from dataclasses import asdict
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.translation import gettext as _

from core.errors import Conflict
from settlement.bank import Account

NONCE_BYTES: Final = 12
LENGTH_BYTES: Final = 4
SIZE: Final = 1024
"""Of every sealed account: a holder of 140 characters fits in any script."""


class Unreadable(Conflict):
    """A ciphertext does not belong here, was changed, or PAYOUT_KEY is not the one it was sealed with."""

    code = "unreadable-bank-details"


def seal(account: Account, *, row: UUID, person: UUID) -> bytes:
    """The account as it is stored in a row of a person."""
    raw = json.dumps(asdict(account), ensure_ascii=False).encode()
    if len(raw) > SIZE - LENGTH_BYTES:
        raise ValueError("too long to be sealed at the common size")
    padded = (len(raw).to_bytes(LENGTH_BYTES, "big") + raw).ljust(SIZE, b"\0")
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(settings.PAYOUT_KEY).encrypt(nonce, padded, _place(row, person))


def open_sealed(sealed: bytes, *, row: UUID, person: UUID) -> Account:
    """What `seal` was given. Raises Unreadable."""
    try:
        padded = AESGCM(settings.PAYOUT_KEY).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _place(row, person))
    except InvalidTag:
        raise Unreadable(
            _(
                "Somebody's bank details cannot be opened: PAYOUT_KEY is not the one they were stored with, or they "
                "were moved. Whoever runs the market restores the key; nothing was written."
            )
        ) from None
    length = int.from_bytes(padded[:LENGTH_BYTES], "big")
    return Account(**json.loads(padded[LENGTH_BYTES : LENGTH_BYTES + length]))


def _place(row: UUID, person: UUID) -> bytes:
    return f"bank:{row}:{person}".encode()
