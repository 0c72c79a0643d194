"""Forms of the pool: search, an invitation, the reason of a wind-up."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from microenterprises.actions.teams import TeamSpec
from microenterprises.forms.terms import TermsFields
from microenterprises.models import Platform, Seat
from talent_pool.queries import open_seats


class PoolFilter(forms.Form):
    """Search by name or skill; days left; one skill."""

    q = forms.CharField(label=_("Search"), required=False, max_length=80)
    left = forms.ChoiceField(
        label=_("Clock"),
        required=False,
        choices=[
            ("", _("All clocks")),
            ("expired", _("Expired")),
            ("14", _("Up to 14 days")),
            ("30", _("Up to 30 days")),
        ],
    )


class SeatFilter(forms.Form):
    """Search open seats by role or outcome; by track."""

    q = forms.CharField(label=_("Search"), required=False, max_length=80)
    track = forms.ChoiceField(
        label=_("Track"),
        required=False,
        choices=[("", _("Both tracks")), ("stable", _("Stable")), ("entrepreneur", _("Entrepreneur"))],
    )


class InviteForm(forms.Form):
    """HR invites somebody from the pool to an open seat: offered seats first, any other by its link or id."""

    seat = forms.ModelChoiceField(
        label=_("Seat"),
        queryset=Seat.objects.none(),
        to_field_name="id",
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose the seat to invite to."),
            "invalid_choice": _("This seat was taken or withdrawn a moment ago. Choose another."),
        },
    )
    message = forms.CharField(
        label=_("Message"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What you would say to them in person."),
    )

    def __init__(self, *args: Any, offered: list[Seat], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["seat"]
        field.queryset = open_seats()
        field.choices = [(seat.pk, f"{seat.role}, {seat.microenterprise or seat.idea}") for seat in offered]


class AnswerForm(forms.Form):
    """Accept or decline."""

    answer = forms.ChoiceField(choices=[("accept", _("Accept")), ("decline", _("Decline"))])


class AskForm(forms.Form):
    """A person's own request for a seat."""

    message = forms.CharField(
        label=_("What you would bring"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )


class WindUpForm(forms.Form):
    """Why an ME ends."""

    reason = forms.CharField(
        label=_("Why it ends"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Members, partners and the platform read this. It leaves no blame on anybody's record."),
        error_messages={"required": _("Say why the ME ends; its members and partners will read it.")},
    )


class TeamForm(forms.Form):
    """A new team: what it is called, what it does, and the place of who forms it."""

    name = forms.CharField(label=_("Name of the team"), max_length=120)
    purpose = forms.CharField(
        label=_("What the team does"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For which customers, and what you do better together."),
    )
    platform = forms.ModelChoiceField(
        label=_("Platform"),
        queryset=Platform.objects.order_by("name"),
        empty_label=_("Choose a field"),
        help_text=_("The field you work in. Its currency is that of the projects you can bid on."),
    )
    role = forms.CharField(label=_("Your role"), max_length=120)
    customer_outcome = forms.CharField(
        label=_("Customer outcome you serve"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    weight = forms.IntegerField(
        label=_("Your share weight"),
        min_value=0,
        max_value=1_000_000,
        initial=20,
        help_text=_("By weight a share is divided once the team is launched as an ME."),
    )

    def spec(self) -> TeamSpec:
        """What was typed, for the action."""
        return TeamSpec(**self.cleaned_data)


class TeamLaunchForm(TermsFields):
    """Version 1 of the share terms of a team that becomes an ME. plan: what it won, to try the terms on."""

    def __init__(self, data: Any = None, *, currency: str, plan: int) -> None:
        first = {"threshold": 0, "owner_reserve": 10_000, "plan": plan}
        super().__init__(data, currency=currency, initial=first)


class TeamEndForm(forms.Form):
    """Why a team ends."""

    reason = forms.CharField(
        label=_("Why it ends"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Its members read this."),
        error_messages={"required": _("Say why the team ends; its members read it.")},
    )


class NoteForm(forms.Form):
    """HR's note on somebody's stay in the pool."""

    note = forms.CharField(label=_("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
