"""What finance types about outside money, and leaders about seats and members."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.fields import MoneyField
from microenterprises.actions.money import Document
from microenterprises.actions.seats import SeatSpec
from microenterprises.forms.fields import DayField, words
from microenterprises.models import Membership, Microenterprise, MoneyRecord, Platform, Track
from people.fields import SkillsField


class MoneyForm(forms.Form):
    """One paper: a receipt, an outside cost, or an investment."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What happened"), choices=MoneyRecord.Kind.choices, widget=forms.RadioSelect
    )
    amount = MoneyField(label=gettext_lazy("Amount"))
    counterparty = forms.CharField(
        label=gettext_lazy("Who paid or was paid"),
        max_length=160,
        required=False,
        help_text=gettext_lazy("The customer or supplier. For an investment it is the platform."),
    )
    platform = forms.ModelChoiceField(
        label=gettext_lazy("Platform"),
        queryset=Platform.objects.none(),
        required=False,
        help_text=gettext_lazy("For an investment: whose wallet pays."),
    )
    document = forms.CharField(
        label=gettext_lazy("Document number"),
        max_length=80,
        help_text=gettext_lazy("Of the invoice, receipt or decision. Each is recorded once."),
    )
    dated = DayField(
        label=gettext_lazy("Effective date"),
        help_text=gettext_lazy("When it happened. It is posted today; profit counts by the date of posting."),
    )

    def __init__(self, data: Any = None, *, microenterprise: Microenterprise, today: date) -> None:
        first = {"kind": MoneyRecord.Kind.RECEIPT, "platform": microenterprise.platform_id, "dated": today}
        super().__init__(data, initial=first)
        amount = self.fields["amount"]
        if isinstance(amount, MoneyField):
            amount.currency = microenterprise.currency
        platforms = Platform.objects.filter(entity__currency=microenterprise.currency)
        self.fields["platform"].queryset = platforms.order_by("name")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        investment = found.get("kind") == MoneyRecord.Kind.INVESTMENT
        if investment and not found.get("platform"):
            self.add_error("platform", _("Say which platform invests."))
        if not investment and "kind" in found and not found.get("counterparty"):
            self.add_error("counterparty", _("Say who paid or was paid."))
        return found

    def paper(self) -> Document:
        """The document, for the actions."""
        data = self.cleaned_data
        counterparty = data["counterparty"]
        if data["kind"] == MoneyRecord.Kind.INVESTMENT:
            counterparty = data["platform"].name
        return Document(number=data["document"], counterparty=counterparty, dated=data["dated"])


class PaperForm(forms.Form):
    """The paper behind money that came in."""

    document = forms.CharField(label=gettext_lazy("Document number"), max_length=80)
    dated = DayField(label=gettext_lazy("Effective date"))

    def __init__(self, data: Any = None, *, today: date) -> None:
        super().__init__(data, initial={"dated": today})


class FundingForm(PaperForm):
    """Company money for a platform."""

    amount = MoneyField(label=gettext_lazy("Amount"))
    field_order = ("amount", "document", "dated")

    def __init__(self, data: Any = None, *, currency: str, today: date) -> None:
        super().__init__(data, today=today)
        amount = self.fields["amount"]
        if isinstance(amount, MoneyField):
            amount.currency = currency


class PlaceFields(forms.Form):
    """The conditions of a place in an ME."""

    role = forms.CharField(label=gettext_lazy("Role"), max_length=120)
    customer_outcome = forms.CharField(
        label=gettext_lazy("Customer outcome"),
        widget=words(3),
        help_text=gettext_lazy("Which outcome for which customer this place serves."),
    )
    track = forms.ChoiceField(
        label=gettext_lazy("Track"),
        choices=Track.choices,
        initial=Track.ENTREPRENEUR,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("Stable: fixed hours and salary. Entrepreneur: paid by value created."),
    )
    weight = forms.IntegerField(
        label=gettext_lazy("Share weight"),
        min_value=0,
        max_value=1_000_000,
        initial=10,
        help_text=gettext_lazy("A share is divided by weight; stable members weigh only if the terms say so."),
    )
    allocation_percent = forms.IntegerField(label=gettext_lazy("Allocation"), min_value=1, max_value=100, initial=100)
    pay = MoneyField(
        label=gettext_lazy("Monthly pay or draw"),
        initial=0,
        help_text=gettext_lazy("Stable: the salary. Entrepreneur: a draw, which shares pay back first. 0: none."),
    )

    def __init__(self, data: Any = None, *, currency: str, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        pay = self.fields["pay"]
        if isinstance(pay, MoneyField):
            pay.currency = currency


class SeatForm(PlaceFields):
    """A seat on offer."""

    skills = SkillsField(
        label=gettext_lazy("Skills"),
        help_text=gettext_lazy("Names of the ESCO list, one per line. They help people in the pool to find the seat."),
    )

    def spec(self) -> SeatSpec:
        """What was typed, for the action."""
        data = self.cleaned_data
        return SeatSpec(
            role=data["role"],
            customer_outcome=data["customer_outcome"],
            weight=data["weight"],
            track=data["track"],
            pay_minor=data["pay"],
            allocation_percent=data["allocation_percent"],
            skills=data["skills"],
        )


class ConditionsForm(PlaceFields):
    """Other conditions for a member from a future date."""

    on = DayField(label=gettext_lazy("From"), help_text=gettext_lazy("A future date."))

    def __init__(self, data: Any = None, *, membership: Membership, on: date) -> None:
        first = {
            "role": membership.role,
            "customer_outcome": membership.customer_outcome,
            "track": membership.track,
            "weight": membership.weight,
            "allocation_percent": membership.allocation_percent,
            "pay": membership.pay_minor,
            "on": on,
        }
        super().__init__(data, currency=membership.microenterprise.currency, initial=first)


class DayForm(forms.Form):
    """From which date."""

    on = DayField(label=gettext_lazy("First day without it"))

    def __init__(self, data: Any = None, *, label: str, first: date | None = None) -> None:
        super().__init__(data, initial={"on": first}, auto_id=f"id_{label}_%s")


class InviteForm(forms.Form):
    """Whom to invite, found by name or e-mail address, and what to say."""

    q = forms.CharField(label=gettext_lazy("Name or e-mail address"), max_length=120, required=False)
    person = forms.UUIDField(
        label=gettext_lazy("Person"), error_messages={"required": gettext_lazy("Choose whom to invite.")}
    )
    message = forms.CharField(
        label=gettext_lazy("What you want to say"), widget=words(3), max_length=1000, required=False
    )
