"""What an owner types about an idea, and what a pledger types."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import money
from core.fields import MoneyField
from microenterprises.actions.ideas import GoalSpec, IdeaSpec
from microenterprises.forms.fields import DayField, words
from microenterprises.models import Idea, Microenterprise, Platform

GOALS: Final = 3
"""How many goals the form offers; blank ones are ignored."""


class IdeaForm(forms.Form):
    """Customer, outcome, money and own goals of an idea."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=120)
    customer = forms.CharField(
        label=gettext_lazy("Customer"),
        widget=words(3),
        required=False,
        help_text=gettext_lazy("Who pays, and what they do today instead. Needed to publish."),
    )
    outcome = forms.CharField(
        label=gettext_lazy("Outcome"),
        widget=words(3),
        required=False,
        help_text=gettext_lazy("What is better for the customer, and how it is measured. Needed to publish."),
    )
    platform = forms.ModelChoiceField(
        label=gettext_lazy("Platform"),
        queryset=Platform.objects.none(),
        help_text=gettext_lazy("The field that backs you. The ME keeps its books in the platform's currency."),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of ME"),
        choices=Microenterprise.Kind.choices,
        widget=forms.RadioSelect,
        initial=Microenterprise.Kind.USER,
        help_text=gettext_lazy("A user ME sells to customers outside, a node ME to other MEs."),
    )
    funding_goal = MoneyField(
        label=gettext_lazy("Money needed to launch"),
        help_text=gettext_lazy("Pledges are refundable until you launch."),
    )

    def __init__(self, data: Any = None, *, idea: Idea | None = None) -> None:
        super().__init__(data, initial=_initial(idea) if idea else None)
        self.fields["platform"].queryset = Platform.objects.select_related("entity").order_by("name")  # type: ignore[attr-defined]
        for number in range(1, GOALS + 1):
            self.fields[f"metric_{number}"] = forms.CharField(
                label=_("What is measured"), max_length=160, required=False
            )
            self.fields[f"baseline_{number}"] = forms.CharField(label=_("Today"), max_length=80, required=False)
            self.fields[f"target_{number}"] = forms.CharField(label=_("Target"), max_length=80, required=False)
            self.fields[f"leading_{number}"] = forms.CharField(label=_("Leading target"), max_length=80, required=False)
            self.fields[f"due_{number}"] = DayField(label=_("By"), required=False)
        goal = self.fields["funding_goal"]
        if isinstance(goal, MoneyField):
            goal.currency = self._currency(idea)

    def _currency(self, idea: Idea | None) -> str:
        """The currency of the chosen platform, so that the amount is read with its decimals."""
        chosen = self.data.get("platform") if self.is_bound else None
        if chosen:
            known = {str(p.pk): p.entity.currency for p in self.fields["platform"].queryset}  # type: ignore[attr-defined]
            return str(known.get(str(chosen), settings.COMPANY_CURRENCY))
        return idea.currency if idea else settings.COMPANY_CURRENCY

    def goal_rows(self) -> list[tuple[list[forms.BoundField], bool]]:
        """The fields of each goal, and whether anything stands in them, for the template."""
        names = ("metric", "baseline", "target", "leading", "due")
        rows = [[self[f"{name}_{number}"] for name in names] for number in range(1, GOALS + 1)]
        return [(row, any(bound.value() or bound.errors for bound in row)) for row in rows]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        for number in range(1, GOALS + 1):
            typed = [found.get(f"{name}_{number}") for name in ("metric", "baseline", "target", "leading", "due")]
            if any(typed) and not all((typed[0], typed[1], typed[2], typed[4])) and not self._has_errors(number):
                self.add_error(
                    f"metric_{number}",
                    _("A goal says what is measured, where it is today, its target and by when. Or leave it empty."),
                )
        return found

    def _has_errors(self, number: int) -> bool:
        return any(name.endswith(f"_{number}") for name in self.errors)

    def spec(self) -> IdeaSpec:
        """What was typed, for the action."""
        data = self.cleaned_data
        return IdeaSpec(
            title=data["title"],
            customer=data["customer"],
            outcome=data["outcome"],
            platform=data["platform"],
            kind=data["kind"],
            funding_goal_minor=data["funding_goal"],
            goals=[
                GoalSpec(
                    metric=data[f"metric_{number}"],
                    baseline=data[f"baseline_{number}"],
                    target=data[f"target_{number}"],
                    leading_target=data[f"leading_{number}"],
                    due_on=data[f"due_{number}"],
                )
                for number in range(1, GOALS + 1)
                if data.get(f"metric_{number}")
            ],
        )


def _initial(idea: Idea) -> dict[str, Any]:
    found: dict[str, Any] = {
        "title": idea.title,
        "customer": idea.customer,
        "outcome": idea.outcome,
        "platform": idea.platform_id,
        "kind": idea.kind,
        "funding_goal": idea.funding_goal_minor,
    }
    for number, goal in enumerate(idea.goals.all()[:GOALS], start=1):
        found |= {
            f"metric_{number}": goal.metric,
            f"baseline_{number}": goal.baseline,
            f"target_{number}": goal.target,
            f"leading_{number}": goal.leading_target,
            f"due_{number}": goal.due_on,
        }
    return found


OWN_MONEY: Final = "own"


class PledgeForm(forms.Form):
    """How much, and from whom."""

    amount = MoneyField(label=gettext_lazy("Amount"))
    source = forms.ChoiceField(label=gettext_lazy("From"), widget=forms.RadioSelect)

    def __init__(
        self, data: Any = None, *, idea: Idea, firms: Sequence[tuple[Microenterprise, int]], own_limit_minor: int
    ) -> None:
        """firms: the MEs the person leads, each with what its wallet holds. own_limit_minor: of own money at most."""
        super().__init__(data, initial={"source": OWN_MONEY})
        amount, source = self.fields["amount"], self.fields["source"]
        limit = money.write(own_limit_minor, idea.currency)
        amount.help_text = _("Of your own money at most %(limit)s to one idea.") % {"limit": limit}
        if isinstance(amount, MoneyField):
            amount.currency = idea.currency
        if isinstance(source, forms.ChoiceField):
            source.choices = [(OWN_MONEY, _("My own money"))] + [
                (
                    str(firm.pk),
                    _("The wallet of %(me)s, which holds %(amount)s")
                    % {"me": firm.name, "amount": money.write(wallet, firm.currency)},
                )
                for firm, wallet in firms
            ]
        self.firms = {str(firm.pk): firm for firm, _wallet in firms}

    def firm(self) -> Microenterprise | None:
        """The ME whose wallet pledges; None for own money."""
        return self.firms.get(self.cleaned_data["source"])
