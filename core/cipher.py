"""How things are sealed: AES-256-GCM tied to a place, padded to a common size. Keys belong to whoever calls.

Associated data name the place that a ciphertext was made for, so that it opens nowhere else. What is padded tells
nothing by its length.
"""

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
LENGTH_BYTES: Final = 4
"""What of a padded text says how long it is; the rest is room."""


class BrokenSeal(Exception):
    """A ciphertext does not belong here, was changed, or the key is not the one it was sealed with."""


def encrypt(key: bytes, plain: bytes, place: str) -> bytes:
    """The ciphertext of `plain` for one place, its nonce in front. key: 32 bytes."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, place.encode())


def decrypt(key: bytes, sealed: bytes, place: str) -> bytes:
    """What `encrypt` was given for this place. Raises BrokenSeal."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
    except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
        raise BrokenSeal(
            "this ciphertext cannot be opened here: it was moved, changed, or the key is another"
        ) from None


def padded(text: str, size: int) -> bytes:
    """A text in UTF-8 at the common size. Raises ValueError when it is longer than that."""
    raw = text.encode()
    if len(raw) > size - LENGTH_BYTES:
        raise ValueError("too long to be sealed at the common size")
    return (len(raw).to_bytes(LENGTH_BYTES, "big") + raw).ljust(size, b"\0")


def unpadded(plain: bytes) -> str:
    """The text of `padded`."""
    length = int.from_bytes(plain[:LENGTH_BYTES], "big")
    return plain[LENGTH_BYTES : LENGTH_BYTES + length].decode()
