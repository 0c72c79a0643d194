"""From text to values that lose nothing, and back: JSON with exact decimals, instants with their offset, paths."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NoReturn

from babel.numbers import get_currency_precision

from contracts.ocds.values import Problem

LARGEST_MINOR = 10**15
"""The largest amount that is read: what is imported moves nothing, so it may be more than the market's deeds move."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_STEPS = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


def _(sentence: str) -> str:
    """Mark a sentence for the message catalogue without translating it here."""
    return sentence


class Unreadable(Exception):
    """The text is not the JSON we can read; carries the problem."""

    def __init__(self, sentence: str, **figures: str | int) -> None:
        super().__init__(sentence)
        self.problem = Problem("$", sentence, figures)


def parse(source: bytes | str) -> Any:
    """JSON with exact decimals. Raises Unreadable.

    NaN and repeated names are refused: two readers would understand them differently.
    """
    try:
        text = source if isinstance(source, str) else source.decode()
        return json.loads(
            text.removeprefix("\ufeff"),
            parse_float=Decimal,
            parse_int=_whole,
            parse_constant=_no_number,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError as error:
        sentence = _("The file is not UTF-8 text: byte %(byte)s cannot be read. Save it as UTF-8.")
        raise Unreadable(sentence, byte=error.start + 1) from None
    except json.JSONDecodeError as error:
        sentence = _("The file is not JSON: line %(line)s, column %(column)s (%(detail)s). Mend the text there.")
        raise Unreadable(sentence, line=error.lineno, column=error.colno, detail=error.msg) from None
    except RecursionError:
        raise Unreadable(_("The file is nested too deeply to be a release package.")) from None


def _whole(digits: str) -> int | Decimal:
    """A whole number; one with absurdly many digits stays a decimal, which the amount check then refuses."""
    return int(digits) if len(digits) <= 30 else Decimal(digits)


def _no_number(constant: str) -> NoReturn:
    sentence = _("The file is not JSON: %(constant)s is not a JSON value. Write a number or null.")
    raise Unreadable(sentence, constant=constant)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    node = dict(pairs)
    if len(node) != len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(_("An object has the field “%(name)s” twice. Keep the one that is meant."), name=twice)
    return node


def write(value: Any) -> str:
    """JSON with exact decimals, in the order of the values: what `parse` reads gives them back, digit by digit.

    Raises TypeError for what JSON has no word for, floats included: they have lost what they were.
    """
    match value:
        case None | bool() | int() | str():
            return json.dumps(value, ensure_ascii=False)
        case Decimal():
            return format(value, "f")
        case dict():
            return (
                "{" + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{write(v)}" for name, v in value.items()) + "}"
            )
        case list():
            return "[" + ",".join(map(write, value)) + "]"
    raise TypeError(f"{type(value).__name__} cannot be written exactly")


def join(path: str, *steps: str | int) -> str:
    """The path some steps further: `releases[2]`, then `releases[2].tender.title`."""
    for step in steps:
        path = f"{path}[{step}]" if isinstance(step, int) else f"{path}.{step}" if path else step
    return path


def place(path: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts `releases[2]` before `releases[10]`."""
    return tuple((int(index or 0), name) for index, name in _STEPS.findall(path))


def instant(text: str) -> datetime | None:
    """An RFC 3339 instant with its offset, or None."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        found = datetime.fromisoformat(text.upper())
        found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found


def storable(text: str) -> bool:
    """Whether a database can keep the text: no U+0000 and no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def kept(node: Any, name: str = "") -> Any:
    """The same values with amounts and fractions as text, in the digits of the file, to be kept as JSON."""
    if isinstance(node, dict):
        return {key: kept(value, key) for key, value in node.items()}
    if isinstance(node, list):
        return [kept(value, name) for value in node]
    exact = isinstance(node, Decimal) or (name == "amount" and isinstance(node, int))
    return str(node) if exact else node


def minor_units(amount: int | Decimal, currency: str) -> int | None:
    """The amount in minor units of its currency, or None when it has more digits than the currency.

    Works on the digits themselves: Decimal's own arithmetic would round at 28 of them. Raises OverflowError above the
    largest that is read.
    """
    _sign, digits, exponent = Decimal(amount).as_tuple()
    if not isinstance(exponent, int):
        return None
    shift = exponent + get_currency_precision(currency)
    if not any(digits):
        return 0
    if len(digits) + shift > len(str(LARGEST_MINOR)):
        raise OverflowError
    whole, rest = (digits, ()) if shift >= 0 else (digits[:shift], digits[shift:])
    if any(rest):
        return None
    size = int("".join(map(str, whole)) + "0" * max(shift, 0) or "0")
    if size > LARGEST_MINOR:
        raise OverflowError
    return -size if amount < 0 else size
