"""Form fields that every room uses."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from core import money
from core.errors import Invalid


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
