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
from core.errors import DomainError, Invalid
from people.models import Skill

MOST_SKILLS = 12
SUGGESTIONS = 3


def refuse(form: forms.BaseForm, refusal: DomainError, names: Mapping[str, str] | None = None) -> None:
    """Show a refusal beside its field, or on top of the form; `names` maps the action's field names to the form's."""
    field = (names or {}).get(refusal.field or "", refusal.field)
    form.add_error(field if field in form.fields else None, str(refusal.sentence))


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


class SkillsField(forms.CharField):
    """Skills by their ESCO names, one per line. Unknown names are answered with the nearest known ones."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.Textarea(attrs={"rows": 3}))
        super().__init__(required=False, **options)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else "\n".join(str(item) for item in value or ())

    def clean(self, value: Any) -> list[Skill]:
        lines = str(super().clean(value) or "").splitlines()
        wanted = {line.strip().upper(): line.strip() for line in lines if line.strip()}
        if len(wanted) > MOST_SKILLS:
            raise ValidationError(_("Name at most %(count)s skills.") % {"count": MOST_SKILLS})
        known = {skill.label.upper(): skill for skill in Skill.objects.filter(label__in=list(wanted.values()))}
        for name in [name for key, name in wanted.items() if key not in known]:
            exact = Skill.objects.filter(label__iexact=name).first()
            if exact is None:
                raise ValidationError(_unknown_skill(name))
            known[exact.label.upper()] = exact
        return [known[key] for key in wanted]


def _unknown_skill(name: str) -> str:
    like = Skill.objects.filter(label__icontains=name.split()[0]).order_by("label")
    near = list(like.values_list("label", flat=True)[:SUGGESTIONS])
    if not near:
        return _("“%(name)s” is not a skill of the ESCO list. Try another word for it.") % {"name": name}
    return _("“%(name)s” is not a skill of the ESCO list. Near it: %(near)s.") % {"name": name, "near": "; ".join(near)}


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
