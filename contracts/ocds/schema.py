"""The shipped release schema, and its broken rules in our own sentences instead of a validator's."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from contracts.ocds.text import _, instant, join
from contracts.ocds.values import Problem

SCHEMA = Path(__file__).parent.parent / "schemas" / "release-schema-1.1.5+bids-1.1.5.json"

_FORMATS = FormatChecker(formats=())
_WRONG_KIND = {
    "string": _("%(value)s is not text. Write text here."),
    "integer": _("%(value)s is not a whole number. Write a whole number here."),
    "number": _("%(value)s is not a number. Write the number without quotation marks."),
    "boolean": _("%(value)s is not true or false. Write one of the two."),
    "array": _("%(value)s is not a list. Write a list here."),
    "object": _("%(value)s is not an object. Write an object here."),
}
_CODES_SHOWN = 20


@_FORMATS.checks("date-time")
def _is_instant(value: object) -> bool:
    return not isinstance(value, str) or instant(value) is not None


@cache
def _validator() -> Draft4Validator:
    return Draft4Validator(json.loads(SCHEMA.read_text(encoding="utf-8")), format_checker=_FORMATS)


def problems(release: object, path: str) -> Iterator[Problem]:
    """Every broken rule of the release schema, the outermost first."""
    for error in sorted(_validator().iter_errors(release), key=lambda error: len(error.absolute_path)):
        yield from _sentences(error, path)


def _sentences(error: ValidationError, path: str) -> Iterator[Problem]:
    path = join(path, *error.absolute_path)
    rule, value = error.validator, shown(error.instance)
    wanted: Any = error.validator_value
    if rule == "required":
        present: Any = error.instance
        for name in (name for name in wanted if name not in present):
            yield Problem(join(path, name), _("This field is missing. OCDS requires it."))
    elif rule == "type" and error.instance is None:
        yield Problem(path, _("This is null. Write a value, or leave the field out if it is not needed."))
    elif rule == "type":
        kind = next(kind for kind in ([wanted] if isinstance(wanted, str) else wanted) if kind != "null")
        yield Problem(path, _WRONG_KIND[kind], {"value": value})
    elif rule == "enum":
        sentence = _("%(value)s is not a code of this list. Use one of: %(codes)s.")
        yield Problem(path, sentence, {"value": value, "codes": _codes(wanted)})
    elif rule == "format":
        sentence = _("%(value)s is not an instant with its offset. Write it like 2021-02-11T19:21:00+05:30.")
        yield Problem(path, sentence, {"value": value})
    elif rule in ("minLength", "minItems"):
        yield Problem(path, _("This field is empty. Give it a value."))
    elif rule == "uniqueItems":
        yield Problem(path, _("The same entry stands twice in this list. Keep one."))
    else:
        yield Problem(path, _("%(value)s breaks the rule “%(rule)s” of OCDS."), {"value": value, "rule": str(rule)})


def _codes(codes: list[str | None]) -> str:
    known = [code for code in codes if code is not None]
    return ", ".join(known[:_CODES_SHOWN]) + (", …" if len(known) > _CODES_SHOWN else "")


def shown(value: object) -> str:
    """A value as it can stand in a sentence: short, text in quotation marks."""
    if isinstance(value, str):
        return f"“{value[:60]}”"
    if isinstance(value, dict):
        return "{…}"
    return "[…]" if isinstance(value, list) else json.dumps(value, default=str)[:60]
