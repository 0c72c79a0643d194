"""What the panel and the buyer type once bids are open."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import Bid
from contracts.queries.projects import bidder_name


class AwardForm(forms.Form):
    """Why this bid wins, and for every other valid bid why it does not."""

    reason = forms.CharField(
        label=gettext_lazy("Why this bid"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text=gettext_lazy("Every bidder reads it."),
    )

    def __init__(self, data: Any = None, *, losers: Sequence[Bid], prefilled: Mapping[UUID, str]) -> None:
        super().__init__(data, initial={reason_name(pk): words for pk, words in prefilled.items()})
        self.losers = losers
        for bid in losers:
            self.fields[reason_name(bid.pk)] = forms.CharField(
                label=_("Why not %(bidder)s") % {"bidder": bidder_name(bid)},
                widget=forms.Textarea(attrs={"rows": 2}),
                max_length=2000,
            )

    def loser_fields(self) -> Iterator[BoundField]:
        """The fields of the losers, in the order of the ranking."""
        return (self[reason_name(bid.pk)] for bid in self.losers)

    def loser_reasons(self) -> dict[UUID, str]:
        """What was typed for the losers, for the actions."""
        return {bid.pk: self.cleaned_data[reason_name(bid.pk)] for bid in self.losers}


def reason_name(bid_id: UUID) -> str:
    """The name of a loser's field; `actions.awards` names it when a reason is missing."""
    return f"reason_{bid_id}"


class AgreeForm(forms.Form):
    """What the second person says, and of which award they say it."""

    award = forms.UUIDField(widget=forms.HiddenInput)
    verdict = forms.ChoiceField(
        label=gettext_lazy("Your answer"),
        choices=[("agree", gettext_lazy("I agree")), ("refuse", gettext_lazy("I do not agree"))],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text=gettext_lazy("If you agree, every bidder reads it; if not, whoever proposed it does."),
    )

    def agrees(self) -> bool:
        """Whether the choice is agreed with."""
        return bool(self.cleaned_data["verdict"] == "agree")


class RulingForm(forms.Form):
    """What the steward says on an objection."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Your ruling"),
        choices=[
            ("dismiss", gettext_lazy("The objection is dismissed; the award goes its way")),
            ("uphold", gettext_lazy("The objection is upheld; the award is cancelled and the buyer chooses again")),
        ],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        help_text=gettext_lazy("Every bidder reads it."),
    )

    def upholds(self) -> bool:
        """Whether the objection is upheld."""
        return bool(self.cleaned_data["verdict"] == "uphold")


class AnswerForm(forms.Form):
    """How a bidder keeps an abnormally low price."""

    answer = forms.CharField(
        label=gettext_lazy("How you keep this price"),
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=4000,
        help_text=gettext_lazy("Everybody who sees the bids reads it. It is given once."),
    )
