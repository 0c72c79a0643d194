"""Form fields of this room, and how a refusal of an action is shown beside the field it speaks of."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from babel.numbers import NumberFormatError, format_decimal, parse_decimal
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import money
from core.errors import DomainError


def refuse(form: forms.BaseForm, refusal: DomainError, names: Mapping[str, str] | None = None) -> None:
    """Show a refusal beside its field, or on top of the form; `names` maps the action's field names to the form's."""
    field = (names or {}).get(refusal.field or "", refusal.field)
    form.add_error(field if field in form.fields else None, str(refusal.sentence))


class PercentField(forms.CharField):
    """A percentage with at most two decimals, as basis points."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=12, **options)
        self.widget.attrs.update({"inputmode": "decimal", "autocomplete": "off"})

    def clean(self, value: Any) -> Any:
        text = str(super().clean(value) or "").strip().rstrip("%％").strip()
        if not text:
            return None
        try:
            points = parse_decimal(text, locale=money.locale_name(), strict=True).scaleb(2)
        except (NumberFormatError, ValueError, ArithmeticError):
            raise ValidationError(_("Write the percentage in digits, for example 12.5.")) from None
        if points != points.to_integral_value() or not 0 <= points <= 10_000:
            raise ValidationError(_("A percentage lies between 0 and 100 and has at most two decimals."))
        return int(points)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, int):
            return value
        return format_decimal(Decimal(value).scaleb(-2).normalize(), locale=money.locale_name())


def words(rows: int = 3) -> forms.Textarea:
    """A control for a few lines of text."""
    return forms.Textarea(attrs={"rows": rows})


class DayField(forms.DateField):
    """A calendar date, chosen with the browser's own control."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        options.setdefault("input_formats", ["%Y-%m-%d"])
        options.setdefault("error_messages", {"invalid": gettext_lazy("Write the date as 2026-11-30.")})
        super().__init__(**options)


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=gettext_lazy("Reason"), widget=words(3), max_length=1000)
