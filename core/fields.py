"""Form fields that every room uses."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import ModelChoiceIterator

from core import money
from core.errors import Invalid
from core.prepared import Asked


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


class _Few(ModelChoiceIterator[Any]):
    """All choices read at once, by the statement that was made when they were read first."""

    def __iter__(self) -> Iterator[Any]:
        if self.field.empty_label is not None:
            yield ("", self.field.empty_label)
        shape = ("choices", self.queryset.model._meta.label, *self.queryset.query.order_by)
        yield from map(self.choice, Asked(self.queryset.all, shape).rows())


class FewField(forms.ModelChoiceField[Any]):
    """A choice among all rows of a small table, in an order. Its queryset has no other condition."""

    iterator = _Few
