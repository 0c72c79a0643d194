"""Which filters an export takes: forms that read an address. They say what is missing or wrong; they decide nothing."""

from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from core.clock import business_date
from ledger import reports
from ledger.accounts import Book, Kind
from people.models import User
from settlement.facts import fiscal_year_of
from settlement.forms import OutcomeFilter
from settlement.models import StatementLine

BOOKS = [(Book.REAL.value, _("What is owed")), (Book.SHADOW.value, _("Terms on trial"))]


def day_field(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    """A date as the browser's own picker gives it."""
    return forms.DateField(
        label=label, required=required, help_text=help_text, widget=forms.DateInput(attrs={"type": "date"})
    )


def in_order(form: forms.Form, cleaned: dict[str, Any]) -> dict[str, Any]:
    """The same values; a last date before the first one is an error."""
    since, until = cleaned.get("since"), cleaned.get("until")
    if since and until and since > until:
        form.add_error("until", _("This date lies before the first one."))
    return cleaned


class AskedForm(forms.Form):
    """Filters with their defaults written out, so that the page shows what a file would hold."""

    def __init__(self, data: Any, *, user: User, today: date | None = None) -> None:
        self.user = user
        self.today = today or business_date()
        filled = QueryDict(mutable=True)
        filled.update({name: value for name, value in self.defaults().items() if value})
        for name in data:
            if name in self.base_fields and data.get(name):
                filled[name] = data[name]
        super().__init__(filled)

    def defaults(self) -> dict[str, str]:
        """What is meant when nothing is said."""
        return {}

    def asked(self) -> dict[str, str]:
        """The filters as they are kept with an export: plain text, nothing empty."""
        return {name: str(self.data[name]) for name in self.fields if self.data.get(name)}


class BooksForm(AskedForm):
    """Which accounts: of whom, of which kind, in which book."""

    q = forms.CharField(label=_("Entity"), required=False, max_length=120)
    kind = forms.ChoiceField(label=_("Account"), required=False)
    book = forms.ChoiceField(label=_("Book"), choices=BOOKS)
    effective = day_field(
        _("Effective up to"), required=False, help_text=_("Leaves out what takes effect later. Empty: everything.")
    )
    entity = forms.ChoiceField(label=_("Entity"), required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            chart = [(kind.value, str(kind.label).capitalize()) for kind in Kind]
            self._choices("kind", [("", _("All accounts")), *chart])
        number = str(self.data.get("entity", ""))
        name = (
            reports.entity_name(int(number)) if number.isascii() and number.isdecimal() and len(number) < 18 else None
        )
        self._choices("entity", [(number, name)] if name else [])

    def defaults(self) -> dict[str, str]:
        return {"book": Book.REAL.value}

    def _choices(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        """Adds entity_ids and kinds (None: all of them)."""
        cleaned = super().clean() or {}
        cleaned["book"] = Book(cleaned.get("book") or Book.REAL)
        cleaned["kinds"] = [Kind(cleaned["kind"])] if cleaned.get("kind") else None
        cleaned["effective"] = cleaned.get("effective")
        cleaned["entity_ids"] = self._entity_ids(cleaned)
        cleaned["filters"] = "&".join(f"{name}={value}" for name, value in self.asked().items())
        return in_order(self, cleaned)

    @staticmethod
    def _entity_ids(cleaned: dict[str, Any]) -> list[int] | None:
        if cleaned.get("entity"):
            return [int(cleaned["entity"])]
        name = (cleaned.get("q") or "").strip()
        return reports.entities_named(name) if name else None


class LedgerForm(BooksForm):
    """The general ledger: what was posted in a range of dates."""

    since = day_field(_("Posted from"))
    until = day_field(_("Posted to"))

    field_order: tuple[str, ...] = ("since", "until", "q", "kind", "book", "effective")

    def defaults(self) -> dict[str, str]:
        return {
            **super().defaults(),
            "since": self.today.replace(day=1).isoformat(),
            "until": self.today.isoformat(),
        }


class TrialForm(BooksForm):
    """A trial balance: what stands in the accounts at the end of a date."""

    as_of = day_field(_("At the end of"))

    field_order: tuple[str, ...] = ("as_of", "q", "kind", "book", "effective")

    def defaults(self) -> dict[str, str]:
        return {**super().defaults(), "as_of": self.today.isoformat()}


class AccountForm(AskedForm):
    """The lines of one account in a range of dates."""

    since = day_field(_("Posted from"))
    until = day_field(_("Posted to"))

    def defaults(self) -> dict[str, str]:
        return {"since": self.today.replace(day=1).isoformat(), "until": self.today.isoformat()}

    def clean(self) -> dict[str, Any]:
        """Refuses a range that ends before it begins."""
        return in_order(self, super().clean() or {})


class JournalForm(LedgerForm):
    """A journal: whole transactions, so neither a kind of account nor an effect can be left out."""

    kind = None  # type: ignore[assignment]  # Django's way to take a field away
    effective = None  # type: ignore[assignment]

    field_order = ("since", "until", "q", "book")


class RunForm(AskedForm, OutcomeFilter):
    """The report of a night with the filters of its page."""

    day = forms.DateField(label=_("Business date"), widget=forms.HiddenInput)


class LinesForm(AskedForm):
    """Every line of a night."""

    day = forms.DateField(label=_("Business date"), widget=forms.HiddenInput)


class StatementForm(AskedForm):
    """A person's statement by year and kind of line."""

    person = forms.UUIDField(label=_("Person"), widget=forms.HiddenInput)
    year = forms.TypedChoiceField(label=_("Year"), required=False, coerce=int, empty_value=None)
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All kinds")), *StatementLine.Kind.choices]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.first = fiscal_year_of(self.today)
        years = [(str(year), str(year)) for year in range(self.first.year, self.first.year - 20, -1)]
        field = self.fields["year"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("This year")), *years]

    def defaults(self) -> dict[str, str]:
        return {"person": str(self.user.pk)}

    def clean(self) -> dict[str, Any]:
        """Adds since and before, the bounds of the fiscal year."""
        cleaned = super().clean() or {}
        since = self.first.replace(year=cleaned.get("year") or self.first.year)
        return cleaned | {"since": since, "before": since.replace(year=since.year + 1)}


class FirmForm(AskedForm):
    """The nights of an ME in a range of dates."""

    me = forms.UUIDField(label=_("Microenterprise"), widget=forms.HiddenInput)
    since = day_field(_("Posted from"))
    until = day_field(_("Posted to"))

    def defaults(self) -> dict[str, str]:
        return {"since": fiscal_year_of(self.today).isoformat(), "until": self.today.isoformat()}

    def clean(self) -> dict[str, Any]:
        """Refuses a range that ends before it begins."""
        return in_order(self, super().clean() or {})
