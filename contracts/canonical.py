"""Canonical JSON (RFC 8785) and its SHA-256: the same words always make the same bytes, in any program.

Money is written as text by the caller (`core.money.plain`); floats are refused here, because two programs may read one
differently. Text is brought to Unicode NFC. No nouns of the market belong here: see `contracts.wording`.
"""

import hashlib
import unicodedata
from typing import Any

import rfc8785

LARGEST_EXACT = 2**53 - 1
"""Above it a JSON number is not exact in every reader (RFC 8785 section 3.2.2.3)."""


def canonical(value: Any) -> str:
    """The canonical JSON text of plain values: dict, list, tuple, str, int, bool, None.

    Raises TypeError for anything else, floats included, and ValueError for an integer that JSON cannot carry exactly.
    """
    return rfc8785.dumps(_plain(value)).decode("utf-8")


def sha256(text: str) -> str:
    """The SHA-256 of the text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return unicodedata.normalize("NFC", str(value))
    if isinstance(value, int):
        if abs(value) > LARGEST_EXACT:
            raise ValueError(f"{value} is too large for a JSON number; write it as text")
        return value
    if isinstance(value, dict):
        return _object(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form here; write it as text or an integer")


def _object(value: dict[Any, Any]) -> dict[str, Any]:
    if not all(isinstance(key, str) for key in value):
        raise TypeError("the names of an object are text")
    found = {unicodedata.normalize("NFC", key): _plain(item) for key, item in value.items()}
    if len(found) != len(value):
        raise ValueError("two names of an object are the same text after normalisation")
    return found
