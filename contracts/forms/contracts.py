"""Forms of the contract pages: shape in, nothing decided. Amounts are read in the reader's own notation."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import Contract, Milestone, Rating
from contracts.models.contracts import Party
from core.fields import MoneyField
from microenterprises.models import Microenterprise
from people.models import User

ROWS_TO_ADD = 3


class ContractFilter(forms.Form):
    """The filters of the list; the address is the state."""

    q = forms.CharField(label=gettext_lazy("Search titles and parties"), required=False, max_length=100)
    state = forms.ChoiceField(
        label=gettext_lazy("State"), required=False, choices=[("", gettext_lazy("Any")), *Contract.Status.choices]
    )
    side = forms.ChoiceField(
        label=gettext_lazy("Our side"),
        required=False,
        choices=[("", gettext_lazy("Any")), *Party.choices],
    )
    me = forms.ChoiceField(label=gettext_lazy("Microenterprise"), required=False)

    def __init__(self, data: Any, *, firms: list[Microenterprise]) -> None:
        super().__init__(data)
        choices = [("", str(gettext_lazy("All of mine"))), *((str(firm.pk), firm.name) for firm in firms)]
        self._field("me").choices = choices
        if len(firms) < 2:
            del self.fields["me"]
        if not firms:
            del self.fields["side"]

    def _field(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        if not isinstance(field, forms.ChoiceField):
            raise TypeError(name)
        return field


class SignForm(forms.Form):
    """Names the hash of the words that were on the page."""

    sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)


class ReasonForm(forms.Form):
    """A reason, for whoever reads the trail later."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


class PartForm(forms.Form):
    """One milestone of a proposed version; a row left or made empty is no milestone."""

    title = forms.CharField(label=gettext_lazy("What is delivered"), max_length=160)
    amount = MoneyField(label=gettext_lazy("Amount"))
    due_on = forms.DateField(
        label=gettext_lazy("Due"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        input_formats=["%Y-%m-%d"],
    )

    def __init__(self, *args: Any, currency: str, **options: Any) -> None:
        super().__init__(*args, **{**options, "empty_permitted": True})
        self.fields["amount"].currency = currency  # type: ignore[attr-defined]

    def has_changed(self) -> bool:
        """Whether anything stands in the row; Django asks before it calls an empty one wrong."""
        return any(str(self.data.get(self.add_prefix(name), "")).strip() for name in self.fields)


PartForms = forms.formset_factory(PartForm, extra=ROWS_TO_ADD, max_num=50, absolute_max=60, validate_max=True)


def asked(parts: forms.BaseFormSet[PartForm]) -> list[tuple[str, int, date]]:
    """The milestones of a valid set, rows left empty passed over."""
    rows = [form.cleaned_data for form in parts.forms if form.cleaned_data]
    return [(row["title"], row["amount"], row["due_on"]) for row in rows]


class NoteForm(forms.Form):
    """Why the words change."""

    note = forms.CharField(
        label=gettext_lazy("Why you change it"),
        help_text=gettext_lazy("The other side reads this before signing."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class DeliverForm(forms.Form):
    """What was delivered, and where it can be seen."""

    evidence = forms.CharField(
        label=gettext_lazy("Evidence"),
        help_text=gettext_lazy("What was delivered, and how the success measure shows it."),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    evidence_url = forms.URLField(
        label=gettext_lazy("Link to the evidence"), required=False, max_length=200, assume_scheme="https"
    )


class AcceptForm(forms.Form):
    """How much is accepted; less than all needs a reason."""

    amount = MoneyField(
        label=gettext_lazy("Accepted amount"),
        help_text=gettext_lazy("Leave it as it is to accept everything. Less is final, and the rest goes back."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason, if you accept a part"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, milestone: Milestone, currency: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.milestone = milestone
        self.fields["amount"].currency = currency  # type: ignore[attr-defined]
        self.fields["amount"].initial = milestone.amount_minor

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        amount = found.get("amount")
        if amount is not None and amount < self.milestone.amount_minor and not found.get("reason"):
            self.add_error("reason", _("Give the reason for accepting a part; the supplier reads it."))
        return found


class RateForm(forms.ModelForm[Rating]):
    """Satisfaction from 1 to 5 with a word about why."""

    stars = forms.TypedChoiceField(
        label=gettext_lazy("How satisfied are you?"),
        coerce=int,
        widget=forms.RadioSelect,
        choices=[
            (5, gettext_lazy("5, more than agreed")),
            (4, gettext_lazy("4, as agreed")),
            (3, gettext_lazy("3, mostly as agreed")),
            (2, gettext_lazy("2, less than agreed")),
            (1, gettext_lazy("1, not what was agreed")),
        ],
    )

    class Meta:
        model = Rating
        fields = ["stars", "comment"]
        widgets = {"comment": forms.Textarea(attrs={"rows": 4, "maxlength": 2000})}


class AcceptorForm(forms.Form):
    """Who accepts instead: an active member of the buyer."""

    acceptor = forms.ModelChoiceField(label=gettext_lazy("Who accepts"), queryset=User.objects.none())

    def __init__(self, *args: Any, people: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["acceptor"].queryset = people  # type: ignore[attr-defined]
