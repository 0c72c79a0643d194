"""What a bidder types."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.actions.bids import LONGEST_TIME_DAYS, Offer
from contracts.criteria import asking
from contracts.explaining import percent
from contracts.models import Criterion, Project, Vendor
from contracts.models.vendors import Bidder
from contracts.sealing import LONGEST_ANSWER, LONGEST_PLAN
from core.fields import MoneyField


class BidForm(forms.Form):
    """Price, days, plan, and for whom when somebody leads several MEs."""

    microenterprise = forms.ChoiceField(label=gettext_lazy("For"), required=False)
    price = MoneyField(label=gettext_lazy("Price"))
    days = forms.IntegerField(
        label=gettext_lazy("Days"),
        min_value=1,
        max_value=LONGEST_TIME_DAYS,
        help_text=gettext_lazy("From the award to the last delivery."),
    )
    plan = forms.CharField(
        label=gettext_lazy("Plan"),
        max_length=LONGEST_PLAN,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy(
            "How you will reach what success means, and what you commit to. It becomes part of the contract."
        ),
    )

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    costs = MoneyField(
        label=gettext_lazy("What the work costs your ME"),
        required=False,
        help_text=gettext_lazy("Only to see what you would get. It is not part of the bid, and nobody keeps it."),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        project: Project,
        firms: Sequence[Bidder],
        criteria: Sequence[Criterion] = (),
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial={"seen": project.revision} | (initial or {}))
        self.asking = asking(criteria)
        for criterion in self.asking:
            self.fields[f"answer_{criterion.place}"] = forms.CharField(
                label=criterion.title,
                max_length=LONGEST_ANSWER,
                widget=forms.Textarea(attrs={"rows": 4}),
                help_text=_("%(judged)s Weighs %(weight)s of quality.")
                % {"judged": criterion.judged, "weight": percent(criterion.weight_bp)},
            )
        for field in self.fields.values():
            if isinstance(field, MoneyField):
                field.currency = project.currency
        self.firms = {str(firm.pk): firm for firm in firms}
        if any(isinstance(firm, Vendor) for firm in firms):
            # What a member of an ME would get of it is nothing that a vendor could be told.
            del self.fields["costs"]
        if len(firms) < 2:
            del self.fields["microenterprise"]
            return
        self.fields["microenterprise"] = forms.ChoiceField(
            label=gettext_lazy("For"), choices=[(str(firm.pk), firm.name) for firm in firms]
        )

    def see(self, version: int) -> None:
        """Sent again, the form is one for that version of the project's words; what was typed stays."""
        sent: Any = self.data
        again = sent.copy()
        again["seen"] = str(version)
        self.data = again

    def firm(self) -> Bidder:
        """The ME, or vendor, the bid is for."""
        chosen = self.cleaned_data.get("microenterprise") or next(iter(self.firms))
        return self.firms[chosen]

    def offer(self) -> Offer:
        """What was typed, for the actions."""
        typed = self.cleaned_data
        answers = [typed[f"answer_{criterion.place}"] for criterion in self.asking]
        return Offer(price_minor=typed["price"], days=typed["days"], plan=typed["plan"], answers=answers)

    def answer_fields(self) -> list[BoundField]:
        """The fields of the criteria that ask for an answer."""
        return [self[f"answer_{criterion.place}"] for criterion in self.asking]

    def answered(self, answers: Sequence[str]) -> dict[str, str]:
        """Initial values from the answers of a bid."""
        return {f"answer_{each.place}": answer for each, answer in zip(self.asking, answers, strict=False)}
