"""Form fields that every room uses."""

from collections.abc import Hashable, Iterator
from copy import deepcopy
from time import monotonic
from typing import Any, Final, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import TextField
from django.db.models.functions import Cast
from django.forms.models import ModelChoiceIterator

from core import money
from core.errors import Invalid
from core.prepared import Asked

MOMENT: Final = 5.0
"""How many seconds the choices of a small table are good for."""
_LATELY: Final[dict[Hashable, tuple[float, list[tuple[str, str]]]]] = {}
F = TypeVar("F", bound=type[forms.Form])


class MoneyField(forms.CharField):
    """An amount typed in the reader's locale, as minor units of `currency`."""

    def __init__(self, *, currency: str = "", **options: Any) -> None:
        super().__init__(max_length=40, **options)
        self.currency = currency
        self.widget.attrs.update({"inputmode": "decimal", "autocomplete": "off"})

    def clean(self, value: Any) -> Any:
        # Not in to_python: what was typed is checked as text first, its length for example.
        text = super().clean(value)
        if not text:
            return None
        try:
            return money.parse(str(text), self.currency)
        except Invalid as wrong:
            raise ValidationError(str(wrong)) from None

    def prepare_value(self, value: Any) -> Any:
        return money.write_number(value, self.currency) if isinstance(value, int) else value


class ReadOnly(dict[str, forms.Field]):
    """Fields of a form that only reads an address: `@shares_fields` has every form of the class use the same ones."""

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, forms.Field]:
        return {name: deepcopy(each, memo) if isinstance(each, _CHANGES) else each for name, each in self.items()}


def shares_fields(form: F) -> F:
    """Django copies every field for every form, in case it is changed. Here none is but those in `_CHANGES`."""
    form.base_fields = ReadOnly(form.base_fields)
    return form


class _Few(ModelChoiceIterator[Any]):
    """All choices read at once, and not again for a moment: a form that was opened a moment ago offers the same."""

    field: "FewField"

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        if self.field.empty_label is not None:
            yield ("", self.field.empty_label)
        label, order = self.field.label_column, self.queryset.query.order_by
        asked: Asked[tuple[str, str]] = Asked(
            lambda: self.queryset.values_list(Cast("pk", TextField()), label),
            ("choices", self.queryset.model._meta.label, label, *order),
            make=lambda row: (row[0], row[1]),
        )
        yield from _lately(asked, connections[self.queryset.db])


def _lately(asked: Asked[tuple[str, str]], connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    """Rows as they are, or were a moment ago; a transaction sees what it sees itself."""
    if connection.in_atomic_block:
        return asked.rows()
    key = connection.settings_dict["NAME"], asked.shape
    read_at, rows = _LATELY.get(key, (-MOMENT, []))
    if monotonic() - read_at >= MOMENT:
        rows = asked.rows()
        _LATELY[key] = monotonic(), rows
    return rows


_CHANGES: Final = MoneyField, forms.ModelChoiceField
"""A currency is put into the first; the others keep the rows they have read."""


class FewField(forms.ModelChoiceField[Any]):
    """A choice among all rows of a small table, in an order. Its queryset has no other condition.

    label_column: the column of what they are called.
    """

    iterator = _Few

    def __init__(self, *, label_column: str, **options: Any) -> None:
        self.label_column = label_column
        super().__init__(**options)
