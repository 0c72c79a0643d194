"""What the panel, the buyer and the steward type about quality: interests, points with reasons, who replaces whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.actions.panel.figures import LONGEST_REASON, Figure, Figures, Place, field_of
from contracts.actions.panel.room import LONGEST_CONFLICT
from contracts.criteria import asking, for_panel
from contracts.forms.fields import PeopleField
from contracts.models import Bid, Criterion
from contracts.permissions.panel import Seat
from contracts.queries.projects import bidder_name
from contracts.scoring import FULL
from people.models import User


class InterestsForm(forms.Form):
    """Whether somebody on the panel has a conflict of interest, with whom and why."""

    NONE, CONFLICT = "none", "conflict"

    says = forms.ChoiceField(
        label=gettext_lazy("Your interests"),
        choices=[
            (NONE, gettext_lazy("I have no conflict of interest with any of the bidders")),
            (CONFLICT, gettext_lazy("I have a conflict of interest")),
        ],
        widget=forms.RadioSelect,
    )
    bid = forms.ChoiceField(
        label=gettext_lazy("With which bidder"),
        required=False,
        help_text=gettext_lazy("Only for a conflict of interest."),
    )
    reason = forms.CharField(
        label=gettext_lazy("What connects you"),
        required=False,
        max_length=LONGEST_CONFLICT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("For example: we are related, I invested in it, we worked together on this offer."),
    )

    def __init__(self, data: Any = None, *, bids: Sequence[Bid], declared: bool) -> None:
        super().__init__(data)
        self.bids = {str(bid.pk): bid for bid in bids}
        self.fields["bid"] = _bidders(self.fields["bid"], bids)
        if declared:
            # Who has declared already can only say that a conflict came to light.
            del self.fields["says"]
            self.fields["bid"].required = self.fields["reason"].required = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.has_conflict(cleaned):
            if not cleaned.get("bid") and "bid" not in self.errors:
                self.add_error("bid", _("Choose the bidder."))
            if not cleaned.get("reason") and "reason" not in self.errors:
                self.add_error("reason", _("Say what connects you with this bidder."))
        return cleaned

    def has_conflict(self, cleaned: Mapping[str, Any] | None = None) -> bool:
        """Whether a conflict is what was declared."""
        typed = self.cleaned_data if cleaned is None else cleaned
        return str(typed.get("says", self.CONFLICT)) == self.CONFLICT

    def bid_named(self) -> Bid:
        """The bidder the conflict is with."""
        return self.bids[self.cleaned_data["bid"]]


class FoundConflictForm(forms.Form):
    """A conflict of interest that somebody else found: whose, with whom and why."""

    person = forms.ChoiceField(label=gettext_lazy("Panel member"))
    bid = forms.ChoiceField(label=gettext_lazy("With which bidder"))
    reason = forms.CharField(
        label=gettext_lazy("What connects them"), max_length=LONGEST_CONFLICT, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, data: Any = None, *, seats: Sequence[Seat], bids: Sequence[Bid]) -> None:
        super().__init__(data)
        self.bids = {str(bid.pk): bid for bid in bids}
        self.fields["bid"] = _bidders(self.fields["bid"], bids)
        choices = [(str(seat.person_id), seat.name) for seat in seats]
        self.fields["person"] = forms.ChoiceField(label=self.fields["person"].label, choices=choices)

    def bid_named(self) -> Bid:
        """The bidder the conflict is with."""
        return self.bids[self.cleaned_data["bid"]]


def _bidders(field: forms.Field, bids: Sequence[Bid]) -> forms.ChoiceField:
    choices = [("", _("Choose a bidder")), *((str(bid.pk), bidder_name(bid)) for bid in bids)]
    return forms.ChoiceField(label=field.label, required=field.required, help_text=field.help_text, choices=choices)


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """One criterion of one bid in a form: what the bidder answered, and the two fields."""

    criterion: Criterion
    answer: str
    points: BoundField
    reason: BoundField


class FiguresForm(forms.Form):
    """Points from 0 to 10,000 and a reason for every bid and criterion. Kept for later, it may be incomplete."""

    def __init__(self, data: Any = None, *, bids: Sequence[Bid], criteria: Sequence[Criterion], known: Figures) -> None:
        super().__init__(data, initial=_initial(known), use_required_attribute=False)
        self.bids, self.criteria = bids, (criteria := for_panel(criteria))
        self.partly = data is not None and "keep" in data
        several = len(criteria) > 1
        for bid in bids:
            for criterion in criteria:
                words = {"criterion": criterion.title}
                self.fields[field_of("points", bid.pk, criterion.place)] = forms.IntegerField(
                    label=_("Quality points for %(criterion)s") % words if several else _("Quality points"),
                    min_value=0,
                    max_value=FULL,
                    required=not self.partly,
                    help_text=_("0 to 10,000."),
                )
                self.fields[field_of("reason", bid.pk, criterion.place)] = forms.CharField(
                    label=_("Why these points for %(criterion)s") % words if several else _("Why"),
                    max_length=LONGEST_REASON,
                    required=not self.partly,
                    widget=forms.Textarea(attrs={"rows": 3}),
                    help_text=_("Every bidder reads what the panel agrees on."),
                )

    def rows(self, bid: Bid) -> list[CriterionRow]:
        """The fields of one bid."""
        answers = dict(zip((each.place for each in asking(self.criteria)), bid.answers or (), strict=False))
        return [
            CriterionRow(
                criterion,
                answers.get(criterion.place, ""),
                self[field_of("points", bid.pk, criterion.place)],
                self[field_of("reason", bid.pk, criterion.place)],
            )
            for criterion in self.criteria
        ]

    def figures(self) -> dict[Place, Figure]:
        """What was typed, for the actions."""
        typed = self.cleaned_data
        return {
            (bid.pk, criterion.place): Figure(
                typed.get(field_of("points", bid.pk, criterion.place)),
                typed.get(field_of("reason", bid.pk, criterion.place), ""),
            )
            for bid in self.bids
            for criterion in self.criteria
        }


def _initial(known: Figures) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for (bid, place), figure in known.items():
        found[field_of("points", bid, place)] = figure.points
        found[field_of("reason", bid, place)] = figure.reason
    return found


class AskForm(forms.Form):
    """What the steward should know when they name somebody."""

    reason = forms.CharField(
        label=gettext_lazy("What the new member should know about"),
        max_length=LONGEST_CONFLICT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The steward reads it and names somebody from outside the bidders."),
    )


class ReplacementForm(forms.Form):
    """Who judges instead, by address."""

    person = PeopleField(
        label=gettext_lazy("New panel member"), help_text=gettext_lazy("The e-mail address of one colleague.")
    )

    def clean_person(self) -> User:
        people: list[User] = self.cleaned_data["person"]
        if len(people) != 1:
            raise forms.ValidationError(_("Name one colleague."))
        return people[0]
