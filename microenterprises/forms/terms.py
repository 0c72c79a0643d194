"""What a member types to propose share terms, and an owner to launch: tiers by where each ends, the rest by owner."""

from datetime import date
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Invalid
from core.fields import MoneyField
from microenterprises.actions.ideas import LeadSpec
from microenterprises.calculation import TermsSpec, Tier, terms_fault
from microenterprises.forms.fields import DayField, PercentField, words
from microenterprises.models import Idea, ShareTerms, Track
from microenterprises.sentences import fault_field
from microenterprises.sentences import terms_fault as fault_sentence

TIERS: Final = 4
OWNERS: Final = {"owner_reserve": "reserve", "owner_platform": "platform", "owner_investors": "co-investors"}


class TermsFields(forms.Form):
    """The content of share terms, and a planned profit to try them on."""

    threshold = MoneyField(
        label=gettext_lazy("Annual threshold"),
        help_text=gettext_lazy("Profit of a fiscal year below it is not shared. 0: share from the first unit."),
    )
    owner_reserve = PercentField(label=gettext_lazy("The ME's own reserve"), required=False)
    owner_platform = PercentField(label=gettext_lazy("The platform"), required=False)
    owner_investors = PercentField(label=gettext_lazy("Co-investors"), required=False)
    carries_losses = forms.BooleanField(
        label=gettext_lazy("A loss is carried into the next fiscal year and filled first"), required=False
    )
    shares_with_stable = forms.BooleanField(
        label=gettext_lazy("Members on the stable track share too, by their weight"), required=False
    )
    plan = MoneyField(
        label=gettext_lazy("Try it on a planned profit of a year"),
        required=False,
        help_text=gettext_lazy("Only for the example below; it is not part of the terms."),
    )

    def __init__(self, data: Any = None, *, currency: str, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        for number in range(1, TIERS + 1):
            self.fields[f"upto_{number}"] = MoneyField(
                label=_("Tier %(number)s: up to, above the threshold") % {"number": number},
                required=False,
            )
            self.fields[f"rate_{number}"] = PercentField(
                label=_("Tier %(number)s: members share") % {"number": number}, required=False
            )
        for field in self.fields.values():
            if isinstance(field, MoneyField):
                field.currency = currency
        self.currency = currency

    def tier_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The fields of each tier, for the template."""
        return [(self[f"upto_{number}"], self[f"rate_{number}"]) for number in range(1, TIERS + 1)]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                self.spec()
            except Invalid as wrong:
                self.add_error(wrong.field, str(wrong.sentence))
        return found

    def spec(self) -> TermsSpec:
        """What was typed as share terms. Raises Invalid with the field beside which it stands."""
        data = self.cleaned_data
        tiers, lower = [], 0
        for number in range(1, TIERS + 1):
            upto, rate = data.get(f"upto_{number}"), data.get(f"rate_{number}")
            if upto is None and rate is None:
                continue
            if rate is None:
                raise Invalid(_("Say which part members share up to here."), field=f"rate_{number}")
            tiers.append(Tier(None if upto is None else upto - lower, rate))
            lower = upto if upto is not None else lower
        owners = {owner: data[name] for name, owner in OWNERS.items() if data.get(name)}
        terms = TermsSpec(
            threshold_minor=data["threshold"],
            tiers=tuple(tiers),
            residual_owners=owners,
            carries_losses=data["carries_losses"],
            shares_with_stable=data["shares_with_stable"],
        )
        if fault := terms_fault(terms):
            raise Invalid(fault_sentence(fault), field=fault_field(fault, len(tiers)))
        return terms


class ProposalForm(TermsFields):
    """The next version of an ME's share terms."""

    effective_from = DayField(
        label=gettext_lazy("Takes effect on"),
        help_text=gettext_lazy("A future date. The members must have agreed before it."),
    )


class LaunchForm(TermsFields):
    """Share terms version 1, and the owner's own place: the lead seat."""

    name = forms.CharField(label=gettext_lazy("Name of the ME"), max_length=120)
    purpose = forms.CharField(label=gettext_lazy("Purpose"), widget=words(3))
    lead_role = forms.CharField(label=gettext_lazy("Your role"), max_length=120)
    lead_outcome = forms.CharField(label=gettext_lazy("Customer outcome you serve"), widget=words(2))
    lead_weight = forms.IntegerField(label=gettext_lazy("Your share weight"), min_value=0, max_value=1_000_000)
    lead_track = forms.ChoiceField(
        label=gettext_lazy("Your track"), choices=Track.choices, initial=Track.ENTREPRENEUR, widget=forms.RadioSelect
    )
    lead_pay = MoneyField(label=gettext_lazy("Your monthly salary or draw"))

    def __init__(self, data: Any = None, *, idea: Idea) -> None:
        first = {
            "name": idea.title,
            "purpose": idea.outcome,
            "lead_role": _("Leader"),
            "lead_outcome": idea.outcome,
            "lead_weight": 20,
            "lead_pay": 0,
            "threshold": 0,
            "owner_reserve": 10_000,
            "plan": idea.funding_goal_minor,
        }
        super().__init__(data, currency=idea.currency, initial=first)

    def lead(self) -> LeadSpec:
        """The owner's place, for the action."""
        data = self.cleaned_data
        return LeadSpec(
            role=data["lead_role"],
            customer_outcome=data["lead_outcome"],
            weight=data["lead_weight"],
            track=data["lead_track"],
            pay_minor=data["lead_pay"],
        )


def initial_of(terms: ShareTerms, *, effective_from: date) -> dict[str, Any]:
    """A version as the first values of the form for the next one."""
    found: dict[str, Any] = {
        "threshold": terms.threshold_minor,
        "carries_losses": terms.carries_losses,
        "shares_with_stable": terms.shares_with_stable,
        "effective_from": effective_from,
    }
    upto = 0
    for number, (width, rate) in enumerate(terms.tiers[:TIERS], start=1):
        upto += width or 0
        found[f"upto_{number}"] = upto if width is not None else None
        found[f"rate_{number}"] = rate
    for name, owner in OWNERS.items():
        found[name] = terms.residual_owners.get(owner)
    return found
