"""Forms of the settlement pages: filters of lists, the date of a night started by hand."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid
from core.fields import MoneyField
from settlement.bank import CLEARING, LONGEST_HOLDER, Account, read_account
from settlement.models import Outcome, Payment, SettlementRun, StatementLine


class RunFilter(forms.Form):
    """Runs by state, and those with something to mend."""

    status = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *SettlementRun.Status.choices]
    )
    trouble = forms.ChoiceField(
        label=_("Exceptions"),
        required=False,
        choices=[("", _("With and without")), ("yes", _("With exceptions")), ("no", _("Without"))],
    )


class OutcomeFilter(forms.Form):
    """The MEs of a night by name, by how their date ended, and by whether it was an earlier one."""

    q = forms.CharField(label=_("Search"), required=False, max_length=120)
    state = forms.ChoiceField(label=_("How it ended"), required=False, choices=[("", _("All")), *Outcome.State.choices])
    late = forms.ChoiceField(
        label=_("Date"),
        required=False,
        choices=[("", _("All dates")), ("no", _("This date")), ("yes", _("Earlier dates, mended"))],
    )


class StatementFilter(forms.Form):
    """A statement by fiscal year and kind of line."""

    year = forms.ChoiceField(label=_("Year"), required=False)
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All kinds")), *StatementLine.Kind.choices]
    )

    def __init__(self, *args: Any, years: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["year"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("This year")), *((str(year), str(year)) for year in years)]


class PlanForm(forms.Form):
    """A planned profit of a fiscal year, to see what it would bring."""

    plan = MoneyField(label=_("Planned profit of the fiscal year"))

    def __init__(self, data: Any = None, *, currency: str, key: object) -> None:
        super().__init__(data, auto_id=f"{key}-%s")
        field = self.fields["plan"]
        assert isinstance(field, MoneyField)
        field.currency = currency


class StartForm(forms.Form):
    """Which date that is over is settled by hand."""

    date = forms.DateField(label=_("Business date"))


def years_since(joined: date | None, this: int) -> list[int]:
    """The years before this one that a reader may choose, newest first; ten at most."""
    first = joined.year if joined else this
    return list(range(this - 1, max(first, this - 10) - 1, -1))


class LowerPayForm(forms.Form):
    """What a full month of pay that waits was meant to be, and why."""

    monthly = MoneyField(label=_("For a full month"))
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Your ME and the auditor read it."), widget=forms.TextInput
    )

    def __init__(self, data: Any = None, *, currency: str) -> None:
        super().__init__(data)
        field = self.fields["monthly"]
        assert isinstance(field, MoneyField)
        field.currency = currency


# --- Payouts ----------------------------------------------------------------------------------------------------------


class CreatePayoutForm(forms.Form):
    """In which currency people are to be paid."""

    currency = forms.RegexField(label=_("Currency"), regex=r"^[A-Z]{3}$")


class PaymentFilter(forms.Form):
    """The payments of a payout by name and state."""

    q = forms.CharField(label=_("Search"), required=False, max_length=120)
    status = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *Payment.Status.choices]
    )


class RejectForm(forms.Form):
    """Why the bank did not pay."""

    reason = forms.CharField(
        label=_("The bank's reason"),
        max_length=300,
        help_text=_("The person reads it too. No account numbers here."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class BankDetailsForm(forms.Form):
    """Where somebody is paid. Always empty at first: what is stored is shown to nobody."""

    holder = forms.CharField(
        label=_("Account holder"),
        max_length=LONGEST_HOLDER,
        help_text=_("The name as your bank writes it, in the script your bank uses."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    iban = forms.CharField(
        label=_("IBAN"), max_length=60, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    number = forms.CharField(
        label=_("Account number"), max_length=60, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    bic = forms.CharField(
        label=_("BIC of the bank"), max_length=20, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    clearing_system = forms.ChoiceField(
        label=_("Kind of bank code"),
        required=False,
        choices=[("", _("None")), *((code, system.label) for code, system in CLEARING.items())],
    )
    clearing_code = forms.CharField(
        label=_("Bank code"), max_length=20, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    currency = forms.ChoiceField(label=_("Used for"), required=False)

    def __init__(self, *args: Any, currencies: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["currency"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("All payments")), *((code, code) for code in currencies)]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not self.errors:
            parts = ("holder", "iban", "number", "bic", "clearing_system", "clearing_code")
            try:
                found["account"] = read_account(**{name: found[name] for name in parts})
            except Invalid as wrong:
                self.add_error(wrong.field, str(wrong.sentence))
        return found

    @property
    def account(self) -> Account:
        """What was typed, once it is valid."""
        account: Account = self.cleaned_data["account"]
        return account
